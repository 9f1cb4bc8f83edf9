package firestore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
)

// In a collection group, the name of one document may be a prefix of another's. Their order by name
// is the same with an index as without, in both directions.
func TestNestedNamesInCollectionGroups(t *testing.T) {
	c := start(t, unindexed)
	docs := map[string]map[string]any{
		"g/a":         {"x": 1, "y": 1},
		"g/a/g/b":     {"x": 1, "y": 1},
		"g/a/G/d":     {"x": 1, "y": 1}, // in another group
		"g/a/g/b/g/c": {"x": 1, "y": 1},
		"g/b":         {"x": 1, "y": 1},
	}
	for i := range 200 { // more than are scanned without an index
		docs[fmt.Sprintf("g/filler%d", i)] = map[string]any{"x": 0, "y": 0}
	}
	if err := database(t, c, "demo-group").Seed(docs); err != nil {
		t.Fatal(err)
	}
	fs := c.client(t, "demo-group")
	group := fs.CollectionGroup("g").Where("x", ">", 0)
	const asc, desc = firestore.Asc, firestore.Desc
	up := group.OrderBy("x", asc).OrderBy("y", asc).OrderBy(firestore.DocumentID, asc)
	down := group.OrderBy("x", desc).OrderBy("y", desc).OrderBy(firestore.DocumentID, desc)
	mixed := group.OrderBy("x", asc).OrderBy("y", desc).OrderBy(firestore.DocumentID, desc)
	mixedUp := group.OrderBy("x", desc).OrderBy("y", asc).OrderBy(firestore.DocumentID, asc)
	at := func(path string) []any { return []any{1, 1, fs.Doc(path)} }
	for _, tc := range []struct {
		name string
		q    firestore.Query
		want string
	}{
		{"ascending", up, "a a/b a/b/c b"},
		{"descending", down, "b a/b/c a/b a"},
		{"descending names", mixed, "b a/b/c a/b a"},
		{"ascending names", mixedUp, "a a/b a/b/c b"},
		{"ascending, after the parent", up.StartAfter(at("g/a")...), "a/b a/b/c b"},
		{"ascending, to the parent", up.EndAt(at("g/a")...), "a"},
		{"ascending, before the child", up.EndBefore(at("g/a/g/b")...), "a"},
		{"descending, after the child", down.StartAfter(at("g/a/g/b")...), "a"},
		{"descending, from the child", down.StartAt(at("g/a/g/b")...), "a/b a"},
		{"descending, before the parent", down.EndBefore(at("g/a")...), "b a/b/c a/b"},
		{"descending names, after the child", mixed.StartAfter(at("g/a/g/b")...), "a"},
		{"descending names, from the child", mixed.StartAt(at("g/a/g/b")...), "a/b a"},
		{"descending names, to the child", mixed.EndAt(at("g/a/g/b")...), "b a/b/c a/b"},
		{"ascending names, after the parent", mixedUp.StartAfter(at("g/a")...), "a/b a/b/c b"},
		{"ascending names, to the parent", mixedUp.EndAt(at("g/a")...), "a"},
	} {
		for range 2 { // the second time, the index has been built
			snaps, err := tc.q.Documents(t.Context()).GetAll()
			if err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			var got []string
			for _, s := range snaps {
				_, path, _ := strings.Cut(s.Ref.Path, "/documents/g/")
				got = append(got, strings.ReplaceAll(path, "/g/", "/"))
			}
			if want := strings.Fields(tc.want); !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", tc.name, got, want)
			}
		}
	}
}
