// Package loginthrottle throttles password guessing and the creation of accounts in bulk. Its counters
// are in Firestore, which all instances share; security rules hide the documents from clients:
//
//	attempts/address-{hash}   sign-ins at an address: {level, last, parties, known, expires}
//	attempts/network-{hash}   sign-ins from a network
//	attempts/register-{hash}  registrations from a network
//
// An attempt is counted before its password is checked, so that simultaneous guesses are not free, and
// a failure to count rejects right and wrong passwords alike. A success takes the count back. What
// remains are failures; registrations remain, too.
//
// Three limits apply to a sign-in:
//
//   - A network's failures at one address: a few are free, then each doubles the wait.
//   - All failures at one address: a bucket that drains slowly, so guesses from many networks are few.
//   - The names that a network fails at: another bucket, for guesses at many addresses.
//
// The last two do not apply to a network from which the owner has signed in before. So strangers
// cannot lock the owner out there.
//
// A rejected attempt gets a turn: a reservation in the bucket for the time that Retry-After names. The
// turn holds whatever others do, so waiting that long helps even while an attack continues. Documents
// have a bounded number of turns, of which one provider's networks get only some. Only if all are taken
// does Retry-After promise nothing.
//
// Each instance leases a network's attempts a few at a time, so a campus behind one network address does
// not write a document for each student. It also caches documents for a few seconds, to reject further
// attempts without reading. A TTL policy on the field expires deletes old documents.
package loginthrottle

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Backoff is the wait of one network at one address after a number of failures.
type Backoff struct {
	// Free is the number of failures without a wait.
	Free int
	// First is the wait after one more failure. Each further failure doubles it, up to Most.
	First, Most time.Duration
}

// after returns the wait after the given number of failures.
func (b Backoff) after(failures int64) time.Duration {
	excess := failures - int64(b.Free)
	if excess <= 0 {
		return 0
	}
	d := b.First
	for ; excess > 1 && d < b.Most; excess-- {
		d *= 2
	}
	return min(d, b.Most)
}

// Bucket limits attempts to Burst, and to one each Every in the long run.
type Bucket struct {
	Burst int
	Every time.Duration
}

// Limits apply to every attempt; the longest wait wins.
type Limits struct {
	// Pair limits one network at one address.
	Pair Backoff
	// Address limits all networks together at one address, except those of the owner.
	Address Bucket
	// Network limits the addresses that one network fails to sign in at. A whole campus may share one
	// network address.
	Network Bucket
	// Register limits the registrations from one network. One that finds the address taken counts
	// three times, so that the limit is higher for a campus than for somebody who looks for accounts.
	Register Bucket
	// Forget is the time after which a network's failures at an address are forgotten.
	Forget time.Duration
	// Remember is how long a network from which the owner signed in stays known.
	Remember time.Duration
}

// takenCost is the cost of a registration that finds the address taken.
const takenCost = 3

// DefaultLimits returns the limits of the deployed services.
func DefaultLimits() Limits {
	return Limits{
		Pair:     Backoff{Free: 5, First: 2 * time.Second, Most: 15 * time.Minute},
		Address:  Bucket{Burst: 20, Every: 10 * time.Second},
		Network:  Bucket{Burst: 100, Every: 10 * time.Second},
		Register: Bucket{Burst: 10_000, Every: 360 * time.Millisecond},
		Forget:   time.Hour,
		Remember: 90 * 24 * time.Hour,
	}
}

func (l Limits) check() error {
	for _, b := range []Bucket{l.Address, l.Network, l.Register} {
		if b.Burst < takenCost || b.Every <= 0 {
			return errors.New("login throttle needs limits")
		}
	}
	if l.Forget <= 0 || l.Remember <= 0 {
		return errors.New("login throttle needs limits")
	}
	return nil
}

// TooManyError means that the client must wait before the next attempt.
type TooManyError struct {
	Wait time.Duration
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("too many attempts: retry in %v", e.Wait.Round(time.Second))
}

// Key returns the name of an address or a network in documents: a hash of 32 hex digits. The hash only
// keeps network addresses out of plain sight; there are few enough of them to recover by brute force.
// The hash of a network at an address includes the address, so documents do not reveal which accounts
// share a network.
func Key(names ...string) string {
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "%d:%s", len(name), name)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// groupDigits is how many digits of a party's key are the same for all networks of a group.
const groupDigits = 8

// partyKey returns the key of a network at an address. Networks that are probably one provider's, which
// are those with the same first 16 bits of an IPv4 address or 32 bits of an IPv6 address, are a group.
func partyKey(address, network string) string {
	group := network
	if prefix, err := netip.ParsePrefix(network); err == nil {
		provider, _ := prefix.Addr().Prefix(32) // cannot fail: network returns no IPv4 prefixes
		group = provider.String()
	} else if ip, err := netip.ParseAddr(network); err == nil && ip.Is4() {
		provider, _ := ip.Prefix(16) // cannot fail: an IPv4 address has more than 16 bits
		group = provider.String()
	}
	return Key("group", address, group)[:groupDigits] + Key("network", address, network)[groupDigits:]
}

// network returns the network that a client is counted as: its IPv4 address, or the first 48 bits of
// its IPv6 address, which is what one site gets (RFC 6177). Otherwise one customer of a provider would
// have 65,536 networks.
func network(client string) string {
	prefix, err := netip.ParsePrefix(client)
	if err != nil || !prefix.Addr().Is6() || prefix.Bits() < 48 {
		return client
	}
	site, _ := prefix.Addr().Prefix(48) // cannot fail: an IPv6 address has more than 48 bits
	return site.String()
}
