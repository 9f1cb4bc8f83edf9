package documentwriter

import (
	"context"
	"fmt"

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
// read per chunk and per document that is only created.
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
	exists, err := existing(tx, writes)
	if err != nil {
		return err
	}
	for _, write := range writes {
		var err error
		switch {
		case write.Fields == nil:
			err = tx.Delete(write.Ref)
		case !write.CreateOnly || !exists[write.Ref.Path]:
			err = tx.Set(write.Ref, write.Fields)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", schema.Path(write.Ref), err)
		}
	}
	return nil
}

// existing returns which of the documents that are only created exist.
func existing(tx *firestore.Transaction, writes []Write) (map[string]bool, error) {
	var refs []*firestore.DocumentRef
	for _, write := range writes {
		if write.CreateOnly {
			refs = append(refs, write.Ref)
		}
	}
	if len(refs) == 0 {
		return nil, nil
	}
	docs, err := tx.GetAll(refs)
	if err != nil {
		return nil, fmt.Errorf("read which documents exist: %w", err)
	}
	exists := map[string]bool{}
	for _, doc := range docs {
		exists[doc.Ref.Path] = doc.Exists()
	}
	return exists, nil
}
