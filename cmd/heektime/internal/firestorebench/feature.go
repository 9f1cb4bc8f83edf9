package firestorebench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Feature is something that the Go client can ask for.
type Feature struct {
	Name string
	// Failures are empty where the answer was right; in the order of the servers.
	Failures []string
}

// feature asks for something and fails when the answer is wrong.
type feature struct {
	name string
	ask  func(ctx context.Context, b *bench, t *target) error
}

var features = []feature{
	{"count by aggregation", func(ctx context.Context, b *bench, t *target) error {
		got, err := t.client.Collection(lectures).NewAggregationQuery().WithCount("n").Get(ctx)
		if err == nil && len(got) != 1 {
			err = fmt.Errorf("%d results", len(got))
		}
		return err
	}},
	{"a query that lacks an index fails", func(ctx context.Context, b *bench, t *target) error {
		_, err := t.client.Collection("written").Where("kind", "==", 1).OrderBy("n", firestore.Asc).Limit(1).Documents(ctx).GetAll()
		if status.Code(err) != codes.FailedPrecondition {
			return fmt.Errorf("want FailedPrecondition, got %v", err)
		}
		return nil
	}},
	{"create refuses a document that exists", func(ctx context.Context, b *bench, t *target) error {
		_, err := t.client.Doc(lectures+"/1").Create(ctx, lecture(1))
		if status.Code(err) != codes.AlreadyExists {
			return fmt.Errorf("want AlreadyExists, got %v", err)
		}
		return nil
	}},
	{"list documents", func(ctx context.Context, b *bench, t *target) error {
		_, err := t.client.Collection(lectures).DocumentRefs(ctx).Next()
		return err
	}},
	{"list collections", func(ctx context.Context, b *bench, t *target) error {
		if _, err := t.client.Collections(ctx).Next(); !errors.Is(err, iterator.Done) {
			return err
		}
		return errors.New("none")
	}},
	{"bulk writer", func(ctx context.Context, b *bench, t *target) error {
		w := t.client.BulkWriter(ctx)
		job, err := w.Set(t.client.Doc("bulk/1"), lecture(1))
		if err != nil {
			return err
		}
		// End waits for the answers, however long they take.
		ended := make(chan struct{})
		go func() { w.End(); close(ended) }()
		select {
		case <-ended:
		case <-ctx.Done():
			return ctx.Err()
		}
		_, err = job.Results()
		return err
	}},
	{"listen to a document", func(ctx context.Context, b *bench, t *target) error {
		snapshots := t.client.Doc(lectures + "/1").Snapshots(ctx)
		defer snapshots.Stop()
		_, err := snapshots.Next()
		return err
	}},
}

// featureTime is how long an answer may take.
const featureTime = 2 * time.Second

// features asks last: a server may not survive it, and one that did not is started again, with a few documents.
func (b *bench) features(ctx context.Context, targets []*target) ([]Feature, error) {
	var results []Feature
	for _, f := range features {
		b.Progress(f.name)
		r := Feature{Name: f.name, Failures: make([]string, len(targets))}
		for i, t := range targets {
			err := b.ask(ctx, f, t)
			if err != nil {
				r.Failures[i] = err.Error()
			}
			if !t.await(err) {
				r.Failures[i] = "the server died"
				if err := b.reopen(ctx, t); err != nil {
					return results, err
				}
			}
		}
		results = append(results, r)
	}
	return results, nil
}

func (b *bench) ask(ctx context.Context, f feature, t *target) error {
	ctx, cancel := context.WithTimeout(ctx, featureTime)
	defer cancel()
	return f.ask(ctx, b, t)
}

// await tells whether the server runs, after an error when it has had a moment to die.
func (t *target) await(err error) bool {
	if err != nil {
		select {
		case <-t.ended:
		case <-time.After(100 * time.Millisecond):
		}
	}
	return t.running()
}

func (b *bench) reopen(ctx context.Context, t *target) error {
	t.client.Close()
	again, err := b.open(ctx, t.name)
	if err != nil {
		return fmt.Errorf("start %s again: %w", t.name, err)
	}
	*t = *again
	return t.fill(ctx, lectures, kinds)
}
