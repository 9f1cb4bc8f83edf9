// Package errors has the errors that OpenTofu compares with.
package errors

import "errors"

// The errors. Nothing returns them.
var (
	ErrKeyExpired       = errors.New("key expired")
	ErrSignatureExpired = errors.New("signature expired")
	ErrUnknownIssuer    = errors.New("unknown issuer")
)
