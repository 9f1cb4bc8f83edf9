package firestore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	emulator "heek.kr/heektime/emulator/firestore"
)

// nested returns maps nested to a depth.
func nested(depth int) any {
	if depth == 0 {
		return "leaf"
	}
	return map[string]any{"m": nested(depth - 1)}
}

// TestIndexEntries counts the index entries of documents with exemptions and composite indexes. Sources:
// https://firebase.google.com/docs/firestore/quotas#indexes for the limits,
// https://firebase.google.com/docs/firestore/query-data/index-overview for the automatic indexes,
// https://firebase.google.com/docs/firestore/solutions/index-map-field for exempt maps,
// https://firebase.google.com/docs/firestore/storage-size for the sizes. It is long because of its table.
func TestIndexEntries(t *testing.T) {
	const indexes = `{
	  "indexes": [
	    {"collectionGroup": "tagged", "queryScope": "COLLECTION", "fields": [
	      {"fieldPath": "tags", "arrayConfig": "CONTAINS"}, {"fieldPath": "at", "order": "ASCENDING"}]},
	    {"collectionGroup": "tagged", "queryScope": "COLLECTION_GROUP", "fields": [
	      {"fieldPath": "tags", "arrayConfig": "CONTAINS"}, {"fieldPath": "at", "order": "DESCENDING"}]},
	    {"collectionGroup": "wide", "queryScope": "COLLECTION", "fields": [
	      {"fieldPath": "a", "order": "ASCENDING"}, {"fieldPath": "b", "order": "ASCENDING"}, {"fieldPath": "c", "order": "ASCENDING"},
	      {"fieldPath": "d", "order": "ASCENDING"}, {"fieldPath": "e", "order": "ASCENDING"}, {"fieldPath": "f", "order": "ASCENDING"}]}
	  ],
	  "fieldOverrides": [
	    {"collectionGroup": "exempt", "fieldPath": "list", "indexes": []},
	    {"collectionGroup": "exempt", "fieldPath": "map", "indexes": []},
	    {"collectionGroup": "exempt", "fieldPath": "map.kept", "indexes": [{"arrayConfig": "CONTAINS"}]},
	    {"collectionGroup": "none", "fieldPath": "*", "indexes": []},
	    {"collectionGroup": "none", "fieldPath": "kept", "indexes": [{"arrayConfig": "CONTAINS"}]},
	    {"collectionGroup": "double", "fieldPath": "list", "indexes": [
	      {"arrayConfig": "CONTAINS"}, {"queryScope": "COLLECTION_GROUP", "arrayConfig": "CONTAINS"}]},
	    {"collectionGroup": "single", "fieldPath": "*", "indexes": [{"order": "ASCENDING"}]}
	  ]
	}`
	ctx := context.Background()
	fs := start(t, func(c *emulator.Config) { c.Indexes = []byte(indexes) }).client(t, "demo-limits")
	list := func(n int) []any {
		out := make([]any, n)
		for i := range out {
			out[i] = i
		}
		return out
	}
	fields := func(n int, v any) map[string]any {
		m := map[string]any{}
		for i := range n {
			m[fmt.Sprint("f", i)] = v
		}
		return m
	}
	long := strings.Repeat("x", 2000) // indexed up to 1,500 bytes
	const tooMany, tooLarge, tooMuch = "too many index entries", "largest index entry", "index entries of document"
	for _, tc := range []struct {
		name, path string
		data       map[string]any
		text       string // in the error; "" when the document is allowed
	}{
		{"20,000 fields, ascending and descending", "a/b", fields(20_000, 1), ""},
		{"20,001 fields", "a/b", fields(20_001, 1), tooMany},
		{"20,001 fields of a map", "a/b", map[string]any{"m": fields(20_001, nil)}, tooMany},
		{"40,000 fields with one index each", "single/b", fields(40_000, 1), ""},
		{"40,001 fields with one index each", "single/b", fields(40_001, 1), tooMany},
		{"an index by order has no entry for an array", "single/b", map[string]any{"list": list(40_001)}, ""},
		{"equal elements have one entry", "a/b", map[string]any{"list": make([]any, 50_000)}, ""},
		{"an exempt list", "exempt/b", map[string]any{"list": list(40_001)}, ""},
		{"an exempt list in a subcollection", "x/y/exempt/b", map[string]any{"list": list(40_001)}, ""},
		{"another group's exemption", "a/b", map[string]any{"list": list(40_001)}, tooMany},
		{"another field", "exempt/b", map[string]any{"other": list(40_001)}, tooMany},
		{"a map inherits its exemption", "exempt/b", map[string]any{"map": map[string]any{"deep": map[string]any{"list": list(40_001)}}}, ""},
		{"a field of an exempt map with indexes of its own", "exempt/b", map[string]any{"map": map[string]any{"kept": list(40_001)}}, tooMany},
		{"all fields are exempt", "none/b", map[string]any{"list": list(40_001), "m": fields(1000, 1)}, ""},
		{"all fields but one are exempt", "none/b", map[string]any{"kept": list(40_001)}, tooMany},
		{"two scopes count twice", "double/b", map[string]any{"list": list(20_001)}, tooMany},
		{"composite indexes repeat each element", "tagged/b", map[string]any{"tags": list(13_333)}, ""},
		{"without all fields, a composite index has no entry", "tagged/b", map[string]any{"tags": list(40_000)}, ""},
		{"composite indexes, few enough", "tagged/b", map[string]any{"tags": list(13_332), "at": 1}, ""}, // 3 × 13,332 and 2
		{"composite indexes, too many", "tagged/b", map[string]any{"tags": list(13_333), "at": 1}, tooMany},
		{"an entry of six long values", "wide/b", map[string]any{"a": long, "b": long, "c": long, "d": long, "e": long, "f": long}, tooLarge},
		{"an entry of five long values", "wide/b", map[string]any{"a": long, "b": long, "c": long, "d": long, "e": long, "f": 1}, ""},
		{"more than 8 MiB of entries", "a/" + strings.Repeat("i", 1400), fields(3000, long[:200]), tooMuch},
	} {
		_, err := fs.Doc(tc.path).Set(ctx, tc.data)
		switch {
		case tc.text == "" && err != nil:
			t.Errorf("%s: %v", tc.name, err)
		case tc.text != "" && (status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), tc.text)):
			t.Errorf("%s: %v, want %q", tc.name, err, tc.text)
		}
	}
}

