package firestorebench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/firestore"
)

// Increments is what became of ten callers that increment one field, each in transactions of its own.
type Increments struct {
	// Acknowledged transactions, those that ended with an error instead, and what is missing from the field.
	Acknowledged, Refused, Lost int64
	// Took is how long it was.
	Took time.Duration
}

const (
	incrementers = 10
	incrementsOf = 20 // each of them
)

func (b *bench) increments(ctx context.Context, targets []*target) ([]Increments, error) {
	results := make([]Increments, len(targets))
	for i, t := range targets {
		b.Progress("increment " + t.name)
		var err error
		if results[i], err = t.increments(ctx); err != nil {
			return nil, fmt.Errorf("%s: increment: %w", t.name, err)
		}
	}
	return results, nil
}

func (t *target) increments(ctx context.Context) (Increments, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	doc := t.client.Doc("counters/one")
	if _, err := doc.Set(ctx, map[string]any{"n": 0}); err != nil {
		return Increments{}, err
	}
	began := time.Now()
	var acknowledged, refused atomic.Int64
	var all sync.WaitGroup
	for range incrementers {
		all.Go(func() {
			for range incrementsOf {
				err := t.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
					s, err := tx.Get(doc)
					if err != nil {
						return err
					}
					n, _ := s.Data()["n"].(int64)
					return tx.Set(doc, map[string]any{"n": n + 1})
				})
				if err == nil {
					acknowledged.Add(1)
				} else {
					refused.Add(1)
				}
			}
		})
	}
	all.Wait()
	r := Increments{Acknowledged: acknowledged.Load(), Refused: refused.Load(), Took: time.Since(began)}
	s, err := doc.Get(ctx)
	if err != nil {
		return r, err
	}
	n, _ := s.Data()["n"].(int64)
	r.Lost = r.Acknowledged - n
	return r, nil
}
