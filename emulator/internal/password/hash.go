// Package password hashes and verifies passwords with the algorithms that Firebase Authentication
// can import.
//
// [New] hashes new passwords with Firebase's variant of scrypt, at a low cost, because tests sign
// up thousands of users. [Import] accepts hashes of other systems. [Hash.Verify] verifies both.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
)

// Algorithms, by their names in the Identity Toolkit API.
// Source: https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/batchCreate
const (
	Scrypt         = "SCRYPT"
	StandardScrypt = "STANDARD_SCRYPT"
	Bcrypt         = "BCRYPT"
	PBKDF2SHA256   = "PBKDF2_SHA256"
	HMACMD5        = "HMAC_MD5"
	HMACSHA1       = "HMAC_SHA1"
	HMACSHA256     = "HMAC_SHA256"
	HMACSHA512     = "HMAC_SHA512"
	MD5            = "MD5"
	SHA1           = "SHA1"
	SHA256         = "SHA256"
	SHA512         = "SHA512"
	Argon2         = "ARGON2"
)

// Parameters are the parameters of a hash. Each algorithm uses some of them.
type Parameters struct {
	Algorithm     string `json:"algorithm"`
	SignerKey     []byte `json:"signerKey,omitempty"`     // HMAC_*, SCRYPT
	SaltSeparator []byte `json:"saltSeparator,omitempty"` // appended to each account's salt
	Rounds        int    `json:"rounds,omitempty"`        // MD5, SHA*, PBKDF2_SHA256, SCRYPT
	MemoryCost    int    `json:"memoryCost,omitempty"`    // SCRYPT: log2 of N
	PasswordFirst bool   `json:"passwordFirst,omitempty"` // MD5, SHA*, HMAC_*: password before salt

	CPUMemoryCost    int `json:"cpuMemCost,omitempty"`      // STANDARD_SCRYPT: N
	BlockSize        int `json:"blockSize,omitempty"`       // STANDARD_SCRYPT: r
	Parallelization  int `json:"parallelization,omitempty"` // STANDARD_SCRYPT: p
	DerivedKeyLength int `json:"dkLen,omitempty"`           // STANDARD_SCRYPT, bytes

	Argon2 *Argon2Parameters `json:"argon2,omitempty"`
}

// Argon2Parameters are the parameters of ARGON2.
type Argon2Parameters struct {
	Type        string `json:"hashType"` // ARGON2_ID or ARGON2_I
	LengthBytes int    `json:"hashLengthBytes"`
	Iterations  int    `json:"iterations"`
	MemoryKiB   int    `json:"memoryCostKib"`
	Parallelism int    `json:"parallelism"`
}

// Hash is the hash of a password. It is immutable. Its String method hides it from logs.
type Hash struct {
	Parameters
	Salt []byte `json:"salt,omitempty"`
	Sum  []byte `json:"sum"`

	plain string // "" after it has been stored: the password is in memory only
}

// DefaultParameters returns the hash parameters of every emulated project. In production they are
// shown in the Firebase console. Here the key is not secret, and a hash takes about a millisecond
// instead of 100.
func DefaultParameters() Parameters {
	key := []byte("This key is not secret: it belongs to an emulator, not a project")
	return Parameters{Algorithm: Scrypt, SignerKey: key, SaltSeparator: []byte{7}, Rounds: 4, MemoryCost: 9}
}

// saltBytes is the length of salts in production.
const saltBytes = 10

// New hashes a password with [DefaultParameters].
func New(plain string) (*Hash, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	p := DefaultParameters()
	sum, err := p.sum(plain, salt, 0)
	if err != nil {
		return nil, fmt.Errorf("hashing a password: %w", err)
	}
	return &Hash{Parameters: p, Salt: salt, Sum: sum, plain: plain}, nil
}

// Plain returns the password if this process has hashed it, for exports that other emulators read. It is "" for a
// hash that was stored or imported.
func (h *Hash) Plain() string { return h.plain }

// Verify reports whether plain is the password. It returns an error if it cannot compute the hash.
func (h *Hash) Verify(plain string) (bool, error) {
	if h.Algorithm == Bcrypt {
		return verifyBcrypt(plain, h.Sum)
	}
	sum, err := h.sum(plain, h.Salt, len(h.Sum))
	if err != nil {
		return false, fmt.Errorf("verifying a password with %s: %w", h.Algorithm, err)
	}
	return subtle.ConstantTimeCompare(sum, h.Sum) == 1, nil
}

// Native reports whether the hash has the parameters of [New]. Other hashes are replaced at the
// first sign-in.
func (h *Hash) Native() bool {
	p := DefaultParameters()
	return h.Algorithm == p.Algorithm && h.MemoryCost == p.MemoryCost && h.Rounds == p.Rounds && string(h.SignerKey) == string(p.SignerKey)
}

// String hides the hash.
func (h *Hash) String() string { return "hash(" + h.Algorithm + ")" }

// GoString hides the hash.
func (h *Hash) GoString() string { return h.String() }
