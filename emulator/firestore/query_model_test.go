package firestore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestQueriesAgainstModel runs random queries while documents change, and compares the results with
// those of the model. The larger collections are beyond the size up to which the emulator scans all
// documents.
func TestQueriesAgainstModel(t *testing.T) {
	for _, size := range []int{40, 400} {
		t.Run(fmt.Sprint(size), func(t *testing.T) { queriesAgainstModel(t, size, 400) })
	}
}

func queriesAgainstModel(t *testing.T, size, rounds int) {
	ctx := context.Background()
	fs := start(t, unindexed).client(t, "demo-model")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	docs := map[string]modelDoc{}
	collections := []string{"p", "p", "p", "q", "p/d3/p", "q/d1/sub"}
	change := func() {
		path := fmt.Sprintf("%s/d%d", collections[r.IntN(len(collections))], r.IntN(size))
		if r.IntN(4) == 0 {
			delete(docs, path)
			if _, err := fs.Doc(path).Delete(ctx); err != nil {
				t.Fatal(err)
			}
			return
		}
		d := modelDoc{path, randomData(r)}
		docs[path] = d
		if _, err := fs.Doc(path).Set(ctx, d.data); err != nil {
			t.Fatal(err)
		}
	}
	for range size * 3 {
		change()
	}
	ran := 0
	for i := range rounds {
		for range r.IntN(3) {
			change()
		}
		q := randomQuery(r, docs, collections)
		got, err := runQuery(ctx, fs, q)
		if status.Code(err) == codes.InvalidArgument {
			continue // a combination that Firestore rejects
		}
		if err != nil {
			t.Fatalf("round %d: %+v: %v", i, q, err)
		}
		ran++
		if want := q.run(docs); !slices.Equal(got, want) {
			t.Fatalf("round %d: %s:\n got %v\nwant %v", i, describe(q), got, want)
		}
		n, err := countQuery(ctx, fs, q)
		if err != nil || n != int64(len(got)) {
			t.Fatalf("round %d: %s: count is %d (%v), want %d", i, describe(q), n, err, len(got))
		}
	}
	if ran < rounds/2 {
		t.Errorf("only %d of %d queries were valid", ran, rounds)
	}
}

func describe(q modelQuery) string {
	s := fmt.Sprintf("%s group=%v order=%v offset=%d limit=%d", q.collection, q.group, q.order, q.offset, q.limit)
	if q.where != nil {
		s += fmt.Sprintf(" where=%+v", *q.where)
	}
	if q.start != nil {
		s += fmt.Sprintf(" start(%v)=%+v", q.startAt, *q.start)
	}
	if q.end != nil {
		s += fmt.Sprintf(" end(%v)=%+v", q.endAt, *q.end)
	}
	return s
}

func randomQuery(r *rand.Rand, docs map[string]modelDoc, collections []string) modelQuery {
	q := modelQuery{collection: collections[r.IntN(len(collections))]}
	if r.IntN(4) == 0 {
		q.group = true
		q.collection = q.collection[strings.LastIndexByte(q.collection, '/')+1:]
	}
	lists := 0
	if r.IntN(5) > 0 {
		f := randomFilter(r, 2, &lists)
		q.where = &f
	}
	for _, p := range modelPaths {
		if r.IntN(4) == 0 {
			if r.IntN(2) == 0 {
				p = "-" + p
			}
			q.order = append(q.order, p)
		}
	}
	r.Shuffle(len(q.order), func(i, j int) { q.order[i], q.order[j] = q.order[j], q.order[i] })
	if r.IntN(3) == 0 {
		q.limit = 1 + r.IntN(10)
	}
	if r.IntN(5) == 0 {
		q.offset = r.IntN(5)
	}
	// A cursor is one of the documents that the query returns without it.
	found := q.run(docs)
	pick := func() *modelDoc {
		if len(found) == 0 || r.IntN(3) > 0 {
			return nil
		}
		d := docs[found[r.IntN(len(found))]]
		return &d
	}
	q.start, q.startAt = pick(), r.IntN(2) == 0
	q.end, q.endAt = pick(), r.IntN(2) == 0
	return q
}

// build returns the client's query.
func build(ctx context.Context, fs *firestore.Client, q modelQuery) (firestore.Query, error) {
	var out firestore.Query
	if q.group {
		out = fs.CollectionGroup(q.collection).Query
	} else {
		out = fs.Collection(q.collection).Query
	}
	if q.where != nil {
		out = out.WhereEntity(q.where.filter())
	}
	// Cursors by values need the whole order to be explicit.
	cursor := q.start != nil || q.end != nil
	order := q.order
	if cursor {
		order = q.orders()
	}
	for _, o := range order {
		p, desc := strings.CutPrefix(o, "-")
		dir := firestore.Asc
		if desc {
			dir = firestore.Desc
		}
		out = out.OrderBy(p, dir)
	}
	values := func(d modelDoc) (vs []any) {
		for _, o := range order {
			p, _ := strings.CutPrefix(o, "-")
			v, _ := fieldOf(d, p)
			if p == "__name__" {
				v = fs.Doc(d.path)
			}
			vs = append(vs, v)
		}
		return vs
	}
	if q.start != nil && q.startAt {
		out = out.StartAt(values(*q.start)...)
	} else if q.start != nil {
		out = out.StartAfter(values(*q.start)...)
	}
	if q.end != nil && q.endAt {
		out = out.EndAt(values(*q.end)...)
	} else if q.end != nil {
		out = out.EndBefore(values(*q.end)...)
	}
	if q.offset > 0 {
		out = out.Offset(q.offset)
	}
	if q.limit > 0 {
		out = out.Limit(q.limit)
	}
	return out, nil
}

func runQuery(ctx context.Context, fs *firestore.Client, q modelQuery) ([]string, error) {
	b, err := build(ctx, fs, q)
	if err != nil {
		return nil, err
	}
	snaps, err := b.Documents(ctx).GetAll()
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, s := range snaps {
		_, p, _ := strings.Cut(s.Ref.Path, "/documents/")
		paths = append(paths, p)
	}
	return paths, nil
}

func countQuery(ctx context.Context, fs *firestore.Client, q modelQuery) (int64, error) {
	b, err := build(ctx, fs, q)
	if err != nil {
		return 0, err
	}
	res, err := b.NewAggregationQuery().WithCount("n").Get(ctx)
	if err != nil {
		return 0, err
	}
	return res["n"].(interface{ GetIntegerValue() int64 }).GetIntegerValue(), nil
}
