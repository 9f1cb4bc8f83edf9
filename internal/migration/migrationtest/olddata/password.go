package olddata

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"golang.org/x/crypto/scrypt"
)

// rounds of the demo's hashes: few, so that tests spend their time elsewhere.
const rounds = 10

// Hash returns a hash of a password as the old server makes it.
func Hash(password, salt string) string {
	sum, err := pbkdf2.Key(sha256.New, password, []byte(salt), rounds, sha256.Size)
	if err != nil {
		panic(err) // parameters that do not depend on the password
	}
	return fmt.Sprintf("pbkdf2:sha256:%d$%s$%s", rounds, salt, hex.EncodeToString(sum))
}

// distinctPasswords is how many passwords the demo's users have together. Users share hashes, salt
// included, since making one for each would take most of the time of a test.
const distinctPasswords = 24

// hashes are the hashes of all passwords, by the methods of several versions of Werkzeug.
var hashes = sync.OnceValue(func() (all [distinctPasswords]string) {
	for i := range all {
		salt, password := fmt.Sprintf("salt%012d", i), passwordOf(i)
		switch i % 4 {
		case 2:
			sum, err := scrypt.Key([]byte(password), []byte(salt), 16, 8, 1, 64)
			if err != nil {
				panic(err)
			}
			all[i] = fmt.Sprintf("scrypt:16:8:1$%s$%s", salt, hex.EncodeToString(sum))
		case 3:
			sum, err := pbkdf2.Key(sha1.New, password, []byte(salt), rounds, sha1.Size)
			if err != nil {
				panic(err)
			}
			all[i] = fmt.Sprintf("pbkdf2:sha1:%d$%s$%s", rounds, salt, hex.EncodeToString(sum))
		default:
			all[i] = Hash(password, salt)
		}
	}
	return all
})

// passwordOf returns the i-th password, some in Hangul.
func passwordOf(i int) string {
	if i%5 == 0 {
		return fmt.Sprintf("비밀번호 %04d", i)
	}
	return fmt.Sprintf("password-%04d", i)
}