// TestValueLimits checks the size of a field's value and of a field's path, wherever they occur. Source:
// https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields. It is long because of its
// tables.
func TestValueLimits(t *testing.T) {
	ctx := context.Background()
	fs := start(t, unindexed).client(t, "demo-values")
	const most = 1<<20 - 89
	text := func(n int) string { return strings.Repeat("x", n) }
	euros := func(n int) string { return strings.Repeat("€", n/3) + text(n%3) }
	set := func(data map[string]any, options ...firestore.SetOption) error {
		_, err := fs.Doc("a/b").Set(ctx, data, options...)
		return err
	}
	of := func(v any) func() error { return func() error { return set(map[string]any{"f": v}) } }
	query := func(q firestore.Query) func() error {
		return func() error {
			_, err := q.Limit(1).Documents(ctx).GetAll()
			return err
		}
	}
	search := func(q firestore.VectorQuery) func() error {
		return func() error {
			_, err := q.Documents(ctx).GetAll()
			return err
		}
	}
	a := fs.Collection("a")
	paths := func(n int) map[string]func() error { // uses of a path of n bytes
		path := firestore.FieldPath{"m", text(n - 2)}
		names := map[string]any{text(n - 2): 1}
		return map[string]func() error{
			"a map":               func() error { return set(map[string]any{"m": names}) },
			"a map in an array":   func() error { return set(map[string]any{"m": []any{names}}) },
			"the mask of a write": func() error { return set(map[string]any{"m": names}, firestore.Merge(path)) },
			"a deletion by the mask": func() error {
				_, err := fs.Doc("a/b").Update(ctx, []firestore.Update{{FieldPath: path, Value: firestore.Delete}})
				return err
			},
			"a transform": func() error {
				return set(map[string]any{"m": map[string]any{path[1]: firestore.Increment(1)}}, firestore.MergeAll)
			},
			"an order":               query(a.OrderByPath(path, firestore.Asc)),
			"a filter":               query(a.WherePath(path, "==", 1)),
			"a unary filter":         query(a.WherePath(path, "==", nil)),
			"an inequality":          query(a.WherePath(path, ">", 1)),
			"a projection":           query(a.SelectPaths(path)),
			"an aggregation":         func() error { _, err := a.NewAggregationQuery().WithSumPath(path, "s").Get(ctx); return err },
			"the alias of one":       func() error { _, err := a.NewAggregationQuery().WithCount(text(n)).Get(ctx); return err },
			"the vector of a search": search(a.FindNearestPath(path, firestore.Vector64{1}, 1, firestore.DistanceMeasureEuclidean, nil)),
			"the distance of a search": search(a.FindNearest("v", firestore.Vector64{1}, 1, firestore.DistanceMeasureEuclidean,
				&firestore.FindNearestOptions{DistanceResultField: text(n)})),
		}
	}
	for _, tc := range []struct {
		name string
		do   func(n int) func() error
	}{
		{"a string", func(n int) func() error { return of(text(n)) }},
		{"characters of three bytes", func(n int) func() error { return of(euros(n)) }},
		{"bytes", func(n int) func() error { return of(make([]byte, n)) }},
		{"a string in an array", func(n int) func() error { return of([]any{text(n)}) }},
		{"a string in a map", func(n int) func() error { return of(map[string]any{"s": text(n)}) }},
		{"a string in a map in an array", func(n int) func() error { return of([]any{map[string]any{"s": text(n)}}) }},
		{"an element of a transform", func(n int) func() error { return of(firestore.ArrayUnion(text(n))) }},
		{"the value of a filter", func(n int) func() error { return query(a.Where("f", "==", text(n))) }},
		{"the value of a cursor", func(n int) func() error { return query(a.OrderBy("f", firestore.Asc).StartAt(text(n))) }},
	} {
		if err := tc.do(most)(); err != nil {
			t.Errorf("%s of %d bytes: %.100v", tc.name, most, err)
		}
		if err := tc.do(most + 1)(); status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "1048487 bytes") {
			t.Errorf("%s of %d bytes: %.100v", tc.name, most+1, err)
		}
	}
	if err := set(map[string]any{}); err != nil { // the long value leaves no room for what is merged
		t.Fatal(err)
	}
	for name, do := range paths(1500) {
		if err := do(); err != nil {
			t.Errorf("a field path of 1,500 bytes in %s: %.100v", name, err)
		}
	}
	for name, do := range paths(1501) {
		if err := do(); status.Code(err) != codes.InvalidArgument {
			t.Errorf("a field path of 1,501 bytes in %s: %.100v", name, err)
		}
	}
}

