package werkzeug

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrMalformed means that a text is not a hash this package supports. Errors that wrap it say what is
// wrong, but never quote more of the text than its method.
var ErrMalformed = errors.New("malformed password hash")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// maxText limits the length of a hash. Method, salt and 64 bytes in hex take about 200 bytes.
const maxText = 512

// Parse parses a hash of the form pbkdf2:sha1|sha256|sha512[:rounds]$salt$hex or
// scrypt[:N:r:p]$salt$hex. The error wraps [ErrMalformed].
func Parse(text string) (*Hash, error) {
	if len(text) > maxText {
		return nil, malformed("longer than %d bytes", maxText)
	}
	parts := strings.Split(text, "$")
	if len(parts) != 3 {
		return nil, malformed("%d parts separated by $, want method, salt and hash", len(parts))
	}
	h, length, err := parseMethod(parts[0])
	if err != nil {
		return nil, err
	}
	if h.salt = []byte(parts[1]); len(h.salt) == 0 {
		return nil, malformed("%s without salt", h)
	}
	if h.sum, err = hex.DecodeString(parts[2]); err != nil {
		return nil, malformed("%s with a hash that is not hex", h)
	}
	if len(h.sum) != length {
		return nil, malformed("%s with a hash of %d bytes, want %d", h, len(h.sum), length)
	}
	return h, nil
}

// parseMethod parses the part before the salt and returns the required length of the sum.
func parseMethod(text string) (*Hash, int, error) {
	name, rest, hasParams := strings.Cut(text, ":")
	switch name {
	case "pbkdf2":
		return parsePBKDF2(rest, hasParams)
	case "scrypt":
		return parseScrypt(rest, hasParams)
	}
	// Do not quote the name: it may be anything, even a password stored in plain text.
	return nil, 0, malformed("a method other than pbkdf2 and scrypt")
}

func parsePBKDF2(text string, hasParams bool) (*Hash, int, error) {
	h := &Hash{digest: "sha256", rounds: DefaultRounds}
	if hasParams {
		var rounds string
		var hasRounds bool
		h.digest, rounds, hasRounds = strings.Cut(text, ":")
		length, known := sumBytes[h.digest]
		if !known {
			return nil, 0, malformed("pbkdf2 with a digest other than sha1, sha256 and sha512")
		}
		if !hasRounds {
			return h, length, nil
		}
		var err error
		if h.rounds, err = number(rounds, MaxRounds); err != nil {
			return nil, 0, fmt.Errorf("%w for the rounds", err)
		}
	}
	return h, sumBytes[h.digest], nil
}

func parseScrypt(text string, hasParams bool) (*Hash, int, error) {
	h := &Hash{n: 32768, r: 8, p: 1}
	if !hasParams {
		return h, scryptSumBytes, nil
	}
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return nil, 0, malformed("scrypt with %d parameters, want N, r and p", len(parts))
	}
	for i, target := range []*int{&h.n, &h.r, &h.p} {
		var err error
		if *target, err = number(parts[i], MaxScryptWork); err != nil {
			return nil, 0, fmt.Errorf("%w for parameter %d of scrypt", err, i+1)
		}
	}
	// Each parameter is at most 2^20, so the products do not overflow.
	switch {
	case h.n < 2 || h.n&(h.n-1) != 0:
		return nil, 0, malformed("scrypt with an N that is not a power of two")
	case h.n*h.r*h.p > MaxScryptWork:
		return nil, 0, malformed("scrypt with N·r·p above %d", MaxScryptWork)
	case 128*h.r*(h.n+h.p) > MaxScryptBytes:
		return nil, 0, malformed("scrypt that needs more than %d bytes of memory", MaxScryptBytes)
	}
	return h, scryptSumBytes, nil
}

// number parses a positive decimal number. It rejects signs, spaces and leading zeros, which Werkzeug
// never writes.
func number(text string, maximum int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maximum || strconv.Itoa(n) != text {
		return 0, malformed("not a whole number from 1 to %d", maximum)
	}
	return n, nil
}
