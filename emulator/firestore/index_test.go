package firestore_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/clock"
	emulator "heek.kr/heektime/emulator/firestore"
)

const timetableIndexes = `{
  "indexes": [
    {"collectionGroup": "timetables", "queryScope": "COLLECTION", "fields": [
      {"fieldPath": "semester", "order": "DESCENDING"}, {"fieldPath": "createdAt", "order": "DESCENDING"}]},
    {"collectionGroup": "timetables", "queryScope": "COLLECTION", "fields": [
      {"fieldPath": "visibility", "order": "ASCENDING"}, {"fieldPath": "semester", "order": "DESCENDING"}, {"fieldPath": "createdAt", "order": "DESCENDING"}]},
    {"collectionGroup": "timetables", "queryScope": "COLLECTION", "fields": [
      {"fieldPath": "owner", "order": "ASCENDING"}, {"fieldPath": "semester", "order": "DESCENDING"}, {"fieldPath": "createdAt", "order": "DESCENDING"}]},
    {"collectionGroup": "timetables", "queryScope": "COLLECTION_GROUP", "fields": [
      {"fieldPath": "tags", "arrayConfig": "CONTAINS"}, {"fieldPath": "createdAt", "order": "ASCENDING"}]}
  ],
  "fieldOverrides": [
    {"collectionGroup": "timetables", "fieldPath": "note", "indexes": []},
    {"collectionGroup": "timetables", "fieldPath": "meta", "indexes": []},
    {"collectionGroup": "timetables", "fieldPath": "meta.kept", "indexes": [{"order": "ASCENDING"}]},
    {"collectionGroup": "timetables", "fieldPath": "title", "indexes": [
      {"queryScope": "COLLECTION", "order": "ASCENDING"}, {"queryScope": "COLLECTION_GROUP", "order": "ASCENDING"}]}
  ]
}`

