package firestorebench

import (
	"context"
	"fmt"
	"math/rand/v2"

	"cloud.google.com/go/firestore"
)

// lectures is the collection that is read and queried, and whose name the composite index has.
const lectures = "lectures"

// operation is what a caller repeats. Its function does it once and fails when the answer is wrong.
type operation struct {
	name string
	// alone leaves out many callers at once.
	alone bool
	run   func(ctx context.Context, t *target, caller, i int) error
}

// found is how many documents the query asks for.
const found = 20

func (b *bench) operations() []operation {
	return []operation{
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
				return fmt.Errorf("lecture %d has n %v", n, s.Data()["n"])
			}
			return nil
		}},
		{name: "query", run: func(ctx context.Context, t *target, _, _ int) error {
			return t.query(ctx, t.client.Collection(lectures), b.Documents)
		}},
		{name: "transaction", run: func(ctx context.Context, t *target, caller, i int) error {
			// Each caller has documents of its own: what several callers do to one is measured elsewhere.
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
		{name: "read all", alone: true, run: func(ctx context.Context, t *target, _, _ int) error {
			got, err := t.client.Collection(lectures).Documents(ctx).GetAll()
			if err != nil {
				return err
			}
			if len(got) != b.Documents {
				return fmt.Errorf("%d documents, not %d", len(got), b.Documents)
			}
			return nil
		}},
	}
}

// query finds the last lectures of one kind, by a composite index, in a collection of size documents.
func (t *target) query(ctx context.Context, c *firestore.CollectionRef, size int) error {
	kind := rand.IntN(kinds)
	got, err := c.Where("kind", "==", kind).OrderBy("n", firestore.Desc).Limit(found).Documents(ctx).GetAll()
	if err != nil {
		return err
	}
	if want := min(found, size/kinds); len(got) != want {
		return fmt.Errorf("%d documents of kind %d, not %d", len(got), kind, want)
	}
	last := size - kinds + kind // when size is a multiple of kinds
	for i, s := range got {
		if n, _ := s.Data()["n"].(int64); n != int64(last-i*kinds) {
			return fmt.Errorf("place %d of kind %d is n %v, not %d", i, kind, s.Data()["n"], last-i*kinds)
		}
	}
	return nil
}
