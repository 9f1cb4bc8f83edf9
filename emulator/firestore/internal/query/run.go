package query

import (
	"slices"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Result holds the results of a query in order.
type Result struct {
	Docs    []*store.Document
	Skipped int // number of documents skipped by the offset
	Vectors int // number of vectors that a nearest-neighbor search compared
}

// Indexes builds indexes.
type Indexes interface {
	BuildIndex(group string, spec store.IndexSpec)
}

// maxUnindexed is the number of documents in a query's scope up to which it scans and sorts them
// instead of using an index.
const maxUnindexed = 100

// Run returns the query's results in a view. If the view lacks an index that would make the query
// faster, Run builds it for later queries.
func (q *Query) Run(v store.View, m Indexes) Result {
	var r Result
	if q.Group == "" {
		q.sortAll(v, &r)
		return r
	}
	disjuncts := q.Disjuncts()
	plans := make([]plan, len(disjuncts))
	for i, a := range disjuncts {
		if _, ok := namedDocument(a); ok {
			continue
		}
		p, ok := q.plan(a)
		if !ok && len(disjuncts) == 1 {
			q.byName(v, &r)
			return r
		}
		plans[i] = p
	}
	if q.isSmall(v) || !q.haveIndexes(v, m, plans) {
		q.sortAll(v, &r)
		return r
	}
	for i, a := range disjuncts {
		q.runPlan(v, a, plans[i], &r)
	}
	if len(disjuncts) > 1 {
		slices.SortFunc(r.Docs, q.Compare)
		r.Docs = slices.Compact(r.Docs)
	}
	q.limit(&r)
	return r
}

// isSmall reports whether the query's scope is small enough to scan.
func (q *Query) isSmall(v store.View) bool {
	n := 0
	q.scan(v, false, func(*store.Document) bool {
		n++
		return n <= maxUnindexed
	})
	return n <= maxUnindexed
}

// haveIndexes reports whether the view has the indexes of all plans. It builds missing ones.
func (q *Query) haveIndexes(v store.View, m Indexes, plans []plan) bool {
	ok := true
	for _, p := range plans {
		if len(p.spec.Fields) > 0 && v.Index(q.Group, p.spec.Name()) == nil {
			ok = false
			if m != nil && !v.Past() {
				m.BuildIndex(q.Group, p.spec)
			}
		}
	}
	return ok
}

// needed returns the number of results to find in order, negative for all.
func (q *Query) needed() int {
	if q.Limit < 0 || q.Near != nil {
		return -1
	}
	return q.Offset + q.Limit
}

// collect returns a function that adds matching documents to the result until there are as many as
// needed.
func (q *Query) collect(r *Result) func(*store.Document) bool {
	needed := q.needed()
	if needed >= 0 {
		needed += len(r.Docs)
	}
	return func(d *store.Document) bool {
		if needed >= 0 && len(r.Docs) >= needed {
			return false
		}
		if q.InScope(d) && q.matchFields(d) {
			r.Docs = append(r.Docs, d)
		}
		return true
	}
}

// runPlan adds the results of one disjunct.
func (q *Query) runPlan(v store.View, a []*Comparison, p plan, r *Result) {
	take := q.collect(r)
	if k, ok := namedDocument(a); ok {
		if d := v.Get(k); d != nil {
			take(d)
		}
		return
	}
	if len(p.spec.Fields) == 0 {
		q.scan(v, q.Orders[0].Desc, take)
		return
	}
	if p.to != "" && p.from >= p.to {
		return
	}
	v.Index(q.Group, p.spec.Name()).Scan(p.from, p.to, p.backwards, take)
}

// byName finds the results of a query that is sorted by name.
func (q *Query) byName(v store.View, r *Result) {
	q.scan(v, q.Orders[0].Desc, q.collect(r))
	q.limit(r)
}

// sortAll checks every document in scope and sorts the matching ones.
func (q *Query) sortAll(v store.View, r *Result) {
	q.scan(v, false, func(d *store.Document) bool {
		if q.InScope(d) && q.matchFields(d) {
			r.Docs = append(r.Docs, d)
		}
		return true
	})
	slices.SortFunc(r.Docs, q.Compare)
	q.limit(r)
}

// limit applies nearest-neighbor search, offset and limit.
func (q *Query) limit(r *Result) {
	if q.Near != nil {
		r.Docs, r.Vectors = q.Near.pick(r.Docs)
	}
	r.Skipped = min(q.Offset, len(r.Docs))
	r.Docs = r.Docs[r.Skipped:]
	if q.Limit >= 0 && len(r.Docs) > q.Limit {
		r.Docs = r.Docs[:q.Limit]
	}
}

// scan visits all documents that may be in the query's scope and between its cursors, and possibly
// others.
func (q *Query) scan(v store.View, backwards bool, yield func(*store.Document) bool) {
	if q.Group == "" {
		for _, g := range v.Groups() {
			v.Scan(g, q.Parent, "", false, func(d *store.Document) bool {
				if q.Parent == "" || d.Key.Under(q.Parent) {
					return yield(d)
				}
				return d.Key <= q.Parent
			})
		}
		return
	}
	from, to := q.Parent, resource.Key("")
	if !q.All {
		from = q.Collection()
	}
	if from != "" {
		to = from.After()
	}
	from, to = q.narrowNames(from, to)
	if to == "" || from < to {
		v.Scan(q.Group, from, to, backwards, yield)
	}
}

// narrowNames narrows a range of keys by comparisons with the name, and by cursors if the results
// are sorted by name.
func (q *Query) narrowNames(from, to resource.Key) (resource.Key, resource.Key) {
	low := func(k resource.Key) { from = max(from, k) }
	high := func(k resource.Key) {
		if to == "" || k < to {
			to = k
		}
	}
	list, _ := q.Filter.(And)
	if c, ok := q.Filter.(*Comparison); ok {
		list = And{c}
	}
	for _, f := range list {
		c, ok := f.(*Comparison)
		if !ok || !c.Path.IsName() {
			continue
		}
		k, _ := nameKey(c.Value)
		switch c.Op {
		case Greater, GreaterOrEqual:
			low(k)
		case Less:
			high(k)
		case LessOrEqual:
			high(k + "\x00")
		case Equal:
			low(k)
			high(k + "\x00")
		}
	}
	if !q.Orders[0].Path.IsName() {
		return from, to
	}
	first, last := q.Start, q.End
	if q.Orders[0].Desc {
		first, last = last, first
	}
	if first != nil {
		k, _ := nameKey(first.Values[0])
		low(k)
	}
	if last != nil {
		k, _ := nameKey(last.Values[0])
		high(k + "\x00")
	}
	return from, to
}

// Fields returns the fields of a document in the results. A projection drops the distance to the query's
// vector, too, unless it selects it.
func (q *Query) Fields(d *store.Document) *value.Fields {
	f := d.Fields
	if q.Near != nil {
		f = q.Near.withDistance(d, f)
	}
	return q.project(f)
}
