package loginthrottle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/schema"
)

// Counter counts attempts. It is safe for concurrent use. Losing the state of an instance costs reads
// but does not weaken the limits.
type Counter struct {
	client *firestore.Client
	limits Limits
	now    func() time.Time

	running keyed // attempts in progress, by network
	writing keyed // updates of documents, by id
	cache   cache
	leases  leases
	lookups lookups
}

// maxRunning is how many attempts of one network an instance runs at a time. More wait.
const maxRunning = 32

// NewCounter creates a counter. All arguments are required.
func NewCounter(client *firestore.Client, limits Limits, now func() time.Time) (*Counter, error) {
	switch {
	case client == nil:
		return nil, errors.New("login throttle needs a Firestore client")
	case now == nil:
		return nil, errors.New("login throttle needs a clock")
	}
	if err := limits.check(); err != nil {
		return nil, err
	}
	return &Counter{
		client: client, limits: limits, now: now,
		running: keyed{most: maxRunning}, writing: keyed{most: 1},
	}, nil
}

func (c *Counter) addressBook() book {
	return book{bucket: c.limits.Address, backoff: c.limits.Pair, forget: c.limits.Forget, failures: true}
}

// SignIn admits and counts an attempt of a client to sign in at an address, or returns a
// *[TooManyError]. It fetches the other documents in the same round trip. The caller must call End on
// the admission, and before that Succeeded or Undo if the password was not wrong.
func (c *Counter) SignIn(
	ctx context.Context, address, client string, others ...*firestore.DocumentRef,
) (_ *Admission, _ []*firestore.DocumentSnapshot, err error) {
	site := network(client)
	a := &Admission{
		counter: c,
		ref:     schema.AttemptsAtAddressRef(c.client, Key("address", address)),
		party:   partyKey(address, site),
		known:   Key("known", address, client),
		payer: payer{
			counter: c, ref: schema.AttemptsOfNetworkRef(c.client, Key("network", site)),
			party: Key("address", site, address), book: book{bucket: c.limits.Network},
		},
	}
	if err := c.enter(ctx, a, site); err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			a.refund(a.paid)
			a.End()
		}
	}()
	// Concurrent attempts at one address would only make each other's writes fail.
	unlock, err := c.writing.acquire(ctx, a.ref.ID)
	if err != nil {
		return nil, nil, fmt.Errorf("wait for other attempts at the address: %w", err)
	}
	defer unlock()
	if err := c.rejectEarly(a); err != nil {
		return nil, nil, err
	}
	var docs []*firestore.DocumentSnapshot
	err = c.update(ctx, a.ref, others, func(attempts *schema.Attempts, fetched []*firestore.DocumentSnapshot) (bool, error) {
		docs = fetched
		return a.take(ctx, attempts)
	})
	if err != nil {
		return nil, nil, err
	}
	return a, docs, nil
}

// enter waits until the network has fewer than [maxRunning] attempts in progress.
func (c *Counter) enter(ctx context.Context, a *Admission, site string) error {
	done, err := c.running.acquire(ctx, site)
	if err != nil {
		return fmt.Errorf("wait for other attempts of the network: %w", err)
	}
	a.done = done
	return nil
}

// rejectEarly rejects an attempt without reading, if cached documents show that it must wait and has
// no turn to reserve.
func (c *Counter) rejectEarly(a *Admission) error {
	now := c.now()
	if cached := c.cache.get(a.ref.ID, now); cached != nil {
		if k, ok := known(cached, a.known, c.limits.Remember, now); ok {
			if left := c.knownWait(k, now); left > 0 {
				return &TooManyError{left}
			}
			return nil
		}
		b := c.addressBook()
		if left, turn := b.wait(cached, a.party, 1, now); left > 0 && (turn || b.full(cached, a.party, now)) {
			return &TooManyError{left}
		}
		return nil
	}
	// The network may be known at this address, but looking that up for every attempt would make a
	// flood expensive.
	payer := a.payer
	if cached := c.cache.get(payer.ref.ID, now); cached != nil && !c.leases.has(payer.ref.ID) {
		left, turn := payer.book.wait(cached, payer.party, 1, now)
		if left > 0 && (turn || payer.book.full(cached, payer.party, now)) && !c.lookups.allow(payer.ref.ID, now) {
			return &TooManyError{left}
		}
	}
	return nil
}

