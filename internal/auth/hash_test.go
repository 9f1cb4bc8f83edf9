package auth_test

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"testing"

	"golang.org/x/crypto/scrypt"
)

// hashSalt is the salt of every hash in these tests. It must not appear in any log.
const hashSalt = "Salz19d2"

// oldHash hashes a password with a method as Werkzeug does.
func oldHash(t testing.TB, method, password string) string {
	t.Helper()
	var digest string
	var rounds, n, r, p int
	var sum []byte
	var err error
	if _, scanErr := fmt.Sscanf(method, "scrypt:%d:%d:%d", &n, &r, &p); scanErr == nil {
		sum, err = scrypt.Key([]byte(password), []byte(hashSalt), n, r, p, 64)
	} else if _, scanErr := fmt.Sscanf(method, "pbkdf2:sha%3s:%d", &digest, &rounds); scanErr == nil {
		switch digest {
		case "256":
			sum, err = pbkdf2.Key(sha256.New, password, []byte(hashSalt), rounds, 32)
		case "512":
			sum, err = pbkdf2.Key(sha512.New, password, []byte(hashSalt), rounds, 64)
		}
	} else if _, scanErr := fmt.Sscanf(method, "pbkdf2:sha1:%d", &rounds); scanErr == nil {
		sum, err = pbkdf2.Key(sha1.New, password, []byte(hashSalt), rounds, 20)
	}
	if err != nil || sum == nil {
		t.Fatalf("hash with %s: %v", method, err)
	}
	return method + "$" + hashSalt + "$" + hex.EncodeToString(sum)
}

// fastMethod is the hash method of old accounts in tests where the method does not matter.
const fastMethod = "pbkdf2:sha256:1000"