// TestIndexesAreRequired is long: It is long because of its table.
func TestIndexesAreRequired(t *testing.T) {
	ctx := context.Background()
	fs := start(t, func(c *emulator.Config) { c.Indexes = []byte(timetableIndexes) }).client(t, "demo-index")
	one0 := fs.Collection("users/u/timetables")
	one, group := fs.Collection("users/u/timetables").Query, fs.CollectionGroup("timetables").Query
	const asc, desc = firestore.Asc, firestore.Desc
	for _, tc := range []struct {
		name string
		q    firestore.Query
		add  string // the fields of the missing index, as in the printed entry; "" when none is missing
	}{
		{"no filter", one, ""},
		{"one equality", one.Where("x", "==", 1), ""},
		{"several equalities, merged", one.Where("x", "==", 1).Where("y", "==", 2).Where("z", "array-contains", 1), ""},
		{"in, as several equalities", one.Where("x", "in", []int{1, 2}).Where("y", "==", 2), ""},
		{"one inequality", one.Where("x", ">", 1), ""},
		{"an inequality and its order", one.Where("x", ">", 1).OrderBy("x", desc), ""},
		{"one order", one.OrderBy("x", desc), ""},
		{"names", one.OrderBy(firestore.DocumentID, asc), ""},
		{"names backwards", one.OrderBy(firestore.DocumentID, desc), "__name__-"},
		{"the last by name", one.OrderBy(firestore.DocumentID, asc).LimitToLast(2), "__name__-"},
		{"the first by name, asked for backwards", one.OrderBy(firestore.DocumentID, desc).LimitToLast(2), ""},
		{"a range of names backwards", one.Where(firestore.DocumentID, ">", one0.Doc("a")).OrderBy(firestore.DocumentID, desc), "__name__-"},
		{"an equality and names backwards", one.Where("x", "==", 1).OrderBy(firestore.DocumentID, desc), ""},
		{"a group's names backwards", group.OrderBy(firestore.DocumentID, desc), "__name__-"},
		{"one order, names in the other direction", one.OrderBy("x", desc).OrderBy(firestore.DocumentID, asc), "x- __name__+"},
		{"an equality and an order", one.Where("x", "==", 1).OrderBy("y", asc), "x+ y+"},
		{"an equality and an inequality", one.Where("x", "==", 1).Where("y", "<", 3), "x+ y+"},
		{"an equality and the order of the same field", one.Where("x", "==", 1).OrderBy("x", asc), ""},
		{"an array and an order", one.Where("x", "array-contains", 1).OrderBy("y", desc), "x@ y-"},
		{"two inequalities", one.Where("x", ">", 1).Where("y", "<", 3), "x+ y+"},
		{"the order of an index", one.OrderBy("semester", desc).OrderBy("createdAt", desc), ""},
		{"the order of an index, backwards", one.OrderBy("semester", asc).OrderBy("createdAt", asc), "semester+ createdAt+"},
		{"the order of an index, partly", one.OrderBy("semester", desc).OrderBy("createdAt", asc), "semester- createdAt+"},
		{"an equality and the order of an index", one.Where("visibility", "==", "public").OrderBy("semester", desc).OrderBy("createdAt", desc), ""},
		{"in and the order of an index", one.Where("visibility", "in", []string{"public", "x"}).OrderBy("semester", desc).OrderBy("createdAt", desc), ""},
		{"two indexes with the same order are merged", one.Where("visibility", "==", "public").Where("owner", "==", 1).OrderBy("semester", desc).OrderBy("createdAt", desc), ""},
		{"an equality beyond the index", one.Where("visibility", "==", "public").Where("x", "==", 1).OrderBy("semester", desc).OrderBy("createdAt", desc), "visibility+ x+ semester- createdAt-"},
		{"alternatives, one of them without an index", one.WhereEntity(firestore.OrFilter{Filters: []firestore.EntityFilter{
			firestore.PropertyFilter{Path: "visibility", Operator: "==", Value: "public"},
			firestore.PropertyFilter{Path: "x", Operator: "==", Value: 1},
		}}).OrderBy("semester", desc).OrderBy("createdAt", desc), "x+ semester- createdAt-"},
		{"a field without any index", one.Where("note", "==", 1), "note+"},
		{"a field of an exempt map", one.Where("meta.x.y", "==", 1), "meta.x.y+"},
		{"a field of an exempt map with an index of its own", one.Where("meta.kept.z", "==", 1), ""},
		{"not the exempt map's own name", one.Where("metadata", "==", 1), ""},
		{"a field indexed in one direction", one.OrderBy("title", asc), ""},
		{"a field not indexed in the other", one.OrderBy("title", desc), "title-"},
		{"a whole group", group, ""},
		{"a group needs an index of its own", group.Where("x", "==", 1), "x+"},
		{"a group with an index", group.Where("title", "==", "x"), ""},
		{"a group's composite index", group.Where("tags", "array-contains", 1).OrderBy("createdAt", asc), ""},
		{"the index of a collection, for its group", group.OrderBy("semester", desc).OrderBy("createdAt", desc), "semester- createdAt-"},
	} {
		_, err := tc.q.Documents(ctx).GetAll()
		if tc.add == "" {
			if err != nil {
				t.Errorf("%s: %v", tc.name, err)
			}
			continue
		}
		if got := missing(t, err); status.Code(err) != codes.FailedPrecondition || got != tc.add {
			t.Errorf("%s: %v: the entry is for %q, want %q", tc.name, err, got, tc.add)
		}
	}
}

// A sum has no order, so an index may have the summed fields in any order and direction after the
// equalities and sort keys.
func TestAggregationsMatchIndexesInAnyOrder(t *testing.T) {
	ctx := context.Background()
	c := start(t, func(c *emulator.Config) {
		c.Indexes = []byte(`{"indexes": [
			{"collectionGroup": "timetables", "fields": [
				{"fieldPath": "credits", "order": "ASCENDING"}, {"fieldPath": "hours", "order": "DESCENDING"}]},
			{"collectionGroup": "timetables", "fields": [
				{"fieldPath": "owner", "order": "ASCENDING"}, {"fieldPath": "year", "order": "ASCENDING"},
				{"fieldPath": "credits", "order": "DESCENDING"}, {"fieldPath": "hours", "order": "ASCENDING"}]}]}`)
	})
	all := c.client(t, "demo-index").Collection("timetables").Query
	owned := all.Where("owner", "==", 1).Where("year", ">", 2020)
	for _, tc := range []struct {
		name string
		q    firestore.Query
		sums []string
		add  string
	}{
		{"in the order of the index", all, []string{"credits", "hours"}, ""},
		{"in the other order", all, []string{"hours", "credits"}, ""},
		{"one field", all, []string{"hours"}, ""},
		{"another field", all, []string{"hours", "weeks"}, "hours+ weeks+"},
		{"three fields", all, []string{"hours", "credits", "weeks"}, "hours+ credits+ weeks+"},
		{"after an equality and an inequality", owned, []string{"hours", "credits"}, ""},
		{"after them, in the order of the index", owned, []string{"credits", "hours"}, ""},
		{"after an inequality alone", all.Where("year", ">", 2020), []string{"hours", "credits"}, "year+ hours+ credits+"},
		{"before the sort key", all.Where("credits", ">", 1), []string{"hours", "owner"}, "credits+ hours+ owner+"},
	} {
		a := tc.q.NewAggregationQuery()
		for _, f := range tc.sums {
			a = a.WithSum(f, "")
		}
		_, err := a.Get(ctx)
		if tc.add == "" {
			if err != nil {
				t.Errorf("%s: %v", tc.name, err)
			}
			continue
		}
		if got := missing(t, err); status.Code(err) != codes.FailedPrecondition || got != tc.add {
			t.Errorf("%s: %v: the entry is for %q, want %q", tc.name, err, got, tc.add)
		}
	}
}

