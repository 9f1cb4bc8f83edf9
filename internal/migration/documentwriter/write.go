package documentwriter

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/schema"
)

// Write is one document to write, or to delete if it has no fields.
type Write struct {
	Ref    *firestore.DocumentRef
	Fields map[string]any
	// CreateOnly leaves a document as it is if it exists.
	CreateOnly bool
	// UnlessLater leaves a document as it is if its updatedAt is later than that of Fields. It is read in the
	// transaction that writes it, so nobody's write in between is lost.
	UnlessLater bool
}

// isLater reports whether a document, nil if it does not exist, was updated later than fields.
func isLater(document, fields map[string]any) bool {
	at, ok := fields[schema.FieldUpdatedAt].(time.Time)
	now, known := document[schema.FieldUpdatedAt].(time.Time)
	return ok && known && now.After(at)
}

// Bounds of a transaction. Firestore allows 10 MiB for the documents and their index entries together; a
// document that uses all of the schema's bounds has 30 kB.
// Source: https://cloud.google.com/firestore/quotas
const (
	maxChunk    = 200
	maxParallel = 8
)

// Commit writes documents in chunks, several at the same time and in no particular order, so a document
// must occur only once. If it fails, some of them may have been written. Billed: a write per document, a
// read per chunk and per document that is only created, or left alone if it is later.
func (w *Writer) Commit(ctx context.Context, writes []Write) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for len(writes) > 0 {
		chunk := writes[:min(maxChunk, len(writes))]
		writes = writes[len(chunk):]
		group.Go(func() error { return w.commit(ctx, chunk) })
	}
	return group.Wait()
}

// commit writes one chunk. If Firestore rejects it, halves find out which document is to blame, or that
// each of them is small enough.
func (w *Writer) commit(ctx context.Context, chunk []Write) error {
	if err := w.ramp.Wait(ctx, len(chunk)); err != nil {
		return err
	}
	err := w.fenced(ctx, fmt.Sprintf("write %d documents from %s on", len(chunk), schema.Path(chunk[0].Ref)),
		func(_ context.Context, tx *firestore.Transaction) error { return put(tx, chunk) })
	if status.Code(err) != codes.InvalidArgument || len(chunk) == 1 {
		return err
	}
	half := len(chunk) / 2
	if err := w.commit(ctx, chunk[:half]); err != nil {
		return err
	}
	return w.commit(ctx, chunk[half:])
}

func put(tx *firestore.Transaction, writes []Write) error {
	keep, err := toKeep(tx, writes)
	if err != nil {
		return err
	}
	for _, write := range writes {
		var err error
		switch {
		case write.Fields == nil:
			err = tx.Delete(write.Ref)
		case !keep[write.Ref.Path]:
			err = tx.Set(write.Ref, write.Fields)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", schema.Path(write.Ref), err)
		}
	}
	return nil
}

// toKeep returns the documents to leave as they are.
func toKeep(tx *firestore.Transaction, writes []Write) (map[string]bool, error) {
	var refs []*firestore.DocumentRef
	byPath := map[string]Write{}
	for _, write := range writes {
		if write.Fields != nil && (write.CreateOnly || write.UnlessLater) {
			refs = append(refs, write.Ref)
			byPath[write.Ref.Path] = write
		}
	}
	if len(refs) == 0 {
		return nil, nil
	}
	docs, err := tx.GetAll(refs)
	if err != nil {
		return nil, fmt.Errorf("read which documents to keep: %w", err)
	}
	keep := map[string]bool{}
	for _, doc := range docs {
		write := byPath[doc.Ref.Path]
		keep[doc.Ref.Path] = write.CreateOnly && doc.Exists() || write.UnlessLater && isLater(doc.Data(), write.Fields)
	}
	return keep, nil
}
