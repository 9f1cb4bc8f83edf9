package image

import (
	"bytes"
	"encoding/pem"
	"fmt"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// rootsPath is the first of the files in which crypto/x509 looks for CA certificates on Linux.
//
// Source: Go 1.26, crypto/x509/root_linux.go
const rootsPath = "/etc/ssl/certs/ca-certificates.crt"

// roots returns Mozilla's CA certificates as a PEM file. They come from a module of go.mod, so they
// do not depend on the machine that builds the image, and are updated like any dependency.
//
// Roots that are trusted only under conditions are left out, because a PEM file cannot express them.
func roots() ([]byte, error) {
	var text bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, fmt.Errorf("encode the CA certificates: %w", err)
		}
	}
	return text.Bytes(), nil
}