// missing returns the fields of the index that an error asks for.
func missing(t *testing.T, err error) string {
	t.Helper()
	_, text, ok := strings.Cut(status.Convert(err).Message(), "\n{")
	if !ok {
		return ""
	}
	var entry struct {
		CollectionGroup, QueryScope, FieldPath string
		Fields                                 []struct{ FieldPath, Order, ArrayConfig string }
		Indexes                                []struct{ QueryScope, Order, ArrayConfig string }
	}
	if err := json.Unmarshal([]byte("{"+text), &entry); err != nil {
		t.Errorf("the entry is not JSON: %v: %s", err, text)
	}
	if entry.CollectionGroup != "timetables" {
		t.Errorf("the entry is for the collection group %q", entry.CollectionGroup)
	}
	sign := func(order, array string) string {
		return map[string]string{"ASCENDING": "+", "DESCENDING": "-", "CONTAINS": "@"}[order+array]
	}
	var out []string
	for _, f := range entry.Fields {
		out = append(out, f.FieldPath+sign(f.Order, f.ArrayConfig))
	}
	if n := len(entry.Indexes); n > 0 {
		last := entry.Indexes[n-1]
		out = append(out, entry.FieldPath+sign(last.Order, last.ArrayConfig))
	}
	return strings.Join(out, " ")
}

// A query runs once the entry in its error is added.
func TestPrintedEntrySuffices(t *testing.T) {
	ctx := context.Background()
	c := start(t)
	fs := c.client(t, "demo-index")
	for _, q := range []firestore.Query{
		fs.Collection("a").Where("x", "==", 1).Where("y", "array-contains", 2).OrderBy("z", firestore.Desc),
		fs.Collection("a").OrderBy("x", firestore.Desc).OrderBy(firestore.DocumentID, firestore.Asc),
		fs.Collection("a").OrderBy(firestore.DocumentID, firestore.Desc),
		fs.CollectionGroup("a").OrderBy(firestore.DocumentID, firestore.Desc),
		fs.CollectionGroup("a").Where("x", "==", 1),
		fs.CollectionGroup("a").Where("x", ">", 1).OrderBy("x", firestore.Desc),
		fs.CollectionGroup("a").Where("m.`b c`", "==", 1).Where("x", "<", 1),
	} {
		_, err := q.Documents(ctx).GetAll()
		head, entry, ok := strings.Cut(status.Convert(err).Message(), "firestore.indexes.json:\n")
		if !ok {
			t.Errorf("%v", err)
			continue
		}
		where := "indexes"
		if strings.Contains(head, "fieldOverrides") {
			where = "fieldOverrides"
		}
		if err := c.SetIndexes([]byte(`{"` + where + `": [` + entry + `]}`)); err != nil {
			t.Errorf("%s: %v", entry, err)
			continue
		}
		if _, err := q.Documents(ctx).GetAll(); err != nil {
			t.Errorf("with %s: %v", entry, err)
		}
	}
}

func TestInvalidIndexes(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                "parse index definitions",
		`{"indexs": []}`:    `there is no key "indexs"`,
		`{"indexes": [{}]}`: "indexes[0]: collectionGroup",
		`{"indexes": [{"collectionGroup": "a", "queryScope": "ALL", "fields": []}]}`: `queryScope "ALL"`,
		`{"indexes": [{"collectionGroup": "a", "fields": [{"fieldPath": "x"}]}]}`:    "fields[0]",
		`{"fieldOverrides": [{"collectionGroup": "a", "fieldPath": "a..b"}]}`:        "a..b",
	} {
		_, err := emulator.New(emulator.Config{Clock: clock.New(), Indexes: []byte(text)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
}
