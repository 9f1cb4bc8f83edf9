// Package werkzeug verifies passwords against hashes made by Python's Werkzeug, which old accounts have:
//
//	pbkdf2:sha256:260000$salt$hex
//	scrypt:32768:8:1$salt$hex
//
// The salt is hashed as its ASCII bytes, not decoded; the password as UTF-8.
//
// Source: https://werkzeug.palletsprojects.com/en/stable/utils/#werkzeug.security.generate_password_hash
package werkzeug

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"fmt"

	"golang.org/x/crypto/scrypt"
)

// Limits on the work of one hash. Hashes are stored data, and a malformed one must not stall the server.
const (
	// MaxRounds limits the rounds of PBKDF2; Werkzeug 3 uses 1,000,000.
	MaxRounds = 2_000_000
	// MaxScryptBytes limits the memory of one scrypt; Werkzeug's default parameters take half of it.
	MaxScryptBytes = 64 << 20
	// MaxScryptWork limits N·r·p; Werkzeug's default is a quarter of it.
	MaxScryptWork = 1 << 20
)

// DefaultRounds is the number of rounds of a hash that does not specify any. It is the default of
// Werkzeug 2, which most old accounts have.
const DefaultRounds = 260_000

// Hash is a parsed password hash. It is immutable and safe for concurrent use. Printing it reveals
// neither salt nor sum.
type Hash struct {
	digest  string // of PBKDF2; "" for scrypt
	rounds  int
	n, r, p int
	salt    []byte
	sum     []byte
}

// Verify reports whether plain is the password. It takes the time of [Hash.Cost] rounds, whether or not
// the password matches.
func (h *Hash) Verify(plain string) (bool, error) {
	sum, err := h.derive(plain)
	if err != nil {
		return false, fmt.Errorf("hash with %s: %w", h, err)
	}
	return subtle.ConstantTimeCompare(sum, h.sum) == 1, nil
}

func (h *Hash) derive(plain string) ([]byte, error) {
	switch h.digest {
	case "sha1":
		return pbkdf2.Key(sha1.New, plain, h.salt, h.rounds, len(h.sum))
	case "sha256":
		return pbkdf2.Key(sha256.New, plain, h.salt, h.rounds, len(h.sum))
	case "sha512":
		return pbkdf2.Key(sha512.New, plain, h.salt, h.rounds, len(h.sum))
	}
	return scrypt.Key([]byte(plain), h.salt, h.n, h.r, h.p, len(h.sum))
}

// Cost estimates the work of the hash as a number of rounds of PBKDF2 with SHA-256, on a CPU with SHA
// extensions.
func (h *Hash) Cost() int {
	switch h.digest {
	case "sha256":
		return h.rounds
	case "sha1":
		return h.rounds * sha1Percent / 100
	case "sha512":
		return h.rounds * sha512Percent / 100
	}
	return h.n * h.r * h.p * scryptPercent / 100
}

// Duration of one round of each method, in percent of a round of PBKDF2 with SHA-256. BenchmarkVerify
// measures them. For scrypt, the number of rounds is N·r·p.
const (
	sha1Percent   = 125
	sha512Percent = 320
	scryptPercent = 195
)

// SpendRounds computes the given number of rounds of PBKDF2 with SHA-256 and discards the result, so
// that rejecting a login takes the same time whether or not there was a hash to verify.
func SpendRounds(plain string, rounds int) {
	if rounds > 0 {
		// Key fails only for invalid lengths, which cannot occur here.
		_, _ = pbkdf2.Key(sha256.New, plain, []byte("no account has this salt"), rounds, sha256.Size)
	}
}

// String returns the method without salt and sum, so it is safe to log.
func (h *Hash) String() string {
	if h.digest != "" {
		return fmt.Sprintf("pbkdf2:%s:%d", h.digest, h.rounds)
	}
	return fmt.Sprintf("scrypt:%d:%d:%d", h.n, h.r, h.p)
}

// GoString returns [Hash.String].
func (h *Hash) GoString() string { return h.String() }

// sumBytes is the length of the sum by digest. Werkzeug makes it as long as the digest.
var sumBytes = map[string]int{"sha1": sha1.Size, "sha256": sha256.Size, "sha512": sha512.Size}

// scryptSumBytes is the default length of Python's hashlib.scrypt.
const scryptSumBytes = 64
