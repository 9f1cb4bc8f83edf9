package reverse

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/state"
)

// GuardPrefix begins the names of the triggers that keep the old server from writing a kind, followed by the kind and
// "_". Package cutover makes them. Their second argument is until when they do, or "final".
const GuardPrefix = "heektime_guard_"

// noticeOpenTables makes kinds whose tables are open to the old server count as being on the old side, although the
// stream has not reported that yet. What is read beside the stream is not in its order: without this, a page of a
// backfill could bring a row back that the old server has just deleted.
//
// A switch back opens the tables before the old server writes. So a transaction that sees them closed sees
// none of its writes, and PostgreSQL reports a conflict with those that come later.
func (r *runner) noticeOpenTables(ctx context.Context, tx pgx.Tx) error {
	for kind, phase := range r.phases {
		if phase != state.PhaseNew || kind == state.Schools {
			continue
		}
		var closed bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (
			SELECT FROM pg_trigger t, split_part(encode(t.tgargs, 'escape'), '\000', 2) until
			WHERE t.tgenabled <> 'D' AND CASE WHEN NOT starts_with(t.tgname, $1) THEN false WHEN until = 'final' THEN true
				ELSE clock_timestamp() < until::timestamptz END)`, // only guards have a time there
			GuardPrefix+string(kind)+"_").Scan(&closed)
		if err != nil {
			return fmt.Errorf("read whether the tables of %s are closed: %w", kind, err)
		}
		if !closed {
			r.phases[kind] = state.PhaseOld
		}
	}
	return nil
}
