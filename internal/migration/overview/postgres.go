package overview

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/reverse"
)

// oldTimeout bounds reading the old database. Its views respond immediately unless it is overloaded.
const oldTimeout = 5 * time.Second

func (o *Overview) readOld(ctx context.Context, db *legacydb.DB) error {
	ctx, cancel := context.WithTimeout(ctx, oldTimeout)
	defer cancel()
	for _, read := range []func(context.Context, *pgxpool.Pool) error{o.readSlot, o.readBack, o.readGuards} {
		if err := read(ctx, db.Pool); err != nil {
			return fmt.Errorf("read the old database: %w", err)
		}
	}
	if err := o.readTotal(ctx, db); err != nil && ctx.Err() == nil {
		return fmt.Errorf("read the old database: %w", err)
	}
	return nil // a large database may not be counted in time
}

// readSlot reads the slot and the connection that reads from it. flush_lag is only known while there is one, and
// only to roles that may see others' connections.
func (o *Overview) readSlot(ctx context.Context, db *pgxpool.Pool) error {
	f := o.Follow
	if f == nil {
		return nil
	}
	// wal_status is new in PostgreSQL 13; to_jsonb has it only where the view does.
	const query = `
		SELECT s.active, coalesce(s.confirmed_flush_lsn, '0/0')::text,
		       coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), s.confirmed_flush_lsn), 0)::bigint,
		       coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn), 0)::bigint,
		       coalesce(to_jsonb(s)->>'wal_status', '') = 'lost' OR s.restart_lsn IS NULL,
		       extract(epoch FROM r.flush_lag)::float8, extract(epoch FROM clock_timestamp())::float8
		FROM pg_replication_slots s LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid
		WHERE s.slot_name = $1 AND s.database = current_database()`
	applied := f.appliedUpTo()
	var lag *float64
	var now float64
	err := db.QueryRow(ctx, query, f.Slot).Scan(&f.Running, &f.LSN, &f.LagBytes, &f.RetainedBytes, &f.Lost, &lag, &now)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		f.Missing = true
		return nil
	case err != nil:
		return err
	}
	f.LagBytes = max(f.LagBytes, 0)
	switch {
	case f.LagBytes == 0:
		f.LagSeconds = 0
	case lag != nil && f.Running:
		f.LagSeconds = *lag
	case !applied.IsZero():
		f.LagSeconds = max(0, now-float64(applied.UnixMicro())/1e6)
	}
	return nil
}

// caughtUp is how many bytes of log follow may be behind without being late: PostgreSQL writes some all the time.
const caughtUp = 1 << 20

// appliedUpTo returns up to when the changes of the old database have been applied, as follow has stored it.
func (f *Follow) appliedUpTo() time.Time {
	if f.CommittedAt.IsZero() || f.LagSeconds == 0 && f.LagBytes < caughtUp && f.AppliedAt.After(f.CommittedAt) {
		return f.AppliedAt // there was nothing else
	}
	return f.CommittedAt
}

// readTotal counts, while a copy is in progress, the rows that it copies.
func (o *Overview) readTotal(ctx context.Context, db *legacydb.DB) error {
	c := o.Copy
	if c == nil || !c.Finished.IsZero() {
		return nil
	}
	r, err := db.Reader(ctx, "")
	if err != nil {
		return err
	}
	defer r.Close()
	for _, kind := range legacydb.Kinds() {
		n, err := r.Count(ctx, kind)
		if err != nil {
			return fmt.Errorf("count the %ss: %w", kind, err)
		}
		c.Total += n.Rows
	}
	return nil
}

// hasTable reports whether the old database has a table of the migration's own schema.
func hasTable(ctx context.Context, db *pgxpool.Pool, name string) (has bool, err error) {
	err = db.QueryRow(ctx, `SELECT to_regclass('heektime_migration.' || quote_ident($1)) IS NOT NULL`, name).Scan(&has)
	return has, err
}

// readBack reads how far the way back is.
func (o *Overview) readBack(ctx context.Context, db *pgxpool.Pool) error {
	if has, err := hasTable(ctx, db, "reverse_position"); err != nil || !has {
		return err
	}
	var position, applied *time.Time
	var aside int64
	const query = `
		SELECT (SELECT min(read_time) FROM heektime_migration.reverse_position),
		       (SELECT applied_at FROM heektime_migration.reverse_stream),
		       (SELECT count(*) FROM heektime_migration.aside)`
	if err := db.QueryRow(ctx, query).Scan(&position, &applied, &aside); err != nil {
		return err
	}
	if position == nil {
		return nil
	}
	o.Back = &Back{Position: *position, Aside: aside, LagSeconds: max(0, o.At.Sub(*position).Seconds())}
	if applied != nil {
		o.Back.AppliedAt = *applied
	}
	return nil
}

// readGuards finds the kinds of which the old database rejects the old server's writes.
func (o *Overview) readGuards(ctx context.Context, db *pgxpool.Pool) error {
	guards, err := reverse.Guards(ctx, db)
	if err != nil {
		return err
	}
	for i := range o.Kinds {
		switch final, guarded := guards[o.Kinds[i].Kind]; {
		case final:
			o.Kinds[i].Guarded = "final"
		case guarded:
			o.Kinds[i].Guarded = "timed"
		}
	}
	return nil
}

// lsnBytes returns a position as a number of bytes, 0 if it is malformed.
func lsnBytes(text string) uint64 {
	lsn, err := pglogrepl.ParseLSN(text)
	if err != nil {
		return 0
	}
	return uint64(lsn)
}
