package legacydb

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config says which database to open.
type Config struct {
	// URL is a connection string, postgres://user:password@host/database.
	URL string
	// Mapping is required.
	Mapping *Mapping
	// ReadOnly makes PostgreSQL reject every write.
	ReadOnly bool
}

// DB is the old database. It is safe for concurrent use.
type DB struct {
	// Pool is for statements of other packages. Its sessions print timestamps in ISO format and UTC.
	Pool    *pgxpool.Pool
	Mapping *Mapping

	keyTypes map[Kind]string
}

// Open connects to the old database and checks that the mapping's SELECTs run and have the columns that
// each kind needs. The error says what to change.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	panic("TODO")
}

// Close closes all connections.
func (db *DB) Close() { db.Pool.Close() }

// Reader is one consistent snapshot of the database. It has one connection, so it is not safe for
// concurrent use, and a loop over [Rows] must end before the next read.
type Reader struct {
	db *DB
	tx pgx.Tx
}

// Reader begins a read-only REPEATABLE READ transaction. snapshot is the name of an exported snapshot,
// for instance of a replication slot, or "" for the database as it is now.
func (db *DB) Reader(ctx context.Context, snapshot string) (*Reader, error) {
	panic("TODO")
}

// Close ends the transaction.
func (r *Reader) Close() {
	panic("TODO")
}
