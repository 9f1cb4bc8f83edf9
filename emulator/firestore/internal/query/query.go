// Package query parses, checks and runs Firestore's structured queries.
//
// [Parse] turns a request into a [Query] with all implicit sort keys. [Query.Run] brings its filter
// into disjunctive normal form, plans an index scan for each disjunct, and merges the results.
// Indexes are built on demand; whether production would have the index is checked by package index.
package query

import (
	"cmp"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Query is a checked query with all implicit parts made explicit.
type Query struct {
	Parent resource.Key // a document or the root
	Group  string       // collection ID; "" for every one
	All    bool         // all collections below Parent, not only its direct children
	Filter Filter       // nil matches all
	Orders []Order      // ends with the document's name
	Start  *Cursor
	End    *Cursor
	Offset int
	Limit  int              // negative for none
	Select []fieldpath.Path // nil selects all fields, an empty list only the name
	Near   *Nearest
	Has    []fieldpath.Path // fields that a result has, besides those of Orders
}

// Order is one of a query's sort keys.
type Order struct {
	Path fieldpath.Path
	Desc bool
}

// Cursor is a position among the results, given by values for the first sort keys.
type Cursor struct {
	Values []value.Value
	Before bool // just before the results with these values, rather than just after
}

// nameDesc reports whether results are sorted by name in descending order.
func (q *Query) nameDesc() bool {
	for _, o := range q.Orders {
		if o.Path.IsName() {
			return o.Desc
		}
	}
	return false
}

// OneCollection reports whether the query is of a single collection.
func (q *Query) OneCollection() bool { return q.Group != "" && !q.All }

// Collection returns the key of the collection of a query of a single collection.
func (q *Query) Collection() resource.Key { return q.Parent.Child(q.Group) }

// InScope reports whether a document is in one of the query's collections.
func (q *Query) InScope(d *store.Document) bool {
	switch {
	case q.Group == "" && q.All:
		return d.Key.Under(q.Parent)
	case q.Group == "":
		return d.Key.ChildOf(q.Parent)
	case q.All:
		return d.Key.Under(q.Parent) && d.Key.Group() == q.Group
	}
	return d.Key.In(q.Collection())
}

// Match reports whether a document is among the results, ignoring offset and limit.
func (q *Query) Match(d *store.Document) bool {
	return d.Exists() && q.InScope(d) && q.matchFields(d)
}

// matchFields implements Match for a document in scope.
func (q *Query) matchFields(d *store.Document) bool {
	for _, o := range q.Orders {
		if !o.Path.IsName() && !d.Fields.At(o.Path).Exists() {
			return false
		}
	}
	for _, p := range q.Has {
		if !d.Fields.At(p).Exists() {
			return false
		}
	}
	if q.Filter != nil && !q.Filter.Match(d) {
		return false
	}
	return (q.Start == nil || !q.Start.after(q.Orders, d)) && (q.End == nil || q.End.after(q.Orders, d))
}

// Compare compares two results by the query's order.
func (q *Query) Compare(a, b *store.Document) int {
	for _, o := range q.Orders {
		var c int
		if o.Path.IsName() {
			c = cmp.Compare(a.Key, b.Key)
		} else {
			c = value.Compare(a.Fields.At(o.Path), b.Fields.At(o.Path))
		}
		if o.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// after reports whether the cursor is after the document.
func (c *Cursor) after(orders []Order, d *store.Document) bool {
	for i, v := range c.Values {
		var n int
		if orders[i].Path.IsName() {
			k, _ := nameKey(v)
			n = cmp.Compare(d.Key, k)
		} else {
			n = value.Compare(d.Fields.At(orders[i].Path), v)
		}
		if orders[i].Desc {
			n = -n
		}
		if n != 0 {
			return n < 0
		}
	}
	return !c.Before
}

// project returns the selected ones of a result's fields.
func (q *Query) project(f *value.Fields) *value.Fields {
	if q.Select == nil {
		return f
	}
	paths := make([][]string, len(q.Select))
	for i, p := range q.Select {
		paths[i] = p
	}
	return f.Pick(paths)
}
