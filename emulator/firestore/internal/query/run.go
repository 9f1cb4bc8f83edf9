package query

import (
	"slices"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/value"
)

// Result is the documents that a query found, in order.
type Result struct {
	Docs    []*store.Document
	Skipped int // documents that the offset passed over
	Scanned int // documents or index entries that were looked at
}

// Run finds the query's results in a view.
func (q *Query) Run(v store.View) Result {
	var r Result
	ordered := len(q.Orders) == 1 && q.Group != "" // by name alone, the order of the scan
	enough := -1
	if ordered && q.Limit >= 0 && q.Near == nil {
		enough = q.Offset + q.Limit
	}
	q.scan(v, ordered && q.Orders[0].Desc, func(d *store.Document) bool {
		if enough >= 0 && len(r.Docs) >= enough {
			return false
		}
		r.Scanned++
		if q.InScope(d) && q.matchFields(d) {
			r.Docs = append(r.Docs, d)
		}
		return true
	})
	if !ordered {
		slices.SortFunc(r.Docs, q.Compare)
	}
	q.cut(&r)
	return r
}

// cut applies offset, limit and the search for the nearest.
func (q *Query) cut(r *Result) {
	if q.Near != nil {
		r.Docs = q.Near.pick(r.Docs)
	}
	r.Skipped = min(q.Offset, len(r.Docs))
	r.Docs = r.Docs[r.Skipped:]
	if q.Limit >= 0 && len(r.Docs) > q.Limit {
		r.Docs = r.Docs[:q.Limit]
	}
}

// scan visits every document in the query's scope, and others.
func (q *Query) scan(v store.View, backwards bool, yield func(*store.Document) bool) {
	switch {
	case q.Group == "":
		for _, g := range v.Groups() {
			v.Scan(g, q.Parent, "", false, func(d *store.Document) bool {
				return q.Parent == "" && yield(d) || q.Parent != "" && (d.Key <= q.Parent || d.Key.Under(q.Parent) && yield(d))
			})
		}
	case q.All:
		to := q.Parent
		if to != "" {
			to = to.After()
		}
		v.Scan(q.Group, q.Parent, to, backwards, yield)
	default:
		c := q.Collection()
		v.Scan(q.Group, c, c.After(), backwards, yield)
	}
}

// Fields returns what a result shows of a document.
func (q *Query) Fields(d *store.Document) *value.Fields {
	f := q.Project(d)
	if q.Near != nil {
		f = q.Near.withDistance(d, f)
	}
	return f
}
