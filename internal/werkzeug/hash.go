// Package werkzeug checks passwords against the hashes that Python's Werkzeug makes of them, which is what old accounts have:
//
//	pbkdf2:sha256:260000$salt$hex
//	scrypt:32768:8:1$salt$hex
//
// The salt is used as its ASCII bytes, the password as UTF-8.
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

// Bounds of what is computed at all. A hash is data, and must not be able to stop the server.
const (
	// MaxRounds of PBKDF2; Werkzeug 3 makes 1,000,000.
	MaxRounds = 2_000_000
	// MaxScryptBytes of memory for one scrypt; Werkzeug's own takes half of it.
	MaxScryptBytes = 64 << 20
	// MaxScryptWork bounds N·r·p; Werkzeug's own is a quarter of it.
	MaxScryptWork = 1 << 20
)

// DefaultRounds are what a hash means that names no rounds: those of Werkzeug 2, and what most old accounts have.
const DefaultRounds = 260_000

// Hash is one password, hashed. It is immutable, safe for concurrent use, and prints without salt and sum.
type Hash struct {
	digest  string // of PBKDF2; "" for scrypt
	rounds  int
	n, r, p int
	salt    []byte
	sum     []byte
}

// Verify says whether plain is the password. It takes the time of [Hash.Cost] rounds, whatever the answer.
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

// Cost is about how many rounds of PBKDF2 with SHA-256 take as long as this hash does on a server with SHA extensions.
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

// How long a round of each kind takes in hundredths of a round of PBKDF2 with SHA-256: BenchmarkVerify prints it. For scrypt
// a round is one of N·r·p.
const (
	sha1Percent   = 125
	sha512Percent = 320
	scryptPercent = 195
)

// Work spends the time of so many rounds of PBKDF2 with SHA-256 on nothing, so that what was not hashed takes as long as what
// was.
func Work(plain string, rounds int) {
	if rounds > 0 {
		// The only errors are of lengths that don't occur here.
		_, _ = pbkdf2.Key(sha256.New, plain, []byte("no account has this salt"), rounds, sha256.Size)
	}
}

// String is the method, without salt and sum, as a log may have it.
func (h *Hash) String() string {
	if h.digest != "" {
		return fmt.Sprintf("pbkdf2:%s:%d", h.digest, h.rounds)
	}
	return fmt.Sprintf("scrypt:%d:%d:%d", h.n, h.r, h.p)
}

// GoString is [Hash.String].
func (h *Hash) GoString() string { return h.String() }

// sumBytes of each digest; PBKDF2 makes as many as the digest has.
var sumBytes = map[string]int{"sha1": sha1.Size, "sha256": sha256.Size, "sha512": sha512.Size}

// scryptSumBytes is the length that Python's hashlib.scrypt makes when it is not told.
const scryptSumBytes = 64
