// Package loginthrottle throttles password guessing. It counts failures in Firestore, which all instances
// share; security rules hide the documents from clients:
//
//	attempts/address-{hash}  {failures, last, clients: {hash: {failures, last}}, expires}
//	attempts/client-{hash}   {failures, last, expires}
//
// The first few failures are free. After that, each failure doubles the wait before the next attempt.
// Nothing is ever locked permanently, and attempts rejected during a wait do not count for the address,
// so one client guessing passwords cannot lock the owner out.
//
// Beginning an attempt bills two reads, a failure two writes, and a success without earlier failures
// nothing. Each instance remembers the current waits, so an attempt during a wait is free. A TTL policy
// on the field expires deletes old documents.
package loginthrottle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Limit is the wait after a number of failures.
type Limit struct {
	// Free is the number of failures without a wait.
	Free int
	// First is the wait after one more failure. Each further failure doubles it, up to Most.
	First, Most time.Duration
}

// wait returns the wait after the given number of failures.
func (l Limit) wait(failures int64) time.Duration {
	excess := failures - int64(l.Free)
	if excess <= 0 {
		return 0
	}
	d := l.First
	for ; excess > 1 && d < l.Most; excess-- {
		d *= 2
	}
	return min(d, l.Most)
}

// Limits apply to every attempt; the longest wait wins.
type Limits struct {
	// Pair limits one client at one address.
	Pair Limit
	// Client limits one client across all addresses. A whole campus may share one network address.
	Client Limit
	// Address limits all clients together at one address.
	Address Limit
	// Forget is the time without a failure after which a count is reset.
	Forget time.Duration
}

// DefaultLimits returns the limits of the deployed services.
func DefaultLimits() Limits {
	return Limits{
		Pair:    Limit{Free: 5, First: 2 * time.Second, Most: 15 * time.Minute},
		Client:  Limit{Free: 100, First: time.Second, Most: time.Minute},
		Address: Limit{Free: 100, First: time.Second, Most: 30 * time.Second},
		Forget:  time.Hour,
	}
}

// TooManyError means that the client must wait before the next attempt.
type TooManyError struct {
	Wait time.Duration
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("too many attempts: retry in %v", e.Wait.Round(time.Second))
}

// Key returns the name of an address or a client in documents: a hash of 32 hex digits. The hash only
// keeps network addresses out of plain sight; there are few enough of them to recover by brute force.
func Key(name string) string {
	sum := sha256.Sum256([]byte("attempt\x00" + name))
	return hex.EncodeToString(sum[:16])
}