func (c *Counter) knownWait(k schema.KnownNetwork, now time.Time) time.Duration {
	if now.Sub(k.Last) > c.limits.Forget {
		return 0
	}
	return remaining(c.limits.Pair, k.Failures, k.Last, now)
}

// Register admits and counts a registration of a client, or returns a *[TooManyError]. It fetches the
// other documents. The caller must call End on the admission, and before that Succeeded if it created
// an account, or Undo if it could not tell.
func (c *Counter) Register(
	ctx context.Context, address, client string, others ...*firestore.DocumentRef,
) (_ *Admission, _ []*firestore.DocumentSnapshot, err error) {
	site := network(client)
	a := &Admission{counter: c, registration: true, payer: payer{
		counter: c, ref: schema.RegistrationsOfNetworkRef(c.client, Key("register", site)),
		party: Key("address", site, address), book: book{bucket: c.limits.Register},
	}}
	if err := c.enter(ctx, a, site); err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			a.refund(a.paid)
			a.End()
		}
	}()
	if err = a.pay(ctx, takenCost); err != nil {
		return nil, nil, err
	}
	docs, err := c.client.GetAll(ctx, others)
	if err != nil {
		return nil, nil, fmt.Errorf("read documents for a registration: %w", err)
	}
	return a, docs, nil
}

// update reads a document and others, lets change modify it, and writes it if change returns true, on
// the condition that nobody else has written it in between. If somebody has, it tries again. The error
// of change is returned after the write.
func (c *Counter) update(
	ctx context.Context, ref *firestore.DocumentRef, others []*firestore.DocumentRef,
	change func(*schema.Attempts, []*firestore.DocumentSnapshot) (changed bool, err error),
) error {
	refs := append([]*firestore.DocumentRef{ref}, others...)
	for try := 1; ; try++ {
		docs, err := c.client.GetAll(ctx, refs)
		if err != nil {
			return fmt.Errorf("read attempts: %w", err)
		}
		attempts := &schema.Attempts{}
		if docs[0].Exists() {
			if err := docs[0].DataTo(attempts); err != nil {
				return fmt.Errorf("decode attempts %s: %w", ref.ID, err)
			}
		}
		changed, result := change(attempts, docs[1:])
		if changed {
			err = c.write(ctx, docs[0], attempts)
		}
		switch {
		case err == nil:
			c.cache.put(ref.ID, attempts, c.now())
			return result
		case !conflict(err) || try == maxTries:
			return fmt.Errorf("count an attempt: %w", err)
		}
		if err := pause(ctx, try); err != nil {
			return fmt.Errorf("count an attempt: %w", err)
		}
	}
}

// maxTries is how often an update is tried while other instances write the same document. The limits
// keep such writes rare.
const maxTries = 8

func (c *Counter) write(ctx context.Context, doc *firestore.DocumentSnapshot, a *schema.Attempts) error {
	now := c.now()
	pruneKnown(a, c.limits.Remember, now)
	a.Expires = now.Add(c.limits.Forget)
	for _, p := range a.Parties {
		a.Expires = latest(a.Expires, p.Turn.Add(turnGrace))
	}
	for _, k := range a.Known {
		a.Expires = latest(a.Expires, k.Seen.Add(c.limits.Remember))
	}
	if !doc.Exists() {
		_, err := doc.Ref.Create(ctx, a)
		return err
	}
	_, err := doc.Ref.Update(ctx, []firestore.Update{
		{Path: schema.FieldLevel, Value: a.Level},
		{Path: schema.FieldLast, Value: a.Last},
		{Path: schema.FieldParties, Value: a.Parties},
		{Path: schema.FieldKnown, Value: a.Known},
		{Path: schema.FieldExpires, Value: a.Expires},
	}, firestore.LastUpdateTime(doc.UpdateTime))
	return err
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// conflict reports whether an update failed because the document has changed since it was read.
func conflict(err error) bool {
	switch status.Code(err) {
	case codes.FailedPrecondition, codes.AlreadyExists, codes.NotFound, codes.Aborted:
		return true
	}
	return false
}
