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

// Feature is a feature of the Go client, and whether the servers support it.
type Feature struct {
	Name string
	// Failures are the errors in the order of the servers; empty means that the feature works.
	Failures []string
}

// feature is a feature to test. test returns an error if the server does not support it.
type feature struct {
	name string
	test func(ctx context.Context, b *bench, t *target) error
}

var features = []feature{
	{"count by aggregation", func(ctx context.Context, b *bench, t *target) error {
		got, err := t.client.Collection(lectures).NewAggregationQuery().WithCount("n").Get(ctx)
		if err == nil && len(got) != 1 {
			err = fmt.Errorf("%d results", len(got))
		}
		return err
	}},
	{"reject a query without its index", func(ctx context.Context, b *bench, t *target) error {
		_, err := t.client.Collection("written").Where("kind", "==", 1).OrderBy("n", firestore.Asc).Limit(1).Documents(ctx).GetAll()
		if status.Code(err) != codes.FailedPrecondition {
			return fmt.Errorf("want FailedPrecondition, got %v", err)
		}
		return nil
	}},
	{"create rejects an existing document", func(ctx context.Context, b *bench, t *target) error {
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
		return errors.New("no collections")
	}},
	{"bulk writer", func(ctx context.Context, b *bench, t *target) error {
		w := t.client.BulkWriter(ctx)
		job, err := w.Set(t.client.Doc("bulk/1"), lecture(1))
		if err != nil {
			return err
		}
		// End waits for the responses without a time limit.
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

// featureTimeout bounds the test of a feature.
const featureTimeout = 2 * time.Second

// features tests the features. It runs last, because a test can crash a server; such a server is
// restarted with a few documents.
func (b *bench) features(ctx context.Context, targets []*target) ([]Feature, error) {
	var results []Feature
	for _, f := range features {
		b.Progress(f.name)
		r := Feature{Name: f.name, Failures: make([]string, len(targets))}
		for i, t := range targets {
			err := b.testFeature(ctx, f, t)
			if err != nil {
				r.Failures[i] = err.Error()
			}
			if !t.alive(err) {
				r.Failures[i] = "the server crashed"
				if err := b.reopen(ctx, t); err != nil {
					return results, err
				}
			}
		}
		results = append(results, r)
	}
	return results, nil
}

func (b *bench) testFeature(ctx context.Context, f feature, t *target) error {
	ctx, cancel := withTimeout(ctx, featureTimeout)
	defer cancel()
	return f.test(ctx, b, t)
}

// alive reports whether the server is running. After an error it first gives the server a moment to
// exit.
func (t *target) alive(err error) bool {
	if err != nil {
		select {
		case <-t.ended:
		case <-time.After(100 * time.Millisecond):
		}
	}
	return t.running()
}

// reopen restarts a server that has exited.
func (b *bench) reopen(ctx context.Context, t *target) error {
	t.client.Close()
	restarted, err := b.open(ctx, t.name)
	if err != nil {
		return fmt.Errorf("restart %s: %w", t.name, err)
	}
	*t = *restarted
	return t.fill(ctx, lectures, kinds)
}
