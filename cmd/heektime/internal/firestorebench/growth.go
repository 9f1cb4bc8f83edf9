package firestorebench

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
)

// Growth is the cost of the indexed query, with one caller, for one size of collection.
type Growth struct {
	// Documents is the size of the collection.
	Documents int
	// Cells are the results in the order of the servers.
	Cells []Cell
}

// fillTimeout bounds how long the npm server may take to fill one collection.
const fillTimeout = 8 * time.Second

// growth measures the indexed query for each size of collection.
func (b *bench) growth(ctx context.Context, targets []*target) ([]Growth, error) {
	results := make([]Growth, len(b.Sizes))
	var loads []Load
	var run []operation
	for i, size := range b.Sizes {
		results[i] = Growth{Documents: size, Cells: make([]Cell, len(targets))}
		// The first call, which may build the index, is not measured.
		op := operation{name: fmt.Sprintf("query of %d", size), run: func(ctx context.Context, t *target, _, _ int) error {
			return t.query(ctx, b.collectionOf(t, size), size)
		}}
		loads, run = append(loads, Load{op.name, 1, results[i].Cells}), append(run, op)
		for j, t := range targets {
			if err := b.fillCollectionOf(ctx, t, size); err != nil {
				if t.name != npmServer {
					return nil, fmt.Errorf("fill a collection with %d documents on %s: %w", size, t.name, err)
				}
				results[i].Cells[j].Unsupported = err.Error()
			}
		}
	}
	return results, b.rounds(ctx, targets, loads, run, growthDeadline)
}

// collectionOf returns the collection with that many documents. All have the name that the index is
// for.
func (b *bench) collectionOf(t *target, size int) *firestore.CollectionRef {
	if size == b.Documents {
		return t.client.Collection(lectures)
	}
	return t.client.Doc(fmt.Sprintf("sizes/%d", size)).Collection(lectures)
}

// fillCollectionOf fills the collection with that many documents.
func (b *bench) fillCollectionOf(ctx context.Context, t *target, size int) error {
	if size == b.Documents {
		return nil
	}
	path := fmt.Sprintf("sizes/%d/%s", size, lectures)
	b.Progress(fmt.Sprintf("fill %s with %d documents", t.name, size))
	if t.name != npmServer {
		return t.fill(ctx, path, size)
	}
	ctx, cancel := withTimeout(ctx, fillTimeout)
	defer cancel()
	err := t.fill(ctx, path, size)
	if ctx.Err() != nil {
		return fmt.Errorf("not filled within %v", fillTimeout)
	}
	return err
}
