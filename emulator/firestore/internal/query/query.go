// Package query understands Firestore's structured queries: what they match, in which order, and how to find it.
package query

import (
	"cmp"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Query is a checked query in which everything implicit is explicit.
type Query struct {
	Parent resource.Key // the document, or root, below which it looks
	Group  string       // the id of the collections; "" for all documents below Parent
	All    bool         // also collections deeper below Parent
	Filter Filter       // nil matches all
	Orders []Order      // ends with the document's name
	Start  *Cursor
	End    *Cursor
	Offset int
	Limit  int              // negative for none
	Select []fieldpath.Path // nil selects all; empty the name alone
	Near   *Nearest
}

// Order is one of a query's sort keys.
type Order struct {
	Path fieldpath.Path
	Desc bool
}

// Cursor is a position among the results, given by values of the first sort keys.
type Cursor struct {
	Values []value.Value
	Before bool // the position is just before those with these values, else just after
}

// nameDesc is the direction in which the results are sorted by name, when nothing before distinguishes them.
func (q *Query) nameDesc() bool {
	for _, o := range q.Orders {
		if o.Path.IsName() {
			return o.Desc
		}
	}
	return false
}

// Collection is the key of the collection that a query of a single collection looks at.
func (q *Query) Collection() resource.Key { return q.Parent.Child(q.Group) }

// InScope reports whether a document is in the collections that the query looks at.
func (q *Query) InScope(d *store.Document) bool {
	switch {
	case q.Group == "":
		return d.Key.Under(q.Parent)
	case q.All:
		return d.Key.Under(q.Parent) && d.Key.Group() == q.Group
	}
	return d.Key.In(q.Collection())
}

// Match reports whether a document is among the results, but for offset and limit.
func (q *Query) Match(d *store.Document) bool {
	return d.Exists() && q.InScope(d) && q.matchFields(d)
}

// matchFields is Match for a document that is known to be in scope.
func (q *Query) matchFields(d *store.Document) bool {
	for _, o := range q.Orders {
		if !o.Path.IsName() && !d.Fields.At(o.Path).Exists() {
			return false
		}
	}
	if q.Filter != nil && !q.Filter.Match(d) {
		return false
	}
	return (q.Start == nil || !q.Start.after(q.Orders, d)) && (q.End == nil || q.End.after(q.Orders, d))
}

// Compare orders two documents of the result.
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

// after reports whether the position is after the document.
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

// Project returns the selected fields of a document.
func (q *Query) Project(d *store.Document) *value.Fields {
	if q.Select == nil {
		return d.Fields
	}
	paths := make([][]string, len(q.Select))
	for i, p := range q.Select {
		paths[i] = p
	}
	return d.Fields.Pick(paths)
}
