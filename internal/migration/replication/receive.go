package replication

import (
	"context"
	"sync"
	"time"

	"heek.kr/heektime/internal/migration/walstream"
)

// receiver collects changes while earlier ones are applied. One goroutine receives; another takes what
// has been collected.
type receiver struct {
	session *session
	stream  *walstream.Stream

	// begin is the transaction in progress.
	begin *walstream.Begin

	mu        sync.Mutex
	collected batch
	// serverEnd is how far PostgreSQL's log is written, as far as is known.
	serverEnd walstream.LSN
	arrived   chan struct{} // has an element when something was collected
	taken     chan struct{} // has an element when a batch was taken
}

func newReceiver(s *session, stream *walstream.Stream) *receiver {
	return &receiver{session: s, stream: stream, arrived: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

// notify adds an element to a channel of one.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// take returns what has been collected.
func (r *receiver) take() batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.collected
	r.collected = batch{}
	notify(r.taken)
	return b
}

// peek returns the end of what has been collected, and whether that is only progress.
func (r *receiver) peek() (end, serverEnd walstream.LSN, changes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.collected.end, r.serverEnd, r.collected.size > 0
}

// receiveInterval is how often the position is confirmed while nothing arrives. A comparison waits for it, perhaps
// while writes are held.
const receiveInterval = 100 * time.Millisecond

// run receives until an error.
func (r *receiver) run(ctx context.Context) error {
	for {
		if err := r.stream.Confirm(ctx, r.session.confirmable()); err != nil {
			return err
		}
		if r.full() {
			// PostgreSQL waits as well: its buffers fill up.
			select {
			case <-r.taken:
			case <-time.After(receiveInterval):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			continue
		}
		event, err := r.stream.Next(ctx, receiveInterval)
		if err == nil {
			err = r.handle(ctx, event)
		}
		if err != nil {
			return err
		}
	}
}

func (r *receiver) full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.collected.size >= maxBatch
}

func (r *receiver) handle(ctx context.Context, event walstream.Event) error {
	switch e := event.(type) {
	case *walstream.Begin:
		r.begin = e
	case *walstream.Change:
		return r.change(ctx, e)
	case *walstream.Truncate:
		r.truncate(e)
	case *walstream.Commit:
		r.begin = nil
		r.progress(e.End, e.CommittedAt)
	case walstream.Progress:
		if e.End != 0 {
			r.progress(e.End, time.Time{})
		}
	}
	return nil
}

func (r *receiver) progress(end walstream.LSN, committedAt time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := &r.collected
	b.end = max(b.end, end)
	if !committedAt.IsZero() {
		b.committedAt = committedAt
	}
	r.serverEnd = max(r.serverEnd, r.stream.End())
	notify(r.arrived)
}

// own reports whether the reverse direction wrote the transaction: Firestore has it already.
func (r *receiver) own() bool { return r.begin != nil && r.begin.Origin == r.session.cfg.Origin }

func (r *receiver) change(ctx context.Context, c *walstream.Change) error {
	if r.own() {
		return nil
	}
	if err := r.session.checkRelation(ctx, c.Relation); err != nil {
		return err
	}
	affected, err := r.session.db.Affected(c.Change)
	if err != nil {
		return &Problem{What: "a change of " + c.Table + " does not say which rows it affects", Remedy: copyAgain, err: err}
	}
	if len(affected) == 0 {
		return nil
	}
	early := r.begin != nil && r.session.namesAt.Contains(r.begin.XID)
	var at time.Time
	if r.begin != nil {
		at = r.begin.CommittedAt
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b := &r.collected
	for _, a := range affected {
		b.add(a, early, at)
	}
	b.changes++
	if n := len(b.transactions); r.begin != nil && (n == 0 || b.transactions[n-1] != r.begin.XID) {
		b.transactions = append(b.transactions, r.begin.XID)
		if b.oldest.IsZero() {
			b.oldest = r.begin.CommittedAt
		}
	}
	if b.size >= maxBatch {
		notify(r.arrived) // in the middle of a large transaction
	}
	return nil
}

func (r *receiver) truncate(t *walstream.Truncate) {
	if r.own() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.collected.truncated = append(r.collected.truncated, t.Tables...)
}
