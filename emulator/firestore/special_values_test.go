package firestore_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestNullAndNaN queries for null and NaN. The sources of its values are
// packages/firestore/test/integration/api/query.test.ts of firebase-js-sdk, which runs against
// production: "can use IN filters", "can use array-contains-any filters", "can use NOT_IN filters".
// The larger collection is beyond the size up to which the emulator scans all documents.
func TestNullAndNaN(t *testing.T) {
	ctx := context.Background()
	nan := math.NaN()
	for _, padding := range []int{0, 200} {
		fs := start(t, unindexed).client(t, "demo-null")
		docs := fs.Collection("docs")
		for id, v := range map[string]any{
			"null": nil, "nan": nan, "minus": int64(-1), "one": 1.0, "infinite": math.Inf(-1),
			"list": []any{1}, "nulls": []any{nil}, "nans": []any{nan}, "mixed": []any{nil, nan, 1},
		} {
			if _, err := docs.Doc(id).Set(ctx, map[string]any{"v": v}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range padding {
			if _, err := docs.Doc(fmt.Sprint("p", i)).Set(ctx, map[string]any{"v": "x"}); err != nil {
				t.Fatal(err)
			}
		}
		for _, tc := range []struct {
			op    string
			value any
			want  string // IDs, sorted
		}{
			{"in", []any{nil}, ""},
			{"in", []any{nan}, ""},
			{"in", []any{nil, nan, 1}, "one"},
			{"in", []any{[]any{nil}, []any{nan}}, "nans nulls"},
			{"array-contains-any", []any{nil}, ""},
			{"array-contains-any", []any{nan}, ""},
			{"array-contains-any", []any{nil, nan, 1}, "list mixed"},
			{"not-in", []any{nil}, ""},
			{"==", nil, "null"},
			{"==", nan, "nan"},
			// composite_index_query.test.ts, "can use on special values".
			{"<", 5, "infinite minus one"},
			{"<=", 1, "infinite minus one"},
			{">", -5, "minus one"},
			{">=", math.Inf(-1), "infinite minus one"},
		} {
			q := docs.Where("v", tc.op, tc.value)
			for range 2 { // the second time with an index
				snaps, err := q.Documents(ctx).GetAll()
				if err != nil {
					t.Fatalf("%s %v: %v", tc.op, tc.value, err)
				}
				var ids []string
				for _, s := range snaps {
					ids = append(ids, s.Ref.ID)
				}
				slices.Sort(ids)
				if got := strings.Join(ids, " "); got != tc.want {
					t.Errorf("%d more documents: %s %v: got %q, want %q", padding, tc.op, tc.value, got, tc.want)
				}
			}
		}
	}
}

// TestRejectedQueries sends queries that production rejects. The sources of the texts are at the
// checks.
func TestRejectedQueries(t *testing.T) {
	ctx := context.Background()
	fs := start(t, unindexed).client(t, "demo-rejected")
	c := fs.Collection("c")
	const id, asc, desc = firestore.DocumentID, firestore.Asc, firestore.Desc
	const after, equality, arrays = "fields after the key", "Equality on key is not allowed", "'ARRAY_CONTAINS' filter is allowed"
	or := func(fs ...firestore.EntityFilter) firestore.Query {
		return c.WhereEntity(firestore.OrFilter{Filters: fs})
	}
	has := func(v any) firestore.EntityFilter {
		return firestore.PropertyFilter{Path: "l", Operator: "array-contains", Value: v}
	}
	for _, tc := range []struct {
		name string
		q    firestore.Query
		want string // part of the error, "" for none
	}{
		{"an order after the name", c.OrderBy(id, asc).OrderBy("a", asc), after + " a"},
		{"an order after the name, descending", c.OrderBy("a", asc).OrderBy(id, desc).OrderBy("b", asc), after + " b"},
		{"an inequality after the name", c.Where("a", ">", 1).OrderBy(id, asc), after + " a"},
		{"one of two inequalities after the name", c.Where("a", ">", 1).Where("b", "<", 1).OrderBy("a", asc).OrderBy(id, asc), after + " b"},
		{"not-in after the name", c.Where("a", "not-in", []int{1}).OrderBy(id, asc), after + " a"},
		{"the name after an inequality", c.Where("a", ">", 1).OrderBy("a", asc).OrderBy(id, desc), ""},
		{"an equality, ordered by name", c.Where("a", "==", 1).OrderBy(id, asc), ""},
		{"a range of names and an inequality", c.Where("a", ">", 1).Where(id, ">", c.Doc("x")), ""},
		{"a name and an inequality", c.Where(id, "==", c.Doc("x")).Where("a", ">", 1), equality},
		{"a name and !=", c.Where("a", "!=", 42).Where(id, "==", c.Doc("x")), equality},
		{"names and an inequality", c.Where(id, "in", []any{c.Doc("x"), c.Doc("y")}).Where("a", "<", 1), equality},
		{"a name, a range of names and an inequality", c.Where(id, "==", c.Doc("x")).Where(id, ">", c.Doc("a")).Where("a", ">", 1), ""},
		{"a name and an equality", c.Where(id, "==", c.Doc("x")).Where("a", "==", 1), ""},
		{"two array-contains", c.Where("l", "array-contains", 1).Where("l", "array-contains", 2), arrays},
		{"two array-contains of two fields", c.Where("l", "array-contains", 1).Where("m", "array-contains", 2), arrays},
		{"two array-contains in one alternative", or(firestore.AndFilter{Filters: []firestore.EntityFilter{has(1), has(2)}}, has(3)), arrays},
		{"one array-contains in each alternative", or(has(1), has(2)), ""},
		{"array-contains and an equality", c.Where("l", "array-contains", 1).Where("a", "==", 1), ""},
	} {
		_, err := tc.q.Documents(ctx).GetAll()
		switch {
		case tc.want == "":
			if err != nil {
				t.Errorf("%s: %v", tc.name, err)
			}
		case status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), tc.want):
			t.Errorf("%s: %v, want INVALID_ARGUMENT with %q", tc.name, err, tc.want)
		}
	}
}
