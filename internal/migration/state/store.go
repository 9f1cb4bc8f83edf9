package state

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/schema"
)

// ErrChanged reports that somebody else has changed a state since it was read.
var ErrChanged = errors.New("the migration's state has changed meanwhile")

// Store reads and changes states. It is safe for concurrent use.
type Store struct {
	client *firestore.Client
	now    func() time.Time
}

// NewStore returns a store. now is the clock by which leases are measured; nil means time.Now, whose
// monotonic reading no adjustment of the clock affects.
func NewStore(client *firestore.Client, now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	return &Store{client: client, now: now}
}

// Read reads the states of all kinds in the order of [Kinds]. Billed: 3 reads.
func (s *Store) Read(ctx context.Context) (View, error) {
	began := s.now()
	kinds := Kinds()
	refs := make([]*firestore.DocumentRef, len(kinds))
	for i, kind := range kinds {
		refs[i] = schema.MigrationRef(s.client, kind)
	}
	docs, err := s.client.GetAll(ctx, refs)
	if err != nil {
		return View{}, fmt.Errorf("read the migration's state: %w", err)
	}
	v := View{readAt: began, states: map[Kind]State{}}
	for i, doc := range docs {
		state, err := decode(kinds[i], doc)
		if err != nil {
			return View{}, err
		}
		v.states[kinds[i]] = state
	}
	return v, nil
}

func decode(kind Kind, doc *firestore.DocumentSnapshot) (State, error) {
	state := State{Kind: kind, Migration: schema.Migration{
		Phase: PhaseOld, Toward: Old, LeaseMillis: QuietLease.Milliseconds(), LimitMillis: SwitchLimit.Milliseconds(),
	}}
	exists, err := schema.Decode(doc.Ref, doc, nil, &state.Migration)
	if err != nil {
		return State{}, err
	}
	if exists {
		state.updateTime = doc.UpdateTime
	}
	return state, state.check()
}

// Prepare changes the lease and limit of a resting kind, and makes servers acknowledge what follows. After it,
// [Store.Await] waits for the previous lease. Billed: 1 write, and for each server of earlier switches 1 read and 1
// delete.
func (s *Store) Prepare(ctx context.Context, from State, lease, limit time.Duration) (State, error) {
	if !from.Resting() {
		return from, fmt.Errorf("prepare a switch: %v is being switched", from)
	}
	to := from.Migration
	to.LeaseMillis, to.LimitMillis = lease.Milliseconds(), limit.Milliseconds()
	prepared, err := s.change(ctx, from, to)
	if err == nil {
		prepared.prepared = prepared.Epoch
		s.forget(ctx, prepared)
	}
	return prepared, err
}

// Relax takes back what [Store.Prepare] did to a resting kind, so that servers read its state less often. Billed: 1
// write, unless its lease is quiet.
func (s *Store) Relax(ctx context.Context, from State) (State, error) {
	if !from.Resting() || !from.switching() {
		return from, nil
	}
	to := from.Migration
	to.LeaseMillis = QuietLease.Milliseconds()
	return s.change(ctx, from, to)
}

// Hold begins a switch of a resting kind to the other side: its writes are held. Billed: 1 write.
func (s *Store) Hold(ctx context.Context, from State) (State, error) {
	if !from.Resting() {
		return from, fmt.Errorf("begin a switch: %v is already being switched", from)
	}
	to := from.Migration
	to.Phase, to.Toward = Holding, New
	if from.Phase == PhaseNew {
		to.Toward = Old
	}
	return s.change(ctx, from, to)
}

// Settle lets reads of a held kind go to the side that the switch moves it to. Both sides must be equal.
// Billed: 1 write.
func (s *Store) Settle(ctx context.Context, from State) (State, error) {
	if from.Phase != Holding || from.Aborting {
		return from, fmt.Errorf("settle a switch: %v is not being held", from)
	}
	to := from.Migration
	to.Phase = Settling
	return s.change(ctx, from, to)
}

