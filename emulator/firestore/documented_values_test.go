package firestore_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/genproto/googleapis/type/latlng"
)

// TestDocumentedOrder sorts one value after another in the order of
// https://firebase.google.com/docs/firestore/manage-data/data-types, which is written down here and not
// computed: neither the emulator nor the model of TestQueriesAgainstModel has a say in it. Values of a row
// are equal; documents are then in the order of their names. It is long because each value is a row.
func TestDocumentedOrder(t *testing.T) {
	ctx := context.Background()
	for _, padding := range []int{0, 200} { // 200 documents are beyond the size up to which the emulator scans
		fs := start(t, unindexed).client(t, "demo-order")
		at := func(nanos int64) time.Time { return time.Unix(1_700_000_000, nanos).UTC() }
		order := [][]any{
			// "Value type ordering": null, boolean, NaN, numbers, timestamps, strings, bytes, references,
			// geographical points, arrays, vectors, maps.
			{nil},
			{false}, {true},
			{math.NaN()},
			// "Floating-point number": numeric, interspersed with integers; "Integer": numeric.
			{math.Inf(-1)}, {math.MinInt64}, {-1.5}, {-1, -1.0}, {0, 0.0, math.Copysign(0, -1)}, {math.SmallestNonzeroFloat64},
			{1, 1.0}, {1.5}, {2}, {1 << 53, float64(1 << 53)}, {1<<53 + 1}, {math.MaxInt64}, {math.Inf(1)},
			// "Date and time": chronological. Only microseconds are stored, rounded down.
			{time.Unix(-1, 0).UTC()}, {at(0)}, {at(1000), at(1999)}, {at(2000)},
			// "Text string": by the bytes of UTF-8.
			{""}, {"10"}, {"9"}, {"A"}, {"a"}, {"a\x00"}, {"ab"}, {"é"}, {"가"}, {"\uffff"}, {"😀"},
			// "Bytes": by bytes.
			{[]byte{}}, {[]byte{0}}, {[]byte{0, 0}}, {[]byte{1}}, {[]byte{255}},
			// "Reference": by path elements (collection, document ID, collection, document ID …).
			{fs.Doc("a/b")}, {fs.Doc("a/b/c/d")}, {fs.Doc("a/c")}, {fs.Doc("b/a")},
			// "Geographical point": by latitude, then longitude.
			{&latlng.LatLng{Latitude: -90}}, {&latlng.LatLng{Latitude: 0, Longitude: -1}}, {&latlng.LatLng{Latitude: 0, Longitude: 1}}, {&latlng.LatLng{Latitude: 1, Longitude: -180}},
			// "Array": by element values; if one is a prefix of the other, the shorter one is first.
			{[]any{}}, {[]any{nil}}, {[]any{1}, []any{1.0}}, {[]any{1, 2, 3}}, {[]any{1, 2, 3, 1}}, {[]any{2}}, {[]any{"a"}},
			// "Vector": by dimension, then by element values.
			{firestore.Vector64{9}}, {firestore.Vector64{1, 2}}, {firestore.Vector64{1, 3}}, {firestore.Vector64{0, 0, 0}},
			// "Map": by keys, then by values; the keys are sorted first.
			{map[string]any{}}, {map[string]any{"a": "aaa", "b": "baz"}, map[string]any{"b": "baz", "a": "aaa"}}, {map[string]any{"a": "foo", "b": "bar"}},
			{map[string]any{"a": "foo", "b": "bar", "c": "qux"}}, {map[string]any{"a": "foo", "b": "baz"}}, {map[string]any{"b": "aaa", "c": "baz"}},
		}
		c := fs.Collection("values")
		var ids []string
		rank := map[string]int{}
		for i, row := range order {
			for j, v := range row {
				id := fmt.Sprintf("%03d-%d", (i*37)%len(order), j) // names do not follow the order
				if _, err := c.Doc(id).Set(ctx, map[string]any{"v": v}); err != nil {
					t.Fatal(err)
				}
				ids = append(ids, id)
				rank[id] = i
			}
		}
		for i := range padding {
			if _, err := c.Doc(fmt.Sprintf("missing%d", i)).Set(ctx, map[string]any{"w": i}); err != nil { // lacks the field: never a result
				t.Fatal(err)
			}
		}
		got := func(q firestore.Query) (out []string) {
			t.Helper()
			for range 2 { // the second time with an index
				out = nil
				snaps, err := q.Documents(ctx).GetAll()
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range snaps {
					out = append(out, s.Ref.ID)
				}
			}
			return out
		}
		if ascending := got(c.OrderBy("v", firestore.Asc)); !slices.Equal(ascending, ids) {
			t.Errorf("%d more documents: ascending: got %v, want %v", padding, ascending, ids)
		}
		descending := slices.Clone(ids)
		slices.Reverse(descending)
		if down := got(c.OrderBy("v", firestore.Desc)); !slices.Equal(down, descending) {
			t.Errorf("%d more documents: descending: got %v, want %v", padding, down, descending)
		}
		// https://firebase.google.com/docs/firestore/query-data/queries: == finds equal values, also of the
		// other type of number, and != all others that exist and are not null.
		for i, row := range order {
			if i == 0 || i == 3 { // the client sends null and NaN as unary filters; see TestNullAndNaN
				continue
			}
			for _, v := range row {
				var equal, others []string
				for _, id := range ids {
					if rank[id] == i {
						equal = append(equal, id)
					} else if rank[id] != 0 {
						others = append(others, id)
					}
				}
				if found := got(c.Where("v", "==", v)); !slices.Equal(sorted(found), sorted(equal)) {
					t.Errorf("%d more documents: == %v: got %v, want %v", padding, v, found, equal)
				}
				if found := got(c.Where("v", "!=", v)); !slices.Equal(sorted(found), sorted(others)) {
					t.Errorf("%d more documents: != %v: got %s, want %s", padding, v, strings.Join(found, " "), strings.Join(others, " "))
				}
			}
		}
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
