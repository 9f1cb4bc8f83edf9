package holdtimes

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// Recorder records how long a server has held writes, and stores it in Firestore after each switch. It is safe for
// concurrent use.
type Recorder struct {
	client *firestore.Client
	log    *slog.Logger
	delay  time.Duration

	mu      sync.Mutex
	pending map[occasion]*Times
	timer   *time.Timer // set while something is pending
	stores  sync.WaitGroup
}

// occasion is a switch: the kind's state after it.
type occasion struct {
	kind  state.Kind
	side  state.Side
	epoch int64
}

// storeDelay is how long a recorder waits for further writes: those that a switch has held go on at about the same
// time.
const storeDelay = 300 * time.Millisecond

// storeTimeout bounds storing. Nobody waits for it.
const storeTimeout = 10 * time.Second

// NewRecorder returns a recorder. Close stores what remains.
func NewRecorder(client *firestore.Client, log *slog.Logger) *Recorder {
	return &Recorder{client: client, log: log, delay: storeDelay, pending: map[occasion]*Times{}}
}

// Held records that a write was held for a duration by a switch that has ended, after which the kind's state is s. A
// nil recorder records nothing.
func (r *Recorder) Held(s state.State, d time.Duration) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	o := occasion{s.Kind, s.Reads(), s.Epoch}
	if r.pending[o] == nil {
		r.pending[o] = &Times{}
	}
	r.pending[o].Add(d)
	if r.timer == nil {
		r.stores.Add(1)
		r.timer = time.AfterFunc(r.delay, func() {
			defer r.stores.Done()
			r.store()
		})
	}
}

// Close stores what is pending.
func (r *Recorder) Close() {
	if r == nil {
		return
	}
	r.mu.Lock()
	stopped := r.timer != nil && r.timer.Stop()
	r.mu.Unlock()
	if stopped {
		r.stores.Done()
		r.store()
	}
	r.stores.Wait()
}

// store stores what is pending. Billed for each switch: 1 read, 1 write.
func (r *Recorder) store() {
	r.mu.Lock()
	pending := r.pending
	r.pending, r.timer = map[occasion]*Times{}, nil
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	for o, times := range pending {
		r.log.Info("a switch has held writes", "kind", string(o.kind), "side", string(o.side), "held", times.String())
		if err := add(ctx, r.client, o, *times); err != nil {
			r.log.Warn("cannot store how long writes were held", logline.FieldError, err.Error())
		}
	}
}

// add adds the writes of one server to those of the others. Writes of an earlier switch come too late.
func add(ctx context.Context, client *firestore.Client, o occasion, times Times) error {
	ref := schema.MigrationHoldsRef(client)
	err := client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		var holds schema.MigrationHolds
		snap, err := tx.Get(ref)
		if _, err := schema.Decode(ref, snap, err, &holds); err != nil {
			return err
		}
		i := slices.IndexFunc(holds.Switches, func(h schema.MigrationHold) bool { return h.Kind == o.kind })
		if i < 0 {
			i = len(holds.Switches)
			holds.Switches = append(holds.Switches, schema.MigrationHold{Kind: o.kind})
		}
		all, last := times, &holds.Switches[i]
		switch {
		case last.Epoch > o.epoch:
			return nil
		case last.Epoch == o.epoch:
			all = timesIn(*last)
			all.Merge(times)
		}
		*last = schema.MigrationHold{
			Kind: o.kind, Side: o.side, Epoch: o.epoch, At: time.Now(), Counts: all.counts, LongestMicros: all.longest.Microseconds(),
		}
		return tx.Set(ref, holds.Fields())
	})
	if err != nil {
		return fmt.Errorf("store how long writes of %s were held: %w", o.kind, err)
	}
	return nil
}

func timesIn(h schema.MigrationHold) Times {
	return timesOf(h.Counts, time.Duration(h.LongestMicros)*time.Microsecond)
}

// Switch is the last switch of a kind, and how long servers held writes for it.
type Switch struct {
	Side  state.Side
	Epoch int64
	Times Times
}

// Read returns the last switch of each kind that held any writes. Billed: 1 read.
func Read(ctx context.Context, client *firestore.Client) (map[state.Kind]Switch, error) {
	var holds schema.MigrationHolds
	if _, err := schema.Read(ctx, schema.MigrationHoldsRef(client), &holds); err != nil {
		return nil, fmt.Errorf("read how long writes were held: %w", err)
	}
	return Of(holds), nil
}

// Of returns what [Read] does, of a document that has been read.
func Of(holds schema.MigrationHolds) map[state.Kind]Switch {
	switches := map[state.Kind]Switch{}
	for _, h := range holds.Switches {
		switches[h.Kind] = Switch{h.Side, h.Epoch, timesIn(h)}
	}
	return switches
}

// Await waits until servers have reported the switch of a kind to an epoch, or a later one, but no longer than a
// duration: there may have been no writes. Those that report last may be missing.
func Await(ctx context.Context, client *firestore.Client, kind state.Kind, epoch int64, atMost time.Duration) (Times, error) {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	var last Times
	for {
		switches, err := Read(ctx, client)
		if ctx.Err() != nil {
			return last, nil
		}
		if err != nil {
			return last, err
		}
		if s := switches[kind]; s.Epoch >= epoch {
			if s.Times.Count() == last.Count() {
				return last, nil
			}
			last = s.Times
		}
		select {
		case <-ctx.Done():
			return last, nil
		case <-time.After(2 * storeDelay):
		}
	}
}
