package cutover

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"heek.kr/heektime/internal/migration/reverse"
)

//go:embed guard.sql
var guardSQL string

// Rejected is the SQLSTATE of a write that a guard rejects. Its class is none of the standard's.
const Rejected = "HTM01"

// lockTimeout is how long a guard waits for one table's lock. It is shorter than PostgreSQL's default
// deadlock_timeout (1 s): when the old server locks tables in another order, the guard gives up and starts
// over, before PostgreSQL aborts a transaction of the old server.
const lockTimeout = 300 * time.Millisecond

// lockPause is how long a guard leaves the tables alone before it tries again, so that writers that queued
// behind it get their turn.
const lockPause = 50 * time.Millisecond

// guard keeps the old server from writing the tables of one kind. It is made of triggers, one per table.
// A timed guard ends by itself, so that a killed tool leaves nothing closed; a final one stays.
//
// To create, enable or disable a trigger PostgreSQL takes the lock SHARE ROW EXCLUSIVE until the end of the
// transaction: it waits for every transaction that has written the table, and those that want to write
// it wait, and then find the trigger.
//
// Source: https://www.postgresql.org/docs/12/explicit-locking.html
type guard struct {
	conn   *pgx.Conn
	kind   string
	tables []string // quoted, in the order in which they are locked
}

// Install creates what guards need in the old database. It can run again.
func Install(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.PgConn().Exec(ctx, guardSQL).ReadAll(); err != nil {
		return fmt.Errorf("create the schema heektime_migration in the old database: %w", err)
	}
	return reverse.InstallOn(ctx, conn)
}

