package werkzeug

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrMalformed is a text that is no hash that this package computes. Errors that wrap it say what is wrong, and never hold
// anything of the text beyond the name of its method.
var ErrMalformed = errors.New("malformed password hash")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// maxText bounds a hash: method, salt and 64 bytes as hex are some 200 bytes.
const maxText = 512

// Parse reads a hash: pbkdf2:sha1|sha256|sha512[:rounds]$salt$hex or scrypt[:N:r:p]$salt$hex. The error wraps [ErrMalformed].
func Parse(text string) (*Hash, error) {
	if len(text) > maxText {
		return nil, malformed("longer than %d bytes", maxText)
	}
	parts := strings.Split(text, "$")
	if len(parts) != 3 {
		return nil, malformed("%d parts between $ signs, want method, salt and hash", len(parts))
	}
	h, length, err := parseMethod(parts[0])
	if err != nil {
		return nil, err
	}
	if h.salt = []byte(parts[1]); len(h.salt) == 0 {
		return nil, malformed("%s without salt", h)
	}
	if h.sum, err = hex.DecodeString(parts[2]); err != nil {
		return nil, malformed("%s whose hash is not hex", h)
	}
	if len(h.sum) != length {
		return nil, malformed("%s with a hash of %d bytes, want %d", h, len(h.sum), length)
	}
	return h, nil
}

// parseMethod reads what stands before the salt, and says how long the hash must be.
func parseMethod(text string) (*Hash, int, error) {
	name, rest, given := strings.Cut(text, ":")
	switch name {
	case "pbkdf2":
		return parsePBKDF2(rest, given)
	case "scrypt":
		return parseScrypt(rest, given)
	}
	// What stands here may be anything, even a password that somebody stored as it was.
	return nil, 0, malformed("a method other than pbkdf2 and scrypt")
}

func parsePBKDF2(text string, given bool) (*Hash, int, error) {
	h := &Hash{digest: "sha256", rounds: DefaultRounds}
	if given {
		var rounds string
		h.digest, rounds, given = strings.Cut(text, ":")
		length, known := sumBytes[h.digest]
		if !known {
			return nil, 0, malformed("pbkdf2 with a digest other than sha1, sha256 and sha512")
		}
		if !given {
			return h, length, nil
		}
		var err error
		if h.rounds, err = number(rounds, MaxRounds); err != nil {
			return nil, 0, fmt.Errorf("%w as rounds", err)
		}
	}
	return h, sumBytes[h.digest], nil
}

func parseScrypt(text string, given bool) (*Hash, int, error) {
	h := &Hash{n: 32768, r: 8, p: 1}
	if !given {
		return h, scryptSumBytes, nil
	}
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return nil, 0, malformed("scrypt with %d parameters, want N, r and p", len(parts))
	}
	for i, target := range []*int{&h.n, &h.r, &h.p} {
		var err error
		if *target, err = number(parts[i], MaxScryptWork); err != nil {
			return nil, 0, fmt.Errorf("%w as scrypt's parameter %d", err, i+1)
		}
	}
	// Each is at most 2^20, so no product overflows.
	switch {
	case h.n < 2 || h.n&(h.n-1) != 0:
		return nil, 0, malformed("scrypt whose N is no power of two")
	case h.n*h.r*h.p > MaxScryptWork:
		return nil, 0, malformed("scrypt with more than %d of N·r·p", MaxScryptWork)
	case 128*h.r*(h.n+h.p) > MaxScryptBytes:
		return nil, 0, malformed("scrypt that takes more than %d bytes", MaxScryptBytes)
	}
	return h, scryptSumBytes, nil
}

// number reads digits, without the signs, spaces and leading zeros that Werkzeug never writes.
func number(text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most || strconv.Itoa(n) != text {
		return 0, malformed("no whole number from 1 to %d", most)
	}
	return n, nil
}
