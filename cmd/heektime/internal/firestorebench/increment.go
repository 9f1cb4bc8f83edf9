package firestorebench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/firestore"
)

// Increments is the result of ten callers that increment the same field in transactions.
type Increments struct {
	// Acknowledged and Failed count the transactions. Lost is the number of acknowledged ones that
	// are missing in the field.
	Acknowledged, Failed, Lost int64
	// Took is the time for all transactions.
	Took time.Duration
}

const (
	incrementCallers    = 10
	incrementsPerCaller = 20
)

// increments runs the test on each server.
func (b *bench) increments(ctx context.Context, targets []*target) ([]Increments, error) {
	results := make([]Increments, len(targets))
	for i, t := range targets {
		b.Progress("increment " + t.name)
		var err error
		if results[i], err = t.increments(ctx); err != nil {
			return nil, fmt.Errorf("increment on %s: %w", t.name, err)
		}
	}
	return results, nil
}

func (t *target) increments(ctx context.Context) (Increments, error) {
	ctx, cancel := withTimeout(ctx, 20*time.Second)
	defer cancel()
	doc := t.client.Doc("counters/one")
	if _, err := doc.Set(ctx, map[string]any{"n": 0}); err != nil {
		return Increments{}, err
	}
	started := time.Now()
	var acknowledged, failed atomic.Int64
	var all sync.WaitGroup
	for range incrementCallers {
		all.Go(func() {
			for range incrementsPerCaller {
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
					failed.Add(1)
				}
			}
		})
	}
	all.Wait()
	r := Increments{Acknowledged: acknowledged.Load(), Failed: failed.Load(), Took: time.Since(started)}
	s, err := doc.Get(ctx)
	if err != nil {
		return r, err
	}
	n, _ := s.Data()["n"].(int64)
	r.Lost = r.Acknowledged - n
	return r, nil
}
