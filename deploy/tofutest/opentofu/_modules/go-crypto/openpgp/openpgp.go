// Package openpgp checks no signatures: the one provider of the tests is not downloaded.
package openpgp

import (
	"errors"
	"io"
)

var errLeftOut = errors.New("this build of OpenTofu checks no signatures")

// Entity is the owner of a key.
type Entity struct {
	PrimaryKey *PublicKey
	Identities map[string]*Identity
}

// Identity is one of an entity's names.
type Identity struct{ Name string }

// PublicKey is a key.
type PublicKey struct{}

// KeyIdString returns nothing.
func (*PublicKey) KeyIdString() string { return "" }

// ReadArmoredKeyRing always fails.
func ReadArmoredKeyRing(io.Reader) ([]*Entity, error) { return nil, errLeftOut }

// CheckDetachedSignature always fails.
func CheckDetachedSignature([]*Entity, io.Reader, io.Reader, any) (*Entity, error) {
	return nil, errLeftOut
}
