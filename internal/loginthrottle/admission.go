package loginthrottle

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/schema"
)

// Admission is an attempt that may proceed.
type Admission struct {
	counter      *Counter
	registration bool
	ref          *firestore.DocumentRef // the address's document
	party, known string                 // keys in it

	payer    payer
	paid     int   // what the network has paid for this attempt
	isKnown  bool  // the network is known at the address
	failures int64 // of the network at the address, with this attempt
	done     func()
}

// take counts a sign-in in the address's document, and returns whether the document changed.
func (a *Admission) take(ctx context.Context, attempts *schema.Attempts) (changed bool, err error) {
	c := a.counter
	a.isKnown = false
	now := c.now()
	if k, ok := known(attempts, a.known, c.limits.Remember, now); ok {
		if left := c.knownWait(k, now); left > 0 {
			return false, &TooManyError{left}
		}
		if now.Sub(k.Last) > c.limits.Forget {
			k.Failures = 0
		}
		k.Failures++
		k.Last = now
		attempts.Known[a.known] = k
		a.isKnown = true
		return true, nil
	}
	b := c.addressBook()
	// A network pays once for each address at which it fails, not for every failure.
	if !c.failedRecently(attempts, a.party) && a.paid == 0 {
		if left, _ := b.wait(attempts, a.party, 1, now); left == 0 {
			if err := a.pay(ctx, 1); err != nil {
				return false, err
			}
		}
	}
	left, changed := b.take(attempts, a.party, 1, now)
	if left > 0 {
		return changed, &TooManyError{left}
	}
	a.failures = attempts.Parties[a.party].Failures
	return true, nil
}

// pay lets the network pay n for the attempt, or returns a *[TooManyError].
func (a *Admission) pay(ctx context.Context, n int) error {
	if err := a.payer.pay(ctx, n); err != nil {
		return err
	}
	a.paid = n
	return nil
}

// refund returns n of what the network has paid.
func (a *Admission) refund(n int) {
	a.counter.leases.add(a.payer.ref.ID, n)
	a.paid = 0
}

func (c *Counter) failedRecently(attempts *schema.Attempts, party string) bool {
	p := attempts.Parties[party]
	return p.Failures > 0 && c.now().Sub(p.Last) <= c.limits.Forget
}

// Succeeded forgets the network's failures at the address, and remembers the network as the owner's. It
// bills one write. Failures at other addresses stay; otherwise attackers could reset them by signing in
// to an account of their own. After a registration it bills nothing.
func (a *Admission) Succeeded(ctx context.Context) error {
	c := a.counter
	if a.registration {
		a.refund(takenCost - 1)
		return nil
	}
	now := c.now()
	updates := []firestore.Update{
		{FieldPath: firestore.FieldPath{schema.FieldKnown, a.known}, Value: schema.KnownNetwork{Seen: now}},
		{Path: schema.FieldExpires, Value: now.Add(c.limits.Remember)},
	}
	if !a.isKnown {
		a.refund(1) // the network has paid for this address, now or with an earlier failure
		updates = append(updates,
			firestore.Update{FieldPath: firestore.FieldPath{schema.FieldParties, a.party}, Value: firestore.Delete},
			firestore.Update{Path: schema.FieldLevel, Value: firestore.Increment(-a.failures)})
	}
	return a.settle(ctx, updates)
}

// Undo takes back the count of an attempt whose password could not be checked. It bills one write, after
// a registration nothing.
func (a *Admission) Undo(ctx context.Context) error {
	a.refund(a.paid)
	if a.registration {
		return nil
	}
	if a.isKnown {
		return a.settle(ctx, []firestore.Update{
			{FieldPath: firestore.FieldPath{schema.FieldKnown, a.known, schema.FieldFailures}, Value: firestore.Increment(-1)},
		})
	}
	return a.settle(ctx, []firestore.Update{
		{FieldPath: firestore.FieldPath{schema.FieldParties, a.party, schema.FieldFailures}, Value: firestore.Increment(-1)},
		{Path: schema.FieldLevel, Value: firestore.Increment(-1)},
	})
}

// settle updates the address's document, which another instance may have changed since.
func (a *Admission) settle(ctx context.Context, updates []firestore.Update) error {
	_, err := a.ref.Update(ctx, updates)
	a.counter.cache.drop(a.ref.ID)
	if status.Code(err) == codes.NotFound {
		return nil // deleted as expired
	}
	if err != nil {
		return fmt.Errorf("take back the count of an attempt: %w", err)
	}
	return nil
}

// End ends the attempt, so that it no longer counts as running. It must be called exactly once.
func (a *Admission) End() { a.done() }
