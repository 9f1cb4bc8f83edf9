// Package password keeps passwords as hashes, in the algorithms that Firebase Authentication imports accounts with.
//
// A password that is set here is hashed with [New]: Firebase's own variant of scrypt, at a small cost, because tests sign
// up by the thousand. Hashes from elsewhere come in through [Import] and answer to the same [Hash.Verify].
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
)

// Algorithms by the names that the Identity Toolkit API gives them.
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

// Parameters say how a hash was made. Which of them count depends on the algorithm.
type Parameters struct {
	Algorithm     string `json:"algorithm"`
	SignerKey     []byte `json:"signerKey,omitempty"`     // HMAC_*, SCRYPT
	SaltSeparator []byte `json:"saltSeparator,omitempty"` // comes after each account's salt
	Rounds        int    `json:"rounds,omitempty"`        // MD5, SHA*, PBKDF2_SHA256, SCRYPT
	MemoryCost    int    `json:"memoryCost,omitempty"`    // SCRYPT: the power of two of N
	PasswordFirst bool   `json:"passwordFirst,omitempty"` // MD5, SHA*, HMAC_*: password before salt

	CPUMemoryCost    int `json:"cpuMemCost,omitempty"`      // STANDARD_SCRYPT: N
	BlockSize        int `json:"blockSize,omitempty"`       // STANDARD_SCRYPT: r
	Parallelization  int `json:"parallelization,omitempty"` // STANDARD_SCRYPT: p
	DerivedKeyLength int `json:"dkLen,omitempty"`           // STANDARD_SCRYPT, bytes

	Argon2 *Argon2Parameters `json:"argon2,omitempty"`
}

// Argon2Parameters are those of ARGON2.
type Argon2Parameters struct {
	Type        string `json:"hashType"` // ARGON2_ID or ARGON2_I
	LengthBytes int    `json:"hashLengthBytes"`
	Iterations  int    `json:"iterations"`
	MemoryKiB   int    `json:"memoryCostKib"`
	Parallelism int    `json:"parallelism"`
}

// Hash is one account's password, hashed. It is immutable. Its String hides it, so that it gets into no log.
type Hash struct {
	Parameters
	Salt []byte `json:"salt,omitempty"`
	Sum  []byte `json:"sum"`
}

// Project is the hash configuration of every local project: what the console of a real project shows as its password
// hash parameters, with a cost of about a millisecond instead of a tenth of a second. The key is no secret.
func Project() Parameters {
	key := []byte("This key is not secret: it belongs to an emulator, not a project")
	return Parameters{Algorithm: Scrypt, SignerKey: key, SaltSeparator: []byte{7}, Rounds: 4, MemoryCost: 9}
}

// saltBytes is the length of salts of real projects.
const saltBytes = 10

// New hashes a password the way of [Project].
func New(plain string) (*Hash, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	p := Project()
	sum, err := p.sum(plain, salt, 0)
	if err != nil {
		return nil, fmt.Errorf("hash a password: %w", err)
	}
	return &Hash{Parameters: p, Salt: salt, Sum: sum}, nil
}

// Verify says whether plain is the password. The error says that the hash could not be computed.
func (h *Hash) Verify(plain string) (bool, error) {
	if h.Algorithm == Bcrypt {
		return verifyBcrypt(plain, h.Sum)
	}
	sum, err := h.sum(plain, h.Salt, len(h.Sum))
	if err != nil {
		return false, fmt.Errorf("verify a password with %s: %w", h.Algorithm, err)
	}
	return subtle.ConstantTimeCompare(sum, h.Sum) == 1, nil
}

// Native says that the hash is of the kind that [New] makes. Authentication replaces other hashes at the first sign-in.
func (h *Hash) Native() bool {
	p := Project()
	return h.Algorithm == p.Algorithm && h.MemoryCost == p.MemoryCost && h.Rounds == p.Rounds && string(h.SignerKey) == string(p.SignerKey)
}

// String hides the hash.
func (h *Hash) String() string { return "hash(" + h.Algorithm + ")" }

// GoString hides the hash.
func (h *Hash) GoString() string { return h.String() }
