package loginthrottle

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// payer pays for the attempts of one network at one address from the network's bucket.
type payer struct {
	counter *Counter
	ref     *firestore.DocumentRef // the network's document
	party   string                 // the address in it
	book    book
}

// maxLease is how many payments an instance leases in one write.
const maxLease = 16

// pay takes n from the network's lease, or from its bucket. It returns a *[TooManyError] if the bucket
// is full.
//
// Each lease is twice as large as the one before. So a single attempt costs the network little, and a
// thousand cost few writes. What an instance has leased when it stops counts as failed attempts.
func (p payer) pay(ctx context.Context, n int) error {
	c := p.counter
	unlock, err := c.writing.acquire(ctx, p.ref.ID)
	if err != nil {
		return fmt.Errorf("wait for other attempts of the network: %w", err)
	}
	defer unlock()
	if c.leases.take(p.ref.ID, n) {
		return nil
	}
	now := c.now()
	if cached := c.cache.get(p.ref.ID, now); cached != nil {
		if left, turn := p.book.wait(cached, p.party, n, now); left > 0 && (turn || p.book.full(cached, p.party, now)) {
			return &TooManyError{left}
		}
	}
	size := c.leases.nextSize(p.ref.ID)
	leased := 0
	err = c.update(ctx, p.ref, nil, func(attempts *schema.Attempts, _ []*firestore.DocumentSnapshot) (bool, error) {
		now := c.now()
		leased = n
		if _, turn := p.book.wait(attempts, p.party, n, now); !turn {
			room := int(float64(p.book.bucket.Burst) - p.book.level(attempts, now))
			leased = max(n, min(n*size, room))
		}
		left, changed := p.book.take(attempts, p.party, leased, now)
		if left > 0 {
			return changed, &TooManyError{left}
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	c.leases.grow(p.ref.ID, size, leased-n)
	return nil
}
