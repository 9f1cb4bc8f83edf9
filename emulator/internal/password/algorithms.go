package password

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

var digests = map[string]func() hash.Hash{
	MD5: md5.New, SHA1: sha1.New, SHA256: sha256.New, SHA512: sha512.New,
	HMACMD5: md5.New, HMACSHA1: sha1.New, HMACSHA256: sha256.New, HMACSHA512: sha512.New,
}

// sum hashes a password. For algorithms with variable output, length is the length of the result in
// bytes.
func (p Parameters) sum(plain string, salt []byte, length int) ([]byte, error) {
	salt = append(append([]byte(nil), salt...), p.SaltSeparator...)
	switch p.Algorithm {
	case Scrypt:
		return p.firebaseScrypt(plain, salt)
	case StandardScrypt:
		return scrypt.Key([]byte(plain), salt, p.CPUMemoryCost, p.BlockSize, p.Parallelization, p.DerivedKeyLength)
	case PBKDF2SHA256:
		return pbkdf2.Key(sha256.New, plain, salt, max(p.Rounds, 1), length)
	case MD5, SHA1, SHA256, SHA512:
		return p.repeated(plain, salt), nil
	case HMACMD5, HMACSHA1, HMACSHA256, HMACSHA512:
		mac := hmac.New(digests[p.Algorithm], p.SignerKey)
		mac.Write(p.ordered(plain, salt))
		return mac.Sum(nil), nil
	case Argon2:
		return p.argon2(plain, salt)
	}
	return nil, fmt.Errorf("unknown algorithm %q", p.Algorithm)
}

// ordered concatenates password and salt.
func (p Parameters) ordered(plain string, salt []byte) []byte {
	if p.PasswordFirst {
		return append([]byte(plain), salt...)
	}
	return append(append([]byte(nil), salt...), plain...)
}

// repeated hashes salt and password, then hashes the result until it has hashed Rounds times.
func (p Parameters) repeated(plain string, salt []byte) []byte {
	h := digests[p.Algorithm]()
	h.Write(p.ordered(plain, salt))
	sum := h.Sum(nil)
	for range p.Rounds - 1 {
		h.Reset()
		h.Write(sum)
		sum = h.Sum(nil)
	}
	return sum
}

// firebaseScrypt derives a key with scrypt and encrypts the project's signer key with it.
// Source: https://github.com/firebase/scrypt
func (p Parameters) firebaseScrypt(plain string, salt []byte) ([]byte, error) {
	const keyBytes = 32 // AES-256
	key, err := scrypt.Key([]byte(plain), salt, 1<<p.MemoryCost, p.Rounds, 1, keyBytes)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	sum := make([]byte, len(p.SignerKey))
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(sum, p.SignerKey)
	return sum, nil
}

func (p Parameters) argon2(plain string, salt []byte) ([]byte, error) {
	a := p.Argon2
	if a == nil {
		return nil, errors.New("the ARGON2 parameters are missing")
	}
	derive := argon2.IDKey
	if a.Type == "ARGON2_I" {
		derive = argon2.Key
	}
	return derive([]byte(plain), salt, uint32(a.Iterations), uint32(a.MemoryKiB), uint8(a.Parallelism), uint32(a.LengthBytes)), nil
}

// verifyBcrypt verifies a password. The hash is a string that starts with "$2" and contains salt
// and cost.
func verifyBcrypt(plain string, text []byte) (bool, error) {
	err := bcrypt.CompareHashAndPassword(text, []byte(plain))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("verifying a password with %s: %w", Bcrypt, err)
	}
	return true, nil
}
