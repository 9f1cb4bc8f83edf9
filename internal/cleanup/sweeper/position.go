package sweeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// stageOf returns the index of the stage at a position, the first if it has none.
func stageOf(p schema.SweepPosition) int {
	return max(0, slices.IndexFunc(stages, func(s stage) bool { return s.name == p.Stage }))
}

// reserve is what beginning and ending a run bills: its document is read once and written twice.
const reserve = 3

// errBusy says that another run is under way.
var errBusy = errors.New("another sweep is under way")

// begin takes the lease.
func (r *run) begin(ctx context.Context) error {
	var committed firestore.CommitResponse
	ref := schema.SweepRef(r.firestore)
	err := r.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snap, err := tx.Get(ref)
		var s schema.Sweep
		if _, err := schema.Decode(ref, snap, err, &s); err != nil {
			return err
		}
		if s.Lease.After(r.now()) {
			return errBusy
		}
		r.at = s.Position
		s.Lease = r.now().Add(lease)
		return tx.Set(ref, s)
	}, firestore.WithCommitResponseTo(&committed))
	if err != nil {
		return fmt.Errorf("begin a sweep: %w", err)
	}
	r.written = committed.CommitTime()
	r.billed(reserve)
	return nil
}

// save remembers the position, which another run has if this one is killed. A run that has stood still past its lease must not
// turn back the one after it.
func (r *run) save(ctx context.Context) error {
	if r.need(1) != nil {
		return nil // then the run ends with the next step, and that remembers the position
	}
	r.billed(1)
	return r.write(ctx, []firestore.Update{{Path: schema.FieldPosition, Value: r.at}, {Path: schema.FieldLease, Value: r.now().Add(lease)}})
}

// end remembers the position and what the run came to.
func (r *run) end(ctx context.Context) error {
	return r.write(ctx, []firestore.Update{
		{Path: schema.FieldPosition, Value: r.at}, {Path: schema.FieldLease, Value: time.Time{}}, {Path: schema.FieldLast, Value: r.report}, {Path: schema.FieldEnded, Value: r.now()},
	})
}

// write changes the document if it is as this run has left it.
func (r *run) write(ctx context.Context, updates []firestore.Update) error {
	result, err := schema.SweepRef(r.firestore).Update(ctx, updates, firestore.LastUpdateTime(r.written))
	if err != nil {
		return fmt.Errorf("remember where the sweep is (another may have begun): %w", err)
	}
	r.written = result.UpdateTime
	return nil
}
