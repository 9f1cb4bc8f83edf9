package loginthrottle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// tally is a decoded counter document.
type tally struct {
	schema.Attempts
	stale bool // the document exists, but its failures are too old to count
}

// Counter counts failures. It is safe for concurrent use.
type Counter struct {
	client   *firestore.Client
	limits   Limits
	now      func() time.Time
	waits    waits
	inFlight inFlight
}

// NewCounter creates a counter. All arguments are required.
func NewCounter(client *firestore.Client, limits Limits, now func() time.Time) (*Counter, error) {
	switch {
	case client == nil:
		return nil, errors.New("login throttle needs a Firestore client")
	case limits.Forget <= 0:
		return nil, errors.New("login throttle needs limits")
	case now == nil:
		return nil, errors.New("login throttle needs a clock")
	}
	return &Counter{client: client, limits: limits, now: now}, nil
}

// Admission is an attempt that may proceed.
type Admission struct {
	counter         *Counter
	address, client string // keys
	byAddress       tally
	byClient        tally
	done            func()
}

// Begin admits an attempt of a client at an address, or returns a *[TooManyError]. It fetches the other
// documents in the same round trip. The caller must call End on the admission, and before that Failed or
// Succeeded once the outcome is known.
func (c *Counter) Begin(
	ctx context.Context, address, client string, others ...*firestore.DocumentRef,
) (*Admission, []*firestore.DocumentSnapshot, error) {
	a := &Admission{counter: c, address: Key(address), client: Key(client)}
	if wait := c.waits.remaining(a.keys(), c.now()); wait > 0 {
		return nil, nil, &TooManyError{wait}
	}
	// Attempts in flight are not counted yet. Without this limit, a hundred simultaneous guesses would
	// all be free.
	var ok bool
	if a.done, ok = c.inFlight.start(a.pair(), a.client); !ok {
		return nil, nil, &TooManyError{time.Second}
	}
	docs, err := c.client.GetAll(ctx, append([]*firestore.DocumentRef{a.addressRef(), a.clientRef()}, others...))
	if err == nil {
		a.byAddress, err = c.decode(docs[0])
	}
	if err == nil {
		a.byClient, err = c.decode(docs[1])
	}
	if err != nil {
		a.done()
		return nil, nil, fmt.Errorf("read the login throttle counters: %w", err)
	}
	if wait := a.wait(); wait > 0 {
		a.done()
		return nil, nil, &TooManyError{wait}
	}
	return a, docs[2:], nil
}

// decode returns the counts in a document, or zero ones if they are too old.
func (c *Counter) decode(doc *firestore.DocumentSnapshot) (t tally, err error) {
	if !doc.Exists() {
		return tally{}, nil
	}
	if err := doc.DataTo(&t.Attempts); err != nil {
		return t, fmt.Errorf("decode counter %s: %w", doc.Ref.ID, err)
	}
	if c.now().Sub(t.Last) > c.limits.Forget {
		return tally{stale: true}, nil
	}
	return t, nil
}

// wait returns how long the attempt must wait according to the counters.
func (a *Admission) wait() (longest time.Duration) {
	now, limits := a.counter.now(), a.counter.limits
	pair := a.byAddress.Clients[a.client]
	for key, left := range map[string]time.Duration{
		a.pair():             pair.Last.Add(limits.Pair.wait(pair.Failures)).Sub(now),
		"client " + a.client: a.byClient.Last.Add(limits.Client.wait(a.byClient.Failures)).Sub(now),
		// This wait also affects clients without any failures, so it is short, and not remembered.
		"": a.byAddress.Last.Add(limits.Address.wait(a.byAddress.Failures)).Sub(now),
	} {
		if left > 0 && key != "" {
			a.counter.waits.add(key, now.Add(left), now)
		}
		longest = max(longest, left)
	}
	return longest
}

// Failed counts a failure. The caller must not reveal the outcome unless Failed succeeds; otherwise the
// guess would be free.
func (a *Admission) Failed(ctx context.Context) error {
	now := a.counter.now()
	expires := now.Add(a.counter.limits.Forget)
	increment := map[string]any{schema.FieldFailures: firestore.Increment(1), schema.FieldLast: now}
	client := maps.Clone(increment)
	client[schema.FieldExpires] = expires
	address := maps.Clone(client)
	address[schema.FieldClients] = map[string]any{a.client: increment}
	var wg sync.WaitGroup
	errs := make([]error, 2)
	wg.Go(func() { errs[0] = count(ctx, a.addressRef(), address, a.byAddress) })
	wg.Go(func() { errs[1] = count(ctx, a.clientRef(), client, a.byClient) })
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("count a failed attempt: %w", err)
	}
	return nil
}

// count increments the counters of a document, or overwrites stale ones.
func count(ctx context.Context, ref *firestore.DocumentRef, fields map[string]any, current tally) error {
	var err error
	if current.stale {
		_, err = ref.Set(ctx, fields)
	} else {
		_, err = ref.Set(ctx, fields, firestore.MergeAll)
	}
	return err
}

// Succeeded resets the client's failures at the address, in one write if there were any. Failures at
// other addresses stay; otherwise attackers could reset them by signing in to an account of their own.
func (a *Admission) Succeeded(ctx context.Context) error {
	pair, ok := a.byAddress.Clients[a.client]
	if !ok {
		return nil
	}
	var err error
	if len(a.byAddress.Clients) == 1 {
		_, err = a.addressRef().Delete(ctx)
	} else {
		_, err = a.addressRef().Update(ctx, []firestore.Update{
			{FieldPath: firestore.FieldPath{schema.FieldClients, a.client}, Value: firestore.Delete},
			{Path: schema.FieldFailures, Value: firestore.Increment(-pair.Failures)},
		})
	}
	if err != nil {
		return fmt.Errorf("reset failed attempts: %w", err)
	}
	return nil
}

// End ends the attempt, so that it no longer counts as in flight. It must be called exactly once.
func (a *Admission) End() { a.done() }

func (a *Admission) pair() string   { return "pair " + a.address + a.client }
func (a *Admission) keys() []string { return []string{a.pair(), "client " + a.client} }

func (a *Admission) addressRef() *firestore.DocumentRef {
	return schema.AttemptsAtAddressRef(a.counter.client, a.address)
}

func (a *Admission) clientRef() *firestore.DocumentRef {
	return schema.AttemptsOfClientRef(a.counter.client, a.client)
}
