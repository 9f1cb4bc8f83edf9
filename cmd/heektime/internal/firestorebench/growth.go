package firestorebench

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
)

// Growth is the indexed query, by one caller, over a collection of some size.
type Growth struct {
	// Documents in the collection.
	Documents int
	// Cells are in the order of the servers.
	Cells []Cell
}

// fillTime is how long filling one collection may take the npm server; then it is reported as too slow.
const fillTime = 8 * time.Second

func (b *bench) growth(ctx context.Context, targets []*target) ([]Growth, error) {
	results := make([]Growth, len(b.Sizes))
	var loads []Load
	var run []operation
	for i, size := range b.Sizes {
		results[i] = Growth{Documents: size, Cells: make([]Cell, len(targets))}
		// The first answer, which may build the index, is the attempt.
		op := operation{name: fmt.Sprintf("query of %d", size), run: func(ctx context.Context, t *target, _, _ int) error {
			return t.query(ctx, b.sized(t, size), size)
		}}
		loads, run = append(loads, Load{op.name, 1, results[i].Cells}), append(run, op)
		for j, t := range targets {
			if err := b.fillSized(ctx, t, size); err != nil {
				if t.name != theirs {
					return nil, fmt.Errorf("%s: fill a collection with %d: %w", t.name, size, err)
				}
				results[i].Cells[j].Unsupported = err.Error()
			}
		}
	}
	return results, b.rounds(ctx, targets, loads, run, growthTime)
}

// sized is the collection with that many documents, one of the name that the index is for.
func (b *bench) sized(t *target, size int) *firestore.CollectionRef {
	if size == b.Documents {
		return t.client.Collection(lectures)
	}
	return t.client.Doc(fmt.Sprintf("sizes/%d", size)).Collection(lectures)
}

func (b *bench) fillSized(ctx context.Context, t *target, size int) error {
	if size == b.Documents {
		return nil
	}
	path := fmt.Sprintf("sizes/%d/%s", size, lectures)
	b.Progress(fmt.Sprintf("fill %s with %d", t.name, size))
	if t.name != theirs {
		return t.fill(ctx, path, size)
	}
	ctx, cancel := context.WithTimeout(ctx, fillTime)
	defer cancel()
	err := t.fill(ctx, path, size)
	if ctx.Err() != nil {
		return fmt.Errorf("not filled within %v", fillTime)
	}
	return err
}
