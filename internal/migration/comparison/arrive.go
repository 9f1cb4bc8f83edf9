package comparison

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/schema"
)

// ErrStuck means that changes do not arrive on the other side: heektime migrate follow is not running, or
// makes no progress.
var ErrStuck = errors.New("changes do not arrive")

// Stream waits for the changes of the old database that heektime migrate follow applies to Firestore. It reads
// the position of the replication slot, which follow moves only after Firestore has stored everything
// before it. It bills one read at the first use.
type Stream struct {
	Old       *legacydb.DB
	Firestore *firestore.Client
	// Patience is how long the position may stay where it is, 30 seconds if it is 0.
	Patience time.Duration

	slot string
}

// pollInterval is how often the position is read.
const pollInterval = 100 * time.Millisecond

// Arrive waits until everything that was committed in the old database before the call is in Firestore. The error
// wraps [ErrStuck] if the position makes no progress for as long as Patience.
func (s *Stream) Arrive(ctx context.Context) error {
	if err := s.findSlot(ctx); err != nil {
		return err
	}
	var target pglogrepl.LSN
	if err := s.Old.Pool.QueryRow(ctx, `SELECT pg_current_wal_insert_lsn()::text`).Scan(&target); err != nil {
		return fmt.Errorf("read the position of the old database: %w", err)
	}
	patience := s.Patience
	if patience == 0 {
		patience = 30 * time.Second
	}
	var last pglogrepl.LSN
	moved := time.Now()
	for {
		reached, err := s.position(ctx)
		switch {
		case err != nil:
			return err
		case reached >= target:
			return nil
		case reached != last:
			last, moved = reached, time.Now()
		case time.Since(moved) > patience:
			return fmt.Errorf("%w: follow has been at %v for %v, the old database is at %v", ErrStuck, reached, patience, target)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for changes of the old database: %w", context.Cause(ctx))
		case <-time.After(pollInterval):
		}
	}
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
