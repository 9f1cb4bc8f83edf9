package sweeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/schema"
)

// stageOf returns the index of a position's stage, 0 if the position has none.
func stageOf(p schema.SweepPosition) int {
	return max(0, slices.IndexFunc(stages, func(s stage) bool { return s.name == p.Stage }))
}

// reserve is what the start and end of a run bill: one read and two writes of its document.
const reserve = 3

// errBusy means that another run holds the lease.
var errBusy = errors.New("another sweep is in progress")

// begin takes the lease and reads the position where the last run stopped.
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
		r.at, r.unfinished, r.counted, r.failed = s.Position, s.Unfinished, s.Counted, s.Failed
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

// save saves the position, from which the next run continues if this one is killed.
func (r *run) save(ctx context.Context) error {
	if r.need(1) != nil {
		return nil // the next step ends the run, which saves the position
	}
	r.billed(1)
	return r.write(ctx, []firestore.Update{
		{Path: schema.FieldPosition, Value: r.at}, {Path: schema.FieldUnfinished, Value: r.unfinished},
		{Path: schema.FieldCounted, Value: r.counted}, {Path: schema.FieldLease, Value: r.now().Add(lease)},
	})
}

// keepsFailing is how many runs in a row fail before the sweeper logs that it keeps failing: the job's run
// and two of its retries.
const keepsFailing = 3

// end saves the position and the report, counts a run that failed, and releases the lease.
func (r *run) end(ctx context.Context, failed bool) error {
	if r.failed++; !failed {
		r.failed = 0
	}
	err := r.write(ctx, []firestore.Update{
		{Path: schema.FieldPosition, Value: r.at}, {Path: schema.FieldUnfinished, Value: r.unfinished},
		{Path: schema.FieldCounted, Value: r.counted}, {Path: schema.FieldLease, Value: time.Time{}}, {Path: schema.FieldFailed, Value: r.failed},
		{Path: schema.FieldLast, Value: r.report}, {Path: schema.FieldEnded, Value: r.now()},
	})
	if r.failed >= keepsFailing {
		r.log.ErrorContext(ctx, logline.SweepKeepsFailing, "runs", r.failed)
	}
	return err
}

// write updates the document if nobody else has written it since this run did. A run that stalled past
// its lease must not overwrite the position of the next one.
func (r *run) write(ctx context.Context, updates []firestore.Update) error {
	result, err := schema.SweepRef(r.firestore).Update(ctx, updates, firestore.LastUpdateTime(r.written))
	if err != nil {
		return fmt.Errorf("save the position of the sweep (another may have begun): %w", err)
	}
	r.written = result.UpdateTime
	return nil
}
