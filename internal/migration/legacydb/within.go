package legacydb

import "github.com/jackc/pgx/v5"

// Within returns a reader that reads in a transaction of the caller's. It must not be closed.
func (db *DB) Within(tx pgx.Tx) *Reader { return &Reader{db: db, tx: tx} }
