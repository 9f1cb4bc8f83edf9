package legacydb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Save inserts or replaces a row with the mapping's statements. Columns of a row that [ByKey] read are
// written back as they were.
func Save[T Row](ctx context.Context, tx pgx.Tx, m *Mapping, row T) error {
	kind := KindOf[T]()
	key, values := columns(&row)
	args := pgx.NamedArgs{}
	for i, c := range columnsOf[kind] {
		args[c.name] = *values[i]
	}
	args[m.Rows[kind].Key] = *key
	return execute(ctx, tx, m.Rows[kind].Save, args, "write %s %s to the old database", kind, *key)
}

// Remove deletes a row with the mapping's statements, if it exists.
func Remove(ctx context.Context, tx pgx.Tx, m *Mapping, kind Kind, key string) error {
	return execute(ctx, tx, m.Rows[kind].Remove, pgx.NamedArgs{m.Rows[kind].Key: key}, "delete %s %s from the old database", kind, key)
}

func execute(ctx context.Context, tx pgx.Tx, statements []string, args pgx.NamedArgs, doing string, about ...any) error {
	if len(statements) == 0 {
		return fmt.Errorf(doing+": the mapping has no statements for that; add save and remove", about...)
	}
	// All statements go to PostgreSQL together: one wait for the network, not one for each.
	var batch pgx.Batch
	for _, statement := range statements {
		batch.Queue(statement, args)
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf(doing+": %w", append(about, err)...)
	}
	return nil
}
