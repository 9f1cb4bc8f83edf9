package password

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func b64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVerifyKnownHashes verifies hashes that other programs computed; the source is given for each.
// It is long because of its table.
func TestVerifyKnownHashes(t *testing.T) {
	pbk, err := pbkdf2.Key(sha256.New, "old password", []byte("salt"), 120_000, 32)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		p         Parameters
		plain     string
		salt, sum []byte
	}{
		// The example of https://github.com/firebase/scrypt.
		"SCRYPT": {
			Parameters{
				Algorithm:     Scrypt,
				SignerKey:     b64(t, "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="),
				SaltSeparator: b64(t, "Bw=="), Rounds: 8, MemoryCost: 14,
			},
			"user1password", b64(t, "42xEC+ixf3L2lw=="),
			b64(t, "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="),
		},
		// RFC 7914, section 12.
		"STANDARD_SCRYPT": {
			Parameters{Algorithm: StandardScrypt, CPUMemoryCost: 1024, BlockSize: 8, Parallelization: 16, DerivedKeyLength: 64},
			"password", []byte("NaCl"),
			unhex(t, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"),
		},
		// A customer's hash, from a report of an import into Firebase with the password before the
		// salt:
		// https://blog.salrashid.dev/articles/2020/firebase_salted_user_import/
		"SHA1, password first": {
			Parameters{Algorithm: SHA1, Rounds: 1, PasswordFirst: true},
			"Password1", []byte("XiwiihQ="), b64(t, "kfjS+dtoePcY0vEKx1w5ol2ZJ88="),
		},
		// RFC 4231, test case 2, split into salt and password.
		"HMAC_SHA256": {
			Parameters{Algorithm: HMACSHA256, SignerKey: []byte("Jefe")},
			"for nothing?", []byte("what do ya want "),
			unhex(t, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
		},
		// The same with the other order.
		"HMAC_SHA512, password first": {
			Parameters{Algorithm: HMACSHA512, SignerKey: []byte("Jefe"), PasswordFirst: true},
			"what do ya want ", []byte("for nothing?"),
			unhex(t, "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"),
		},
		// printf saltpassword | md5sum
		"MD5": {Parameters{Algorithm: MD5, Rounds: 0}, "password", []byte("salt"), unhex(t, "67a1e09bb1f83f5007dc119c14d663aa")},
		// Python's crypt of the standard test vectors of bcrypt.
		"BCRYPT": {Parameters{Algorithm: Bcrypt}, "U*U", nil, []byte("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")},
		// The maximum number of rounds.
		"PBKDF2_SHA256": {Parameters{Algorithm: PBKDF2SHA256, Rounds: 120_000}, "old password", []byte("salt"), pbk},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if err := test.p.Check(); err != nil {
				t.Fatalf("Check: %v", err)
			}
			h, err := Import(test.p, test.salt, test.sum)
			if err != nil {
				t.Fatalf("Import: %v", err)
			}
			if ok, err := h.Verify(test.plain); err != nil || !ok {
				t.Errorf("the right password: %v, %v", ok, err)
			}
			if ok, err := h.Verify(test.plain + "x"); err != nil || ok {
				t.Errorf("a wrong password: %v, %v", ok, err)
			}
			if h.Native() {
				t.Error("an imported hash is native")
			}
		})
	}
}

func TestRepeatedRounds(t *testing.T) {
	once := sha256.Sum256([]byte("saltpassword"))
	twice := sha256.Sum256(once[:])
	h, err := Import(Parameters{Algorithm: SHA256, Rounds: 2}, []byte("salt"), twice[:])
	if err != nil {
		t.Fatal(err)
	}
	if ok, _ := h.Verify("password"); !ok {
		t.Error("two rounds of SHA256 did not verify")
	}
}

func TestNewVerifies(t *testing.T) {
	a, err := New("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := New("correct horse")
	if string(a.Sum) == string(b.Sum) {
		t.Error("two hashes of one password are equal: the salt is missing")
	}
	if ok, err := a.Verify("correct horse"); err != nil || !ok {
		t.Errorf("the right password: %v, %v", ok, err)
	}
	if ok, _ := a.Verify("wrong horse"); ok {
		t.Error("a wrong password verified")
	}
	if !a.Native() {
		t.Error("a new hash is not native")
	}
	if text := fmt.Sprintf("%v %+v %#v", a, a, a); strings.Contains(text, fmt.Sprint(a.Sum)) {
		t.Errorf("printing shows the hash: %s", text)
	}
}

func TestCheckLimits(t *testing.T) {
	key := []byte("key")
	tests := map[string]struct {
		p    Parameters
		code string
	}{
		"too many rounds":      {Parameters{Algorithm: PBKDF2SHA256, Rounds: 120_001}, "INVALID_HASH_ROUNDS"},
		"Werkzeug's rounds":    {Parameters{Algorithm: PBKDF2SHA256, Rounds: 260_000}, "INVALID_HASH_ROUNDS"},
		"no rounds":            {Parameters{Algorithm: SHA256}, "INVALID_HASH_ROUNDS"},
		"HMAC without key":     {Parameters{Algorithm: HMACSHA1}, "INVALID_HASH_KEY"},
		"scrypt memory":        {Parameters{Algorithm: Scrypt, SignerKey: key, Rounds: 8, MemoryCost: 15}, "INVALID_HASH_MEMORY_COST"},
		"scrypt rounds":        {Parameters{Algorithm: Scrypt, SignerKey: key, Rounds: 9, MemoryCost: 14}, "INVALID_HASH_ROUNDS"},
		"no algorithm":         {Parameters{}, "MISSING_HASH_ALGORITHM"},
		"unknown":              {Parameters{Algorithm: "ROT13"}, "INVALID_HASH_ALGORITHM"},
		"unverifiable":         {Parameters{Algorithm: "PBKDF_SHA1", Rounds: 10}, "INVALID_HASH_ALGORITHM"},
		"not a power of two":   {Parameters{Algorithm: StandardScrypt, CPUMemoryCost: 1000, BlockSize: 8, Parallelization: 1, DerivedKeyLength: 64}, "INVALID_HASH_MEMORY_COST"},
		"too much memory":      {Parameters{Algorithm: StandardScrypt, CPUMemoryCost: 1 << 30, BlockSize: 1 << 20, Parallelization: 1, DerivedKeyLength: 64}, "INVALID_HASH_MEMORY_COST"},
		"no Argon2 parameters": {Parameters{Algorithm: Argon2}, "INVALID_ARGON2_PARAMETERS"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var e *Error
			if err := test.p.Check(); !errors.As(err, &e) || e.Code != test.code {
				t.Errorf("got %v, want %s", err, test.code)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New("correct horse"); err != nil {
			b.Fatal(err)
		}
	}
}
