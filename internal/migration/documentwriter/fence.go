package documentwriter

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// ErrReplaced means that another process has claimed the position. This one must end.
var ErrReplaced = errors.New("another heektime migrate copy or follow has taken over: only one may run, so this one ends")

// Writer writes documents as long as its process holds the position. It is safe for concurrent use.
type Writer struct {
	client *firestore.Client
	holder string
	ramp   *Ramp
}

// Claim makes this process the only one that writes and returns the position as it is. Processes that
// claimed it before can write nothing from now on. Billed: 1 read, 1 write.
//
// If one was killed within a transaction, Firestore keeps the transaction's locks until it has been idle for a minute
// (https://firebase.google.com/docs/firestore/quotas#writes_and_transactions). Claim waits for that, and
// logs that it does.
func Claim(ctx context.Context, client *firestore.Client, log *slog.Logger) (*Writer, schema.MigrationPosition, error) {
	w := &Writer{client: client, holder: rand.Text()}
	waiting := time.AfterFunc(claimNotice, func() {
		log.Info("waiting for Firestore. If another copy or follow was killed, its locks last for up to a minute")
	})
	defer waiting.Stop()
	ref := schema.MigrationPositionRef(client)
	var position schema.MigrationPosition
	err := client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snap, err := tx.Get(ref)
		position = schema.MigrationPosition{}
		if _, err := schema.Decode(ref, snap, err, &position); err != nil {
			return err
		}
		position.Holder = w.holder
		return tx.Set(ref, position.Fields())
	})
	if err != nil {
		return nil, position, fmt.Errorf("claim the migration's position: %w", err)
	}
	return w, position, nil
}

// claimNotice is how long claiming may take without a word.
const claimNotice = 3 * time.Second

// SetRamp makes the writer keep to a pace. It must be called before anything is written.
func (w *Writer) SetRamp(ramp *Ramp) { w.ramp = ramp }

// Advance replaces the position. Everything up to it must have been written. Billed: 1 read, 1 write.
func (w *Writer) Advance(ctx context.Context, position schema.MigrationPosition) error {
	position.Holder = w.holder
	ref := schema.MigrationPositionRef(w.client)
	return w.fenced(ctx, "write the migration's position", func(_ context.Context, tx *firestore.Transaction) error {
		return tx.Set(ref, position.Fields())
	})
}

// SaveCopy replaces the progress of the copy and, if it is not nil, the position. Billed: 1 read, 1 or
// 2 writes.
func (w *Writer) SaveCopy(ctx context.Context, progress schema.MigrationCopy, position *schema.MigrationPosition) error {
	return w.fenced(ctx, "write the copy's progress", func(_ context.Context, tx *firestore.Transaction) error {
		if position != nil {
			position.Holder = w.holder
			if err := tx.Set(schema.MigrationPositionRef(w.client), position.Fields()); err != nil {
				return err
			}
		}
		return tx.Set(schema.MigrationCopyRef(w.client), progress.Fields())
	})
}

// commitTimeout bounds a transaction with its retries, so that a connection that has died without notice
// is noticed. Firestore ends transactions after 270 seconds.
const commitTimeout = 2 * time.Minute

// fenced runs a transaction that fails with [ErrReplaced] unless this process holds the position.
func (w *Writer) fenced(ctx context.Context, doing string, do func(context.Context, *firestore.Transaction) error) error {
	ref := schema.MigrationPositionRef(w.client)
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	err := w.client.RunTransaction(ctx, func(ctx context.Context, tx *firestore.Transaction) error {
		var position schema.MigrationPosition
		snap, err := tx.Get(ref)
		if _, err := schema.Decode(ref, snap, err, &position); err != nil {
			return err
		}
		if position.Holder != w.holder {
			return ErrReplaced
		}
		return do(ctx, tx)
	}, firestore.MaxAttempts(10))
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