// Flip ends a switch: writes go to the side that it moves the kind to, and the lease is quiet again. The
// lease of settling must have passed, see [Store.Await]. Billed: 1 write.
func (s *Store) Flip(ctx context.Context, from State) (State, error) {
	if from.Phase != Settling {
		return from, fmt.Errorf("end a switch: %v is not settling", from)
	}
	to := from.Migration
	to.Phase, to.LeaseMillis = rest(to.Toward), QuietLease.Milliseconds()
	to.WasNew = to.WasNew || to.Phase == PhaseNew
	return s.change(ctx, from, to)
}

// Abort takes a switch back and returns the resting state, with a quiet lease. Aborting a resting state
// does nothing. The error may be [ErrChanged]. Billed: 1 or 2 writes.
//
// A kind that is settling is first held again for a lease, in which reads return to where it came from:
// a server must not let a write go on there while another still reads from the other side.
func (s *Store) Abort(ctx context.Context, from State) (State, error) {
	if from.Resting() {
		return from, nil
	}
	if from.Phase == Settling {
		to := from.Migration
		to.Phase, to.Aborting = Holding, true
		held, err := s.change(ctx, from, to)
		if err != nil {
			return held, err
		}
		from = held
	}
	if from.Aborting {
		if err := s.Await(ctx, from); err != nil {
			return from, err
		}
	}
	to := from.Migration
	to.Phase, to.Toward, to.Aborting = rest(from.Origin()), from.Origin(), false
	to.LeaseMillis = QuietLease.Milliseconds()
	return s.change(ctx, from, to)
}

// Await waits until no server decides by the state before this one: until its lease has passed or, if this process has
// prepared the switch, all servers have acknowledged this state. A state that was only read waits for the longest lease,
// because the one before it is unknown. Billed: if it was prepared, a read for each server every 25 ms.
func (s *Store) Await(ctx context.Context, of State) error {
	since, lease := of.since, of.lease
	if since.IsZero() {
		since, lease = s.now(), QuietLease
	}
	lease += lease / 10 // clocks may run at slightly different rates
	passed := time.NewTimer(lease - s.now().Sub(since))
	defer passed.Stop()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	acknowledged := make(chan struct{})
	if of.prepared > 0 && of.Epoch > of.prepared {
		go func() {
			if s.awaitAcknowledged(reading, of) {
				close(acknowledged)
			}
		}()
	}
	select {
	case <-passed.C:
		return nil
	case <-acknowledged:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the lease of %v: %w", of, context.Cause(ctx))
	}
}

// change replaces a state's document if it has not changed since it was read. If the response is lost,
// it reads the document to find out whether it has been replaced.
func (s *Store) change(ctx context.Context, from State, to schema.Migration) (State, error) {
	to.Epoch++
	to.Change, to.ChangedAt = rand.Text(), s.now()
	ref := schema.MigrationRef(s.client, from.Kind)
	var result *firestore.WriteResult
	var err error
	if from.updateTime.IsZero() {
		result, err = ref.Create(ctx, to)
	} else {
		result, err = ref.Update(ctx, to.Updates(), firestore.LastUpdateTime(from.updateTime))
	}
	changed := State{Kind: from.Kind, Migration: to, since: s.now(), lease: from.Lease(), prepared: from.prepared}
	if err == nil {
		changed.updateTime = result.UpdateTime
		return changed, nil
	}
	doc, readErr := ref.Get(ctx)
	if status.Code(readErr) == codes.NotFound {
		readErr = nil
	}
	if readErr != nil {
		return from, fmt.Errorf("change the state of %v: %w", from, err)
	}
	now, readErr := decode(from.Kind, doc)
	switch {
	case readErr != nil:
		return from, readErr
	case now.Change == to.Change:
		changed.updateTime, changed.since = doc.UpdateTime, s.now()
		return changed, nil
	case now.Epoch != from.Epoch || now.Change != from.Change:
		return now, fmt.Errorf("%w: %v is now %v", ErrChanged, from, now)
	}
	return from, fmt.Errorf("change the state of %v: %w", from, err)
}
