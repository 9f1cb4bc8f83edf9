// Package loginthrottle slows down who guesses passwords. It counts failures in documents that security rules give to no client,
// because several instances share them and nothing else is shared:
//
//	attempts/address-{hash}  {failures, last, clients: {hash: {failures, last}}, expires}
//	attempts/client-{hash}   {failures, last, expires}
//
// A few failures are free. Then each one makes the next attempt wait, twice as long as the one before. Nothing is locked for
// good, and a client that must wait adds nothing to the count of an address: so nobody is kept out of an account by one
// client that guesses at it.
//
// Billed: two reads for a look, two writes for a failure, nothing for a success without failures before. Who must wait is
// remembered in the instance and costs nothing until the wait is over. A TTL policy on the field expires removes what is old.
package loginthrottle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Limit says how often somebody may fail.
type Limit struct {
	// Free failures cost no waiting.
	Free int
	// First is the wait after one more; each further one doubles it, up to Most.
	First, Most time.Duration
}

// wait after so many failures.
func (l Limit) wait(failures int64) time.Duration {
	over := failures - int64(l.Free)
	if over <= 0 {
		return 0
	}
	d := l.First
	for ; over > 1 && d < l.Most; over-- {
		d *= 2
	}
	return min(d, l.Most)
}

// Limits of everybody.
type Limits struct {
	// Pair limits one client at one address.
	Pair Limit
	// Client limits one client at all addresses. A campus may share one network address.
	Client Limit
	// Address limits all clients at one address together.
	Address Limit
	// Forget is after how long without a failure all are forgotten.
	Forget time.Duration
}

// DefaultLimits are those of the services.
func DefaultLimits() Limits {
	return Limits{
		Pair:    Limit{Free: 5, First: 2 * time.Second, Most: 15 * time.Minute},
		Client:  Limit{Free: 100, First: time.Second, Most: time.Minute},
		Address: Limit{Free: 100, First: time.Second, Most: 30 * time.Second},
		Forget:  time.Hour,
	}
}

// TooManyError says that somebody must wait.
type TooManyError struct {
	// Wait is how long.
	Wait time.Duration
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("too many attempts: wait %v", e.Wait.Round(time.Second))
}

// Key is how who attempts is named in documents: a hash, cut to 32 hex digits. Network addresses are so few that it hides
// them from a glance, and not from a search.
func Key(who string) string {
	sum := sha256.Sum256([]byte("attempt\x00" + who))
	return hex.EncodeToString(sum[:16])
}
