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

// tally is what a document counts.
type tally struct {
	schema.Attempts
	stale bool // the document exists, but its failures are too old to count
}

// Counter counts failures. It is safe for concurrent use.
type Counter struct {
	client  *firestore.Client
	limits  Limits
	now     func() time.Time
	waiting waiting
	running running
}

// NewCounter makes a counter; all is required.
func NewCounter(client *firestore.Client, limits Limits, now func() time.Time) (*Counter, error) {
	switch {
	case client == nil:
		return nil, errors.New("attempt counter needs a Firestore client")
	case limits.Forget <= 0:
		return nil, errors.New("attempt counter needs limits")
	case now == nil:
		return nil, errors.New("attempt counter needs a clock")
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

// Begin asks whether a client may try an address now, and reads the documents of others in the same round trip. The error is
// a *[TooManyError] when it may not. Who gets an attempt calls End, and before it Failed or Succeeded when that is known.
func (c *Counter) Begin(ctx context.Context, address, client string, others ...*firestore.DocumentRef) (*Admission, []*firestore.DocumentSnapshot, error) {
	a := &Admission{counter: c, address: Key(address), client: Key(client)}
	if wait := c.waiting.until(a.keys(), c.now()); wait > 0 {
		return nil, nil, &TooManyError{wait}
	}
	// What runs is in no document yet: without this a hundred guesses at once would all be free.
	var ok bool
	if a.done, ok = c.running.start(a.pair(), a.client); !ok {
		return nil, nil, &TooManyError{time.Second}
	}
	docs, err := c.client.GetAll(ctx, append([]*firestore.DocumentRef{a.addressRef(), a.clientRef()}, others...))
	if err == nil {
		a.byAddress, err = c.read(docs[0])
	}
	if err == nil {
		a.byClient, err = c.read(docs[1])
	}
	if err != nil {
		a.done()
		return nil, nil, fmt.Errorf("read the counters of attempts: %w", err)
	}
	if wait := a.wait(); wait > 0 {
		a.done()
		return nil, nil, &TooManyError{wait}
	}
	return a, docs[2:], nil
}

func (c *Counter) read(doc *firestore.DocumentSnapshot) (t tally, err error) {
	if !doc.Exists() {
		return tally{}, nil
	}
	if err := doc.DataTo(&t.Attempts); err != nil {
		return t, fmt.Errorf("counter %s: %w", doc.Ref.ID, err)
	}
	if c.now().Sub(t.Last) > c.limits.Forget {
		return tally{stale: true}, nil
	}
	return t, nil
}

// wait is how long the attempt must wait, by what was read.
func (a *Admission) wait() (longest time.Duration) {
	now, limits := a.counter.now(), a.counter.limits
	pair := a.byAddress.Clients[a.client]
	for key, rest := range map[string]time.Duration{
		a.pair():             pair.Last.Add(limits.Pair.wait(pair.Failures)).Sub(now),
		"client " + a.client: a.byClient.Last.Add(limits.Client.wait(a.byClient.Failures)).Sub(now),
		// Only this one can hit who has done nothing; so it is not kept in the instance, and short.
		"": a.byAddress.Last.Add(limits.Address.wait(a.byAddress.Failures)).Sub(now),
	} {
		if rest > 0 && key != "" {
			a.counter.waiting.add(key, now.Add(rest), now)
		}
		longest = max(longest, rest)
	}
	return longest
}

// Failed counts a failure. The attempt must not be answered before it returns without an error: a guess that is not counted
// is free.
func (a *Admission) Failed(ctx context.Context) error {
	now := a.counter.now()
	expires := now.Add(a.counter.limits.Forget)
	one := map[string]any{schema.FieldFailures: firestore.Increment(1), schema.FieldLast: now}
	client := maps.Clone(one)
	client[schema.FieldExpires] = expires
	address := maps.Clone(client)
	address[schema.FieldClients] = map[string]any{a.client: one}
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

// count adds to a document, and starts a forgotten one anew.
func count(ctx context.Context, ref *firestore.DocumentRef, fields map[string]any, known tally) error {
	var err error
	if known.stale {
		_, err = ref.Set(ctx, fields)
	} else {
		_, err = ref.Set(ctx, fields, firestore.MergeAll)
	}
	return err
}

// Succeeded forgets the client's failures at the address, in one write if there were any. Its failures elsewhere stay, or an
// account of one's own would reset them.
func (a *Admission) Succeeded(ctx context.Context) error {
	pair, had := a.byAddress.Clients[a.client]
	if !had {
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
		return fmt.Errorf("forget failed attempts: %w", err)
	}
	return nil
}

// End gives the attempt's place free. It must be called once.
func (a *Admission) End() { a.done() }

func (a *Admission) pair() string   { return "pair " + a.address + a.client }
func (a *Admission) keys() []string { return []string{a.pair(), "client " + a.client} }

func (a *Admission) addressRef() *firestore.DocumentRef {
	return schema.AttemptsAtAddressRef(a.counter.client, a.address)
}

func (a *Admission) clientRef() *firestore.DocumentRef {
	return schema.AttemptsOfClientRef(a.counter.client, a.client)
}