// shut rejects writes for a time. When it returns, every transaction that wrote the tables has ended,
// and the change of the table drain with the given mark follows all of them in the log. Transactions that
// wait for the tables meanwhile are rejected.
func (g *guard) shut(ctx context.Context, mark int64, limit time.Duration) error {
	return g.retry(ctx, func(tx pgx.Tx) error {
		if err := g.create(ctx, tx, fmt.Sprintf("timed_%d", mark), limit); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO heektime_migration.drain VALUES ($1, $2, clock_timestamp())
			ON CONFLICT (kind) DO UPDATE SET mark = excluded.mark, at = excluded.at`, g.kind, mark)
		return err
	})
}

// finalize rejects writes until [guard.open].
func (g *guard) finalize(ctx context.Context) error {
	switch state, err := g.state(ctx); {
	case err != nil:
		return err
	case state == guardFinal:
		return nil
	}
	if err := g.retry(ctx, func(tx pgx.Tx) error { return g.create(ctx, tx, "final", 0) }); err != nil {
		return err
	}
	return g.tidy(ctx)
}

// open accepts writes again. It disables the triggers first: dropping them needs a lock that waits for
// readers, too, so that a slow report could keep the kind closed.
func (g *guard) open(ctx context.Context) error {
	err := g.retry(ctx, func(tx pgx.Tx) error {
		return g.each(ctx, tx, "", func(table, trigger string) string {
			return fmt.Sprintf("ALTER TABLE %s DISABLE TRIGGER %s", table, trigger)
		})
	})
	if err != nil {
		return err
	}
	return g.tidy(ctx)
}

// tidy drops triggers that are disabled or timed. If readers hold the tables, the triggers stay for the
// next time.
func (g *guard) tidy(ctx context.Context) error {
	err := g.inTransaction(ctx, func(tx pgx.Tx) error {
		return g.each(ctx, tx, "AND (t.tgenabled = 'D' OR t.tgname LIKE '%_timed_%')", func(table, trigger string) string {
			return fmt.Sprintf("DROP TRIGGER %s ON %s", trigger, table)
		})
	})
	if isLockTimeout(err) {
		return nil
	}
	return err
}

// create adds a trigger to every table, or enables it again. limit 0 is forever.
func (g *guard) create(ctx context.Context, tx pgx.Tx, suffix string, limit time.Duration) error {
	until := "final"
	if limit > 0 {
		// The server's clock decides, like in the trigger.
		err := tx.QueryRow(ctx, "SELECT (clock_timestamp() + $1::float8 * interval '1 second')::text", limit.Seconds()).Scan(&until)
		if err != nil {
			return err
		}
	}
	name := triggerPrefix + g.kind + "_" + suffix
	quoted := pgx.Identifier{name}.Sanitize()
	for _, table := range g.tables {
		var exists bool
		err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = $1::text::regclass AND tgname = $2)",
			table, name).Scan(&exists)
		if err == nil && !exists {
			_, err = tx.Exec(ctx, fmt.Sprintf(`CREATE TRIGGER %s BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
				FOR EACH STATEMENT EXECUTE FUNCTION heektime_migration.guard(%s, %s)`, quoted, table, literal(g.kind), literal(until)))
		}
		if err == nil {
			// ALWAYS: also in sessions that replay changes of other databases.
			_, err = tx.Exec(ctx, fmt.Sprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", table, quoted))
		}
		if err != nil {
			return fmt.Errorf("guard table %s: %w", table, err)
		}
	}
	return nil
}

// retry runs do in a transaction. It starts over until it gets the locks that it needs, or the context
// ends.
func (g *guard) retry(ctx context.Context, do func(pgx.Tx) error) error {
	for {
		err := g.inTransaction(ctx, do)
		if !isLockTimeout(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("lock the tables of %s: transactions of the old server did not end in time: %w", g.kind, ctx.Err())
		case <-time.After(lockPause):
		}
	}
}

// inTransaction executes do. Its commit waits for the log even if the database's do not (synchronous_commit =
// off): then everything that was committed before is in the log that a position names, too.
func (g *guard) inTransaction(ctx context.Context, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, g.conn, func(tx pgx.Tx) error {
		settings := fmt.Sprintf("SET LOCAL lock_timeout = %d; SET LOCAL synchronous_commit = on", lockTimeout.Milliseconds())
		if _, err := tx.Exec(ctx, settings); err != nil {
			return err
		}
		return do(tx)
	})
}

// each executes a statement for every trigger of the kind that the condition selects.
func (g *guard) each(ctx context.Context, tx pgx.Tx, condition string, statement func(table, trigger string) string) error {
	rows, err := tx.Query(ctx, `SELECT t.tgrelid::regclass::text, quote_ident(t.tgname) FROM pg_trigger t
		WHERE starts_with(t.tgname, $1) AND t.tgrelid = ANY ($2::text[]::regclass[]) `+condition+` ORDER BY 1, 2`,
		triggerPrefix+g.kind+"_", g.tables)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Table, Trigger string }])
	if err != nil {
		return err
	}
	for _, f := range found {
		if _, err := tx.Exec(ctx, statement(f.Table, f.Trigger)); err != nil {
			return err
		}
	}
	return nil
}

const triggerPrefix = "heektime_guard_"

// guardState says whether the old server can write a kind.
type guardState int

const (
	guardOpen  guardState = iota // the old server writes
	guardTimed                   // it does not, for the rest of a switch's limit
	guardFinal                   // it does not
)

func (s guardState) String() string { return [...]string{"open", "closed for a switch", "closed"}[s] }

// state returns the weakest state of the kind's tables: a guard that lacks one of them does not hold.
func (g *guard) state(ctx context.Context) (guardState, error) {
	var state guardState
	// tgargs has the arguments, each followed by a zero byte.
	err := g.conn.QueryRow(ctx, `
		SELECT coalesce(min(state), 0) FROM (
			SELECT (SELECT coalesce(max(CASE WHEN a = 'final' THEN 2 WHEN clock_timestamp() < a::timestamptz THEN 1 ELSE 0 END), 0)
				FROM pg_trigger t, split_part(encode(t.tgargs, 'escape'), '\000', 2) a
				WHERE t.tgrelid = r.relid AND starts_with(t.tgname, $1) AND t.tgenabled <> 'D') AS state
			FROM unnest($2::text[]::regclass[]) AS r(relid)) s`, triggerPrefix+g.kind+"_", g.tables).Scan(&state)
	if err != nil {
		return guardOpen, fmt.Errorf("read the guard of %s: %w", g.kind, err)
	}
	return state, nil
}

func isLockTimeout(err error) bool { return hasCode(err, "55P03") }

func hasCode(err error, code string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == code
}

// literal quotes a text in SQL with standard_conforming_strings.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
