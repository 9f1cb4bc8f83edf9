package reverse

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/migration/state"
)

//go:embed reverse.sql
var installSQL string

// Kind is a kind of data.
type Kind = state.Kind

// Origin is the replication origin of the transactions of this package.
const Origin = "heektime_reverse"

// Executor is a connection, a pool or a transaction.
type Executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Install creates what the way back needs in the old database. It can run again.
func Install(ctx context.Context, pool *pgxpool.Pool) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to the old database: %w", err)
	}
	defer conn.Release()
	return InstallOn(ctx, conn.Conn())
}

// InstallOn is [Install] on a connection.
func InstallOn(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.PgConn().Exec(ctx, installSQL).ReadAll(); err != nil {
		return fmt.Errorf("create the schema heektime_migration in the old database: %w", err)
	}
	return passwords.Install(ctx, conn)
}

// Begin makes [Run] apply the changes of a kind's documents from a time of Firestore on, and then, once the kind is
// on the new side, the documents that new apps have written before. If they are applied already, that goes on. A
// switch calls it before the new side accepts its first write.
func Begin(ctx context.Context, db Executor, kind Kind, at time.Time) error {
	_, err := db.Exec(ctx, "INSERT INTO heektime_migration.reverse_position (kind, read_time) VALUES ($1, $2) ON CONFLICT DO NOTHING",
		string(kind), at)
	if err != nil {
		return fmt.Errorf("begin the way back of %s: %w", kind, err)
	}
	return nil
}

// End undoes [Begin] of a kind that did not get to the new side.
func End(ctx context.Context, db Executor, kind Kind) error {
	if _, err := db.Exec(ctx, "DELETE FROM heektime_migration.reverse_position WHERE kind = $1", string(kind)); err != nil {
		return fmt.Errorf("end the way back of %s: %w", kind, err)
	}
	return nil
}

// position is what the old database remembers of the stream.
type position struct {
	starts map[Kind]start
	// left has the kinds whose documents from before the first switch are not all in the old database, and the
	// last one that is.
	left map[Kind]string
}

// readPosition reads the position. lock keeps other transactions from changing it.
func readPosition(ctx context.Context, db Executor, lock bool) (*position, error) {
	sql := "SELECT kind, token, read_time, backfill FROM heektime_migration.reverse_position"
	if lock {
		sql += " FOR UPDATE"
	}
	rows, err := db.Query(ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("read the position of the way back: %w", err)
	}
	defer rows.Close()
	p := &position{starts: map[Kind]start{}, left: map[Kind]string{}}
	for rows.Next() {
		var kind string
		var s start
		var backfill *string
		if err := rows.Scan(&kind, &s.token, &s.time, &backfill); err != nil {
			return nil, err
		}
		if backfill != nil {
			p.left[Kind(kind)] = *backfill
		}
		p.starts[Kind(kind)] = s
	}
	return p, rows.Err()
}

// Applied reports whether [Run] has applied a mark: everything that Firestore committed before it is in the old
// database.
func Applied(ctx context.Context, db Executor, mark string) (applied bool, err error) {
	column := "mark"
	if isPasswordMark(mark) {
		column = "password_mark"
	}
	if err := db.QueryRow(ctx, "SELECT "+column+" = $1 FROM heektime_migration.reverse_stream", mark).Scan(&applied); err != nil {
		return false, fmt.Errorf("read how far the way back is: %w", err)
	}
	return applied, nil
}
