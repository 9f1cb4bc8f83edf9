package comparison

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/errwrap"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/walstream"
	"heek.kr/heektime/internal/schema"
)

// ErrStuck means that changes do not arrive on the other side: heektime migrate follow is not running, or
// makes no progress.
var ErrStuck = errors.New("changes do not arrive")

// Stream waits for the changes that heektime migrate follow applies to the other side. For those of the old
// database it reads the position of the replication slot, which follow moves only after Firestore has stored
// everything before it; for those of Firestore, the position that the old database keeps of the way back. It
// bills at most a read and two writes.
type Stream struct {
	Old       *legacydb.DB
	Firestore *firestore.Client
	// Patience is how long the position may stay where it is, 30 seconds if it is 0.
	Patience time.Duration

	slot string
}

// pollInterval is how often the position is read.
const pollInterval = 100 * time.Millisecond

// backPatience is how long the position of the way back may stay where it is. It is stored once a minute while
// nothing changes.
const backPatience = 90 * time.Second

// Arrive waits until everything that was committed on either side before the call has arrived on the other. The
// error wraps [ErrStuck] if a position makes no progress for as long as Patience.
func (s *Stream) Arrive(ctx context.Context) error {
	if err := s.arriveForward(ctx); err != nil {
		return err
	}
	return s.arriveBack(ctx)
}

// arriveBack waits until the changes of Firestore are in the old database, if there is a way back.
func (s *Stream) arriveBack(ctx context.Context) error {
	var installed bool
	err := s.Old.Pool.QueryRow(ctx, "SELECT to_regclass('heektime_migration.reverse_position') IS NOT NULL").Scan(&installed)
	if err != nil || !installed {
		return errwrap.Wrap(err, "look for the way back")
	}
	var target time.Time // by Firestore's clock
	read := func(ctx context.Context) (at time.Time, err error) {
		var reached *time.Time
		err = s.Old.Pool.QueryRow(ctx, "SELECT min(read_time) FROM heektime_migration.reverse_position").Scan(&reached)
		if err != nil || reached == nil {
			return target, errwrap.Wrap(err, "read the position of the way back") // nothing flows back yet
		}
		return *reached, nil
	}
	// Without a change the position is stored once a minute. A mark is a change, whoever else waits for one.
	result, err := schema.MigrationMarkRef(s.Firestore).Set(ctx, schema.MigrationMark{Mark: rand.Text()}.Fields())
	if err != nil {
		return fmt.Errorf("mark the stream of changes: %w", err)
	}
	target = result.UpdateTime
	return await(ctx, max(s.patience(), backPatience), target, read, time.Time.Compare)
}

func (s *Stream) patience() time.Duration {
	if s.Patience == 0 {
		return 30 * time.Second
	}
	return s.Patience
}

// await waits until a position has reached a target. The error wraps [ErrStuck] if it stays where it is for too
// long.
func await[T any](ctx context.Context, patience time.Duration, target T, read func(context.Context) (T, error), compare func(a, b T) int) error {
	var last T
	moved := time.Now()
	for first := true; ; first = false {
		reached, err := read(ctx)
		switch {
		case err != nil:
			return err
		case compare(reached, target) >= 0:
			return nil
		case first || compare(reached, last) != 0:
			last, moved = reached, time.Now()
		case time.Since(moved) > patience:
			return fmt.Errorf("%w: follow has been at %v for %v, the other side is at %v", ErrStuck, reached, patience, target)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for changes to arrive: %w", context.Cause(ctx))
		case <-time.After(pollInterval):
		}
	}
}

// arriveForward waits until the changes of the old database are in Firestore.
func (s *Stream) arriveForward(ctx context.Context) error {
	if err := s.findSlot(ctx); err != nil {
		return err
	}
	target, err := walstream.CurrentLSN(ctx, s.Old.Pool)
	if err != nil {
		return err
	}
	// Otherwise follow would move the position only once in a while.
	if _, err := schema.MigrationDrainRef(s.Firestore).Set(ctx, schema.MigrationDrain{LSN: target.String()}.Fields()); err != nil {
		return fmt.Errorf("ask follow for its position: %w", err)
	}
	return await(ctx, s.patience(), target, s.position, cmp.Compare[pglogrepl.LSN])
}

// position returns the position of the slot.
func (s *Stream) position(ctx context.Context) (lsn pglogrepl.LSN, err error) {
	err = s.Old.Pool.QueryRow(ctx, `SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = $1`, s.slot).Scan(&lsn)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, fmt.Errorf("%w: the old database has no replication slot %s", ErrStuck, s.slot)
	case err != nil:
		return 0, fmt.Errorf("read the position of replication slot %s: %w", s.slot, err)
	}
	return lsn, nil
}

// findSlot reads the name of the slot.
func (s *Stream) findSlot(ctx context.Context) error {
	if s.slot != "" {
		return nil
	}
	var p schema.MigrationPosition
	switch exists, err := schema.Read(ctx, schema.MigrationPositionRef(s.Firestore), &p); {
	case err != nil:
		return err
	case !exists || p.Slot == "":
		return fmt.Errorf("%w: heektime migrate follow has not applied anything yet", ErrStuck)
	}
	s.slot = p.Slot
	return nil
}
