package firestore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	emulator "heek.kr/heektime/emulator/firestore"
)

// These benchmarks include the client, which takes most of the time. For a comparison with another
// server, run `go run ./cmd/heektime bench-firestore`.

func lecture(i int) map[string]any {
	return map[string]any{
		"identifier": fmt.Sprintf("COSE%04d-01", i), "title": "데이터베이스시스템", "professor": "정연돈", "credit": 3, "n": i, "kind": i % 100,
		"times":    []any{map[string]any{"weekday": 1, "timeBegin": 630, "timeEnd": 705, "room": "정보관 202"}},
		"category": []any{"정보대학", "컴퓨터학과"}, "createdAt": firestore.ServerTimestamp,
	}
}

func BenchmarkSet(b *testing.B) {
	ctx := context.Background()
	fs := start(b, unindexed).client(b, "demo-bench")
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			if _, err := fs.Doc(fmt.Sprintf("a/%d", i%1000)).Set(ctx, lecture(i)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// seeded returns a client of a server with n documents.
func seeded(b *testing.B, n int) *firestore.Client {
	b.Helper()
	c := start(b, unindexed)
	docs := map[string]map[string]any{}
	for i := range n {
		d := lecture(i)
		delete(d, "createdAt")
		docs[fmt.Sprintf("a/%d", i)] = d
	}
	if err := database(b, c, "demo-bench").Seed(docs); err != nil {
		b.Fatal(err)
	}
	return c.client(b, "demo-bench")
}

func BenchmarkGet(b *testing.B) {
	ctx := context.Background()
	fs := seeded(b, 1000)
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			if _, err := fs.Doc(fmt.Sprintf("a/%d", i%1000)).Get(ctx); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkQuery finds 10 documents in collections of several sizes. The size must not matter.
func BenchmarkQuery(b *testing.B) {
	for _, size := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			ctx := context.Background()
			fs := seeded(b, size)
			q := fs.Collection("a").Where("kind", "==", 7).OrderBy("n", firestore.Desc).Limit(10)
			if _, err := q.Documents(ctx).GetAll(); err != nil { // builds the index
				b.Fatal(err)
			}
			b.ResetTimer()
			for range b.N {
				got, err := q.Documents(ctx).GetAll()
				if err != nil || len(got) != 10 {
					b.Fatal(len(got), err)
				}
			}
		})
	}
}

func BenchmarkScan(b *testing.B) {
	ctx := context.Background()
	fs := seeded(b, 10_000)
	b.ResetTimer()
	for range b.N {
		got, err := fs.Collection("a").Documents(ctx).GetAll()
		if err != nil || len(got) != 10_000 {
			b.Fatal(len(got), err)
		}
	}
}

func BenchmarkTransaction(b *testing.B) {
	ctx := context.Background()
	fs := seeded(b, 1000)
	b.ResetTimer()
	for i := range b.N {
		doc := fs.Doc(fmt.Sprintf("a/%d", i%1000))
		err := fs.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			s, err := tx.Get(doc)
			if err != nil {
				return err
			}
			return tx.Update(doc, []firestore.Update{{Path: "n", Value: s.Data()["n"].(int64) + 1}})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// discard is a follower that discards all changes.
type discard struct{ wants bool }

func (d discard) Wants(string) bool         { return d.wants }
func (discard) Cursor(string) (t time.Time) { return t }
func (discard) Take(emulator.Changes)       {}
func (discard) Flush(string) error          { return nil }

// BenchmarkCommitFollowed commits without a transport: without a follower, with one that wants
// nothing and with one that takes everything.
func BenchmarkCommitFollowed(b *testing.B) {
	for name, follower := range map[string]emulator.Follower{"none": nil, "wantsNothing": discard{false}, "wantsAll": discard{true}} {
		b.Run(name, func(b *testing.B) {
			db := database(b, start(b, func(c *emulator.Config) { c.Follower = follower }), "demo-bench")
			docs := map[string]map[string]any{"a/b": {"n": 0}}
			for i := range b.N {
				docs["a/b"]["n"] = i
				if err := db.Seed(docs); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
