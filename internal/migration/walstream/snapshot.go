package walstream

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Snapshot is which transactions a reader sees.
type Snapshot struct {
	// end is the first transaction that had not started, running are those before it that had not ended.
	end     uint32
	running []uint32
}

// CurrentLSN returns a position of the database's log that is after every transaction that other sessions see now,
// and up to which the log is on the disk, so that it is streamed. PostgreSQL's own position is neither while
// transactions do not wait for the log (synchronous_commit = off): they are visible before they are written. So this
// commits a message to nobody, which waits for the log, but for no standby.
//
// Source: https://www.postgresql.org/docs/12/wal-async-commit.html
func CurrentLSN(ctx context.Context, db querier) (lsn LSN, err error) {
	const flush = "SELECT set_config('synchronous_commit', 'local', true) || pg_logical_emit_message(true, 'heektime', '')::text"
	var text string
	if err = db.QueryRow(ctx, flush).Scan(&text); err == nil {
		err = db.QueryRow(ctx, "SELECT pg_current_wal_flush_lsn()::text").Scan(&lsn)
	}
	if err != nil {
		return 0, fmt.Errorf("read the position of the old database's log: %w", err)
	}
	return lsn, nil
}

// CurrentSnapshot returns what a reader that starts now sees at least.
func CurrentSnapshot(ctx context.Context, db querier) (Snapshot, error) {
	// The name of the function before PostgreSQL 13, which later versions still have.
	var text string
	if err := db.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&text); err != nil {
		return Snapshot{}, fmt.Errorf("read the current snapshot: %w", err)
	}
	return parseSnapshot(text)
}

// parseSnapshot parses first:end:running,running.
// Source: https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
func parseSnapshot(text string) (Snapshot, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return Snapshot{}, fmt.Errorf("snapshot %q: want first:end:running", text)
	}
	var s Snapshot
	for i, number := range append([]string{parts[1]}, strings.Split(parts[2], ",")...) {
		if number == "" {
			continue
		}
		id, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return Snapshot{}, fmt.Errorf("snapshot %q: %w", text, err)
		}
		// The text has the epoch in the upper half, which the stream's ids lack.
		if i == 0 {
			s.end = uint32(id)
		} else {
			s.running = append(s.running, uint32(id))
		}
	}
	return s, nil
}

// Contains reports whether a reader sees a transaction that has committed. Ids wrap around, so the
// transaction must be one of the last two thousand million.
func (s Snapshot) Contains(xid uint32) bool {
	return int32(xid-s.end) < 0 && !slices.Contains(s.running, xid)
}
