package reverse

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/state"
)

// Guards returns the kinds of which a guard of package cutover keeps the old server from writing at least one table, and
// whether it does so until a switch opens the table, and not for the time of a switch alone.
func Guards(ctx context.Context, db Executor) (final map[Kind]bool, err error) {
	const query = `
		-- Materialized, because only guards have a time as their argument.
		WITH guards AS MATERIALIZED (
			SELECT encode(t.tgargs, 'escape') AS args -- each argument is followed by a zero byte
			FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
			WHERE n.nspname = 'heektime_migration' AND p.proname = 'guard' AND t.tgenabled <> 'D')
		SELECT split_part(args, '\000', 1), bool_or(split_part(args, '\000', 2) = 'final') FROM guards
		WHERE CASE split_part(args, '\000', 2) WHEN 'final' THEN true ELSE clock_timestamp() < split_part(args, '\000', 2)::timestamptz END
		GROUP BY 1`
	rows, err := db.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the guards of the old database: %w", err)
	}
	final = map[Kind]bool{}
	var kind string
	var isFinal bool
	if _, err = pgx.ForEachRow(rows, []any{&kind, &isFinal}, func() error {
		final[Kind(kind)] = isFinal
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read the guards of the old database: %w", err)
	}
	return final, nil
}

// noticeOpenTables makes kinds whose tables are open to the old server count as being on the old side, although the
// stream has not reported that yet. What is read beside the stream is not in its order: without this, a page of a
// backfill could bring a row back that the old server has just deleted.
//
// A switch back opens the tables before the old server writes. So a transaction that sees them closed sees
// none of its writes, and PostgreSQL reports a conflict with those that come later.
func (r *runner) noticeOpenTables(ctx context.Context, tx pgx.Tx) error {
	guards, err := Guards(ctx, tx)
	if err != nil {
		return err
	}
	for kind, phase := range r.phases {
		if _, closed := guards[kind]; phase == state.PhaseNew && kind != state.Schools && !closed {
			r.phases[kind] = state.PhaseOld
		}
	}
	return nil
}
