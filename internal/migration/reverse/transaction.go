package reverse

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/internal/migration/legacydb"
)

// transaction applies a set in one transaction of the old database.
//
// Statements that write wait until something is read, and then go to PostgreSQL together: with a wait for the network
// for each, many writers would be faster than the way back.
type transaction struct {
	*runner
	set *changeSet
	// careful makes a savepoint for each row, so that one that PostgreSQL rejects does not stop the others.
	careful bool

	tx      pgx.Tx // use read and write
	waiting pgx.Batch

	*rowSet // as it is now in the transaction
}

// maxWaiting limits how many statements wait.
const maxWaiting = 1000

// write makes a statement wait.
func (t *transaction) write(ctx context.Context, sql string, args ...any) error {
	t.waiting.Queue(sql, args...)
	return t.flushFull(ctx)
}

// saveRow makes the statements wait that write a row.
func saveRow[T legacydb.Row](ctx context.Context, t *transaction, row T) error {
	if err := legacydb.Save(&t.waiting, t.cfg.DB.Mapping, row); err != nil {
		return err
	}
	return t.flushFull(ctx)
}

// removeRow makes the statements wait that delete a row.
func (t *transaction) removeRow(ctx context.Context, kind legacydb.Kind, key string) error {
	if err := legacydb.Remove(&t.waiting, t.cfg.DB.Mapping, kind, key); err != nil {
		return err
	}
	return t.flushFull(ctx)
}

func (t *transaction) flushFull(ctx context.Context) error {
	if t.waiting.Len() < maxWaiting {
		return nil
	}
	return t.flush(ctx)
}

// flush sends the statements that wait.
func (t *transaction) flush(ctx context.Context) error {
	if t.waiting.Len() == 0 {
		return nil
	}
	batch := t.waiting
	t.waiting = pgx.Batch{}
	if err := t.tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("write to the old database: %w", err)
	}
	return nil
}

// read returns what reads the old database as it is after all statements so far.
func (t *transaction) read(ctx context.Context) (pgx.Tx, *legacydb.Reader, error) {
	if err := t.flush(ctx); err != nil {
		return nil, nil, err
	}
	return t.tx, t.cfg.DB.Within(t.tx), nil
}

// saveRowAlone writes a row in a savepoint, so that the transaction survives if PostgreSQL rejects it.
func saveRowAlone[T legacydb.Row](ctx context.Context, t *transaction, row T) error {
	tx, _, err := t.read(ctx)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		var batch pgx.Batch
		if err := legacydb.Save(&batch, t.cfg.DB.Mapping, row); err != nil {
			return err
		}
		return tx.SendBatch(ctx, &batch).Close()
	})
}
