package legacydb

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Save inserts or replaces a row with the mapping's statements. Columns of a row that [ByKey] read are
// written back exactly as they were.
func Save[T Row](ctx context.Context, tx pgx.Tx, m *Mapping, row T) error {
	panic("TODO")
}

// Remove deletes a row with the mapping's statements, if it exists.
func Remove(ctx context.Context, tx pgx.Tx, m *Mapping, kind Kind, key string) error {
	panic("TODO")
}