// TestLimits is long because each limit is a row of its table.
func TestLimits(t *testing.T) {
	ctx := context.Background()
	fs := start(t).client(t, "demo-limits")
	manyElements := make([]any, 40_001)
	for i := range manyElements {
		manyElements[i] = i
	}
	increments := func(n int) []firestore.Update {
		var out []firestore.Update
		for i := range n {
			out = append(out, firestore.Update{FieldPath: []string{fmt.Sprintf("f%d", i)}, Value: firestore.Increment(1)})
		}
		return out
	}
	if _, err := fs.Doc("a/counters").Set(ctx, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	set := func(path string, data map[string]any) func() error {
		return func() error {
			_, err := fs.Doc(path).Set(ctx, data)
			return err
		}
	}
	size := func(n int) map[string]any {
		return map[string]any{"s": strings.Repeat("x", n/2), "t": strings.Repeat("x", n-n/2)}
	}
	// The size of a document is its path "a/b" and 17 bytes, for each field the name and 1, the string and 1,
	// and 32 more.
	const rest = 3 + 17 + 2*(2+1) + 32
	deep := "a/b" + strings.Repeat("/c/d", 99)
	for _, tc := range []struct {
		name string
		do   func() error
		want codes.Code
		text string // in the error
	}{
		{"the largest document", set("a/b", size(1<<20-rest)), codes.OK, ""},
		{"a document one byte too large", set("a/b", size(1<<20-rest+1)), codes.InvalidArgument, "exceeds the maximum allowed size"},
		{"maps 20 deep", set("a/b", map[string]any{"m": nested(20)}), codes.OK, ""},
		{"maps 21 deep", set("a/b", map[string]any{"m": nested(21)}), codes.InvalidArgument, "depth"},
		{"an array in an array", set("a/b", map[string]any{"a": []any{[]any{1}}}), codes.InvalidArgument, "array"},
		{"an id of 1,500 bytes", set("a/"+strings.Repeat("x", 1500), map[string]any{}), codes.OK, ""},
		{"an id of 1,501 bytes", set("a/"+strings.Repeat("x", 1501), map[string]any{}), codes.InvalidArgument, "1500 bytes"},
		{"an id of two dots", set("a/..", map[string]any{}), codes.InvalidArgument, `".."`},
		{"an id of one dot", set("a/.", map[string]any{}), codes.InvalidArgument, `"."`},
		{"a reserved id", set("a/__b__", map[string]any{}), codes.InvalidArgument, "reserved"},
		{"a reserved collection", set("__a__/b", map[string]any{}), codes.InvalidArgument, "reserved"},
		{"a numeric id", set("a/__id7__", map[string]any{}), codes.OK, ""},
		{"100 collections deep", set(deep, map[string]any{}), codes.OK, ""},
		{"101 collections deep", set(deep+"/c/d", map[string]any{}), codes.InvalidArgument, "deeper than 100"},
		{"a reserved field", set("a/b", map[string]any{"__f__": 1}), codes.InvalidArgument, "reserved"},
		{"an empty field name", set("a/b", map[string]any{"": 1}), codes.InvalidArgument, "empty"},
		{"a field name of 1,501 bytes", set("a/b", map[string]any{strings.Repeat("x", 1501): 1}), codes.InvalidArgument, "1500 bytes"},
		{"40,000 elements", set("a/b", map[string]any{"a": manyElements[:40_000]}), codes.OK, ""},
		{"40,001 elements", set("a/b", map[string]any{"a": manyElements}), codes.InvalidArgument, "too many index entries"},
		{"500 transforms", func() error { _, err := fs.Doc("a/counters").Update(ctx, increments(500)); return err }, codes.OK, ""},
		{"501 transforms", func() error { _, err := fs.Doc("a/counters").Update(ctx, increments(501)); return err }, codes.InvalidArgument, "500"},
		{"a commit above 10 MiB", func() error {
			//lint:ignore SA1019 the size of one commit is what is tested
			b := fs.Batch()
			for i := range 11 {
				b.Set(fs.Doc(fmt.Sprintf("big/%d", i)), size(1_000_000))
			}
			_, err := b.Commit(ctx)
			return err
		}, codes.InvalidArgument, "too big"},
		{"30 alternatives", func() error {
			_, err := fs.Collection("a").Where("x", "in", manyElements[:30]).Documents(ctx).GetAll()
			return err
		}, codes.OK, ""},
		{"31 alternatives", func() error {
			_, err := fs.Collection("a").Where("x", "in", manyElements[:31]).Documents(ctx).GetAll()
			return err
		}, codes.InvalidArgument, "30"},
		{"not-in with 11 values", func() error {
			_, err := fs.Collection("a").Where("x", "not-in", manyElements[:11]).Documents(ctx).GetAll()
			return err
		}, codes.InvalidArgument, "10"},
		{"5 by 7 alternatives", func() error {
			_, err := fs.Collection("a").Where("x", "in", manyElements[:5]).Where("y", "in", manyElements[:7]).Documents(ctx).GetAll()
			return err
		}, codes.InvalidArgument, "disjunctions"},
	} {
		err := tc.do()
		if status.Code(err) != tc.want || err != nil && !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: got %.200v, want %v with %q", tc.name, err, tc.want, tc.text)
		}
	}
}
