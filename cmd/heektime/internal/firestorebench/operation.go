package firestorebench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// lectures is the ID of the collections that are read and queried; the composite index is for it.
const lectures = "lectures"

// operation is an operation that callers repeat. run executes it once and checks the response.
type operation struct {
	name string
	// single limits the operation to one caller.
	single bool
	run    func(ctx context.Context, t *target, caller, i int) error
}

// queryLimit is the limit of the query.
const queryLimit = 20

// operations returns the operations to measure.
func (b *bench) operations() []operation {
	return []operation{
		{name: "nothing", run: func(ctx context.Context, t *target, _, _ int) error { return t.nothing(ctx) }},
		{name: "set", run: func(ctx context.Context, t *target, caller, i int) error {
			_, err := t.client.Doc(fmt.Sprintf("written/%d-%d", caller, i%100)).Set(ctx, lecture(i))
			return err
		}},
		{name: "get", run: func(ctx context.Context, t *target, _, _ int) error {
			n := rand.IntN(b.Documents)
			s, err := t.client.Doc(fmt.Sprintf("%s/%d", lectures, n)).Get(ctx)
			if err != nil {
				return err
			}
			if got, ok := s.Data()["n"].(int64); !ok || got != int64(n) {
				return fmt.Errorf("lecture %d: n = %v", n, s.Data()["n"])
			}
			return nil
		}},
		{name: "query", run: func(ctx context.Context, t *target, _, _ int) error {
			return t.query(ctx, t.client.Collection(lectures), b.Documents)
		}},
		{name: "transaction", run: func(ctx context.Context, t *target, caller, i int) error {
			// Callers use different documents; increment.go tests contention.
			doc := t.client.Doc(fmt.Sprintf("%s/%d", lectures, (caller*100+i%100)%b.Documents))
			return t.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
				s, err := tx.Get(doc)
				if err != nil {
					return err
				}
				credit, ok := s.Data()["credit"].(int64)
				if !ok {
					return fmt.Errorf("%s has no credit", doc.ID)
				}
				return tx.Update(doc, []firestore.Update{{Path: "credit", Value: credit + 1}})
			})
		}},
		{name: "read all", single: true, run: func(ctx context.Context, t *target, _, _ int) error {
			got, err := t.client.Collection(lectures).Documents(ctx).GetAll()
			if err != nil {
				return err
			}
			if len(got) != b.Documents {
				return fmt.Errorf("got %d documents, want %d", len(got), b.Documents)
			}
			return nil
		}},
	}
}

// nothing reads no documents, to find out what a call costs that does nothing.
func (t *target) nothing(ctx context.Context) error {
	s, err := pb.NewFirestoreClient(t.conn).BatchGetDocuments(ctx, &pb.BatchGetDocumentsRequest{Database: database})
	if err != nil {
		return err
	}
	if r, err := s.Recv(); err != io.EOF {
		return fmt.Errorf("read no documents: got %v, %w", r, err)
	}
	return nil
}

// query queries a collection of size documents for the last lectures of one kind, using the composite
// index.
func (t *target) query(ctx context.Context, c *firestore.CollectionRef, size int) error {
	kind := rand.IntN(kinds)
	got, err := c.Where("kind", "==", kind).OrderBy("n", firestore.Desc).Limit(queryLimit).Documents(ctx).GetAll()
	if err != nil {
		return err
	}
	if want := min(queryLimit, size/kinds); len(got) != want {
		return fmt.Errorf("got %d documents of kind %d, want %d", len(got), kind, want)
	}
	last := size - kinds + kind // if size is a multiple of kinds
	for i, s := range got {
		if n, _ := s.Data()["n"].(int64); n != int64(last-i*kinds) {
			return fmt.Errorf("result %d of kind %d: n = %v, want %d", i, kind, s.Data()["n"], last-i*kinds)
		}
	}
	return nil
}
