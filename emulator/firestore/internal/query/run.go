package query

import (
	"slices"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Result is the documents that a query found, in order.
type Result struct {
	Docs    []*store.Document
	Skipped int // documents that the offset passed over
	Scanned int // documents or index entries that were looked at
}

// Indexes makes indexes for later queries.
type Indexes interface {
	BuildIndex(group string, spec store.IndexSpec)
}

// fewDocuments is how many documents a query looks at and sorts before it asks for an index.
var fewDocuments = 100

// Run finds the query's results in a view. When it would go faster with an index that the view lacks, it has it made
// for the next time.
func (q *Query) Run(v store.View, m Indexes) Result {
	var r Result
	if q.Group == "" {
		q.sortAll(v, &r)
		return r
	}
	alternatives := q.Disjuncts()
	plans := make([]plan, len(alternatives))
	for i, a := range alternatives {
		if _, ok := names(a); ok {
			continue
		}
		p, ok := q.plan(a)
		if !ok && len(alternatives) == 1 {
			q.byName(v, &r)
			return r
		}
		plans[i] = p
	}
	if q.few(v) || !q.indexed(v, m, plans) {
		q.sortAll(v, &r)
		return r
	}
	for i, a := range alternatives {
		q.runPlan(v, a, plans[i], &r)
	}
	if len(alternatives) > 1 {
		slices.SortFunc(r.Docs, q.Compare)
		r.Docs = slices.Compact(r.Docs)
	}
	q.cut(&r)
	return r
}

// few reports whether the query's scope is so small that it is best looked through.
func (q *Query) few(v store.View) bool {
	n := 0
	q.scan(v, false, func(*store.Document) bool {
		n++
		return n <= fewDocuments
	})
	return n <= fewDocuments
}

// indexed reports whether the view has the indexes of all plans. Those that are missing are made.
func (q *Query) indexed(v store.View, m Indexes, plans []plan) bool {
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

// enough is how many results have to be found in order, negative for all.
func (q *Query) enough() int {
	if q.Limit < 0 || q.Near != nil {
		return -1
	}
	return q.Offset + q.Limit
}

// collect returns a function that takes documents of the query's scope into the result until there are enough.
func (q *Query) collect(r *Result) func(*store.Document) bool {
	enough := q.enough()
	if enough >= 0 {
		enough += len(r.Docs)
	}
	return func(d *store.Document) bool {
		if enough >= 0 && len(r.Docs) >= enough {
			return false
		}
		r.Scanned++
		if q.InScope(d) && q.matchFields(d) {
			r.Docs = append(r.Docs, d)
		}
		return true
	}
}

// runPlan finds the results of one alternative.
func (q *Query) runPlan(v store.View, a []*Comparison, p plan, r *Result) {
	take := q.collect(r)
	if k, ok := names(a); ok {
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

// byName finds the results of a query whose order is that of the names.
func (q *Query) byName(v store.View, r *Result) {
	q.scan(v, q.Orders[0].Desc, q.collect(r))
	q.cut(r)
}

// sortAll looks at every document in scope and sorts what matches.
func (q *Query) sortAll(v store.View, r *Result) {
	q.scan(v, false, func(d *store.Document) bool {
		r.Scanned++
		if q.InScope(d) && q.matchFields(d) {
			r.Docs = append(r.Docs, d)
		}
		return true
	})
	slices.SortFunc(r.Docs, q.Compare)
	q.cut(r)
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

// scan visits every document in the query's scope that is between its cursors as far as names tell, and others.
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

// narrowNames cuts a range of keys to what comparisons with the name, and cursors on it alone, leave of it.
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

// Fields returns what a result shows of a document.
func (q *Query) Fields(d *store.Document) *value.Fields {
	f := q.Project(d)
	if q.Near != nil {
		f = q.Near.withDistance(d, f)
	}
	return f
}
