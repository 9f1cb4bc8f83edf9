package walstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Slot is the state of a replication slot.
type Slot struct {
	// Confirmed is the position up to which its reader has confirmed changes: PostgreSQL has forgotten
	// those before it.
	Confirmed LSN
	// Active means that a connection reads from it.
	Active bool
	// Lost means that PostgreSQL has removed changes that its reader still needed, because they exceeded
	// max_slot_wal_keep_size.
	Lost bool
}

// querier is a connection or pool.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// FindSlot returns the state of a slot of the current database, nil if it does not exist.
func FindSlot(ctx context.Context, db querier, name string) (*Slot, error) {
	// wal_status is new in PostgreSQL 13; to_jsonb has it only where the view does.
	const query = `
		SELECT coalesce(confirmed_flush_lsn, '0/0')::text, active,
		       coalesce(to_jsonb(s)->>'wal_status', '') = 'lost' OR restart_lsn IS NULL
		FROM pg_replication_slots s
		WHERE slot_name = $1 AND database = current_database() AND plugin = $2`
	var slot Slot
	var confirmed string
	err := db.QueryRow(ctx, query, name, plugin).Scan(&confirmed, &slot.Active, &slot.Lost)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		slot.Confirmed, err = ParseLSN(confirmed)
	}
	if err != nil {
		return nil, fmt.Errorf("read replication slot %s: %w", name, err)
	}
	return &slot, nil
}
