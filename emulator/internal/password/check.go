package password

import "fmt"

// maxMemoryBytes limits the memory that verifying an imported hash may use.
const maxMemoryBytes = 256 << 20

// rounds are the rounds that Firebase accepts for each algorithm.
// Source: https://firebase.google.com/docs/auth/admin/import-users and the checks of the Admin SDKs.
var rounds = map[string]struct{ min, max int }{
	MD5:          {0, 8192},
	SHA1:         {1, 8192},
	SHA256:       {1, 8192},
	SHA512:       {1, 8192},
	PBKDF2SHA256: {0, 120_000},
	Scrypt:       {1, 8},
}

// Error is why a hash is rejected: a code of the Identity Toolkit API and a sentence.
type Error struct{ Code, Detail string }

func (e *Error) Error() string { return e.Code + " : " + e.Detail }

func errorf(code, format string, a ...any) error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, a...)}
}

// Check returns an *[Error] unless hashes made with these parameters can be imported and verified.
func (p Parameters) Check() error {
	if limit, ok := rounds[p.Algorithm]; ok && (p.Rounds < limit.min || p.Rounds > limit.max) {
		return errorf("INVALID_HASH_ROUNDS", "%s accepts %d to %d rounds, not %d.", p.Algorithm, limit.min, limit.max, p.Rounds)
	}
	switch p.Algorithm {
	case "":
		return errorf("MISSING_HASH_ALGORITHM", "Set hashAlgorithm to the algorithm of the password hashes.")
	case HMACMD5, HMACSHA1, HMACSHA256, HMACSHA512:
		return p.checkKey()
	case Scrypt:
		if p.MemoryCost < 1 || p.MemoryCost > 14 {
			return errorf("INVALID_HASH_MEMORY_COST", "SCRYPT accepts a memoryCost from 1 to 14, not %d.", p.MemoryCost)
		}
		return p.checkKey()
	case StandardScrypt:
		return p.checkStandardScrypt()
	case Argon2:
		return p.Argon2.check()
	case MD5, SHA1, SHA256, SHA512, PBKDF2SHA256, Bcrypt:
		return nil
	case "PBKDF_SHA1":
		return errorf("INVALID_HASH_ALGORITHM", "This emulator cannot verify PBKDF_SHA1, so users could not sign in.")
	}
	return errorf("INVALID_HASH_ALGORITHM", "%q is not a hash algorithm.", p.Algorithm)
}

func (p Parameters) checkKey() error {
	if len(p.SignerKey) == 0 {
		return errorf("INVALID_HASH_KEY", "%s needs a signerKey.", p.Algorithm)
	}
	return nil
}

func (p Parameters) checkStandardScrypt() error {
	n, r, threads := p.CPUMemoryCost, p.BlockSize, p.Parallelization
	switch {
	case n < 2 || n > 1<<30 || n&(n-1) != 0:
		return errorf("INVALID_HASH_MEMORY_COST", "STANDARD_SCRYPT needs a cpuMemCost that is a power of two above 1, not %d.", n)
	case r < 1 || r > 1<<20:
		return errorf("INVALID_HASH_BLOCK_SIZE", "STANDARD_SCRYPT needs a blockSize of 1 or more, not %d.", r)
	case threads < 1 || threads > 1<<10:
		return errorf("INVALID_HASH_PARALLELIZATION", "STANDARD_SCRYPT accepts a parallelization from 1 to 1024, not %d.", threads)
	case p.DerivedKeyLength < 1 || p.DerivedKeyLength > 1024:
		return errorf("INVALID_HASH_DERIVED_KEY_LENGTH", "STANDARD_SCRYPT accepts a dkLen from 1 to 1024 bytes, not %d.", p.DerivedKeyLength)
	case 128*n*r > maxMemoryBytes:
		return errorf("INVALID_HASH_MEMORY_COST", "cpuMemCost and blockSize need more than %d MiB of memory, the limit of this emulator.", maxMemoryBytes>>20)
	}
	return nil
}

func (a *Argon2Parameters) check() error {
	switch {
	case a == nil:
		return errorf("INVALID_ARGON2_PARAMETERS", "ARGON2 needs argon2Parameters.")
	case a.Type != "ARGON2_ID" && a.Type != "ARGON2_I":
		return errorf("INVALID_ARGON2_PARAMETERS", "This emulator can verify ARGON2_ID and ARGON2_I, not %q.", a.Type)
	case a.LengthBytes < 4 || a.LengthBytes > 1024:
		return errorf("INVALID_ARGON2_PARAMETERS", "hashLengthBytes must be from 4 to 1024, not %d.", a.LengthBytes)
	case a.Iterations < 1 || a.Iterations > 16:
		return errorf("INVALID_ARGON2_PARAMETERS", "iterations must be from 1 to 16, not %d.", a.Iterations)
	case a.Parallelism < 1 || a.Parallelism > 16:
		return errorf("INVALID_ARGON2_PARAMETERS", "parallelism must be from 1 to 16, not %d.", a.Parallelism)
	case a.MemoryKiB < 8*a.Parallelism || a.MemoryKiB > 32768:
		return errorf("INVALID_ARGON2_PARAMETERS", "memoryCostKib must be from 8 for each thread to 32768, not %d.", a.MemoryKiB)
	}
	return nil
}

// maxHashBytes limits the length of salts and hashes.
const maxHashBytes = 1024

// Import returns a hash that another system computed. The parameters must have passed
// [Parameters.Check].
func Import(p Parameters, salt, sum []byte) (*Hash, error) {
	switch {
	case len(sum) == 0:
		return nil, errorf("INVALID_PASSWORD_HASH", "The hash is empty.")
	case len(sum) > maxHashBytes || len(salt) > maxHashBytes:
		return nil, errorf("INVALID_PASSWORD_HASH", "A hash or salt is longer than %d bytes.", maxHashBytes)
	}
	if digest, ok := digests[p.Algorithm]; ok && len(sum) != digest().Size() {
		return nil, errorf("INVALID_PASSWORD_HASH", "A hash by %s has %d bytes, not %d.", p.Algorithm, digest().Size(), len(sum))
	}
	return &Hash{Parameters: p, Salt: salt, Sum: sum}, nil
}
