package legacydb

import (
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Save adds the mapping's statements that insert or replace a row to a batch. Columns of a row that [ByKey] read are
// written back as they were.
func Save[T Row](b *pgx.Batch, m *Mapping, row T) error {
	kind := KindOf[T]()
	key, values := columns(&row)
	args := pgx.NamedArgs{}
	for i, c := range columnsOf[kind] {
		args[c.name] = *values[i]
	}
	args[m.Rows[kind].Key] = *key
	return queue(b, m.Rows[kind].Save, args, "write %s %s to the old database", kind, *key)
}

// Remove adds the mapping's statements that delete a row, if it exists, to a batch.
func Remove(b *pgx.Batch, m *Mapping, kind Kind, key string) error {
	return queue(b, m.Rows[kind].Remove, pgx.NamedArgs{m.Rows[kind].Key: key}, "delete %s %s from the old database", kind, key)
}

func queue(b *pgx.Batch, statements []string, args pgx.NamedArgs, doing string, about ...any) error {
	if len(statements) == 0 {
		return fmt.Errorf(doing+": the mapping has no statements for that; add save and remove", about...)
	}
	for _, statement := range statements {
		b.Queue(statement, args)
	}
	return nil
}
