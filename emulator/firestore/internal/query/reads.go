package query

import (
	"slices"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/resource"
)

// A read of index entries is billed for this many of them.
// Source: https://firebase.google.com/docs/firestore/pricing#index-reads
const (
	entriesPerRead = 1000
	vectorsPerRead = 100
)

// Reads returns the reads that a query with the result r is billed: each document, also one that the
// offset skips, batches of index entries if those are billed, and at least one.
//
// Google documents no lower price for a projection, nor for one that selects only the name.
//
// Source: https://firebase.google.com/docs/firestore/pricing
func (q *Query) Reads(v store.View, r Result) int {
	n := len(r.Docs) + r.Skipped
	switch {
	case q.Near != nil:
		n += batches(r.Vectors, vectorsPerRead)
	case q.BillsEntries():
		n += batches(q.entries(v, r), entriesPerRead)
	}
	return max(1, n)
}

// AggregationReads returns the reads that an aggregation over the result r is billed: batches of index
// entries, and at least one.
//
// Source: https://firebase.google.com/docs/firestore/pricing#aggregation_queries
func (q *Query) AggregationReads(v store.View, r Result, list []Aggregation) int {
	n := r.Skipped + countable(list, r.Docs)
	if q.BillsEntries() {
		n = max(n, q.entries(v, r))
	}
	return max(1, batches(n, entriesPerRead))
}

// countable returns how many documents an aggregation reads: all, or up to the limit if it only counts up to
// one.
func countable(list []Aggregation, docs []*store.Document) int {
	limit := int64(0)
	for _, a := range list {
		if a.Path != nil || a.upTo == 0 {
			limit = -1
			break
		}
		limit = max(limit, a.upTo)
	}
	if limit >= 0 {
		return int(min(limit, int64(len(docs))))
	}
	return len(docs)
}

func batches(n, size int) int { return (n + size - 1) / size }

// BillsEntries reports whether the query is billed for index entries: if it has more than one range
// field. Fields of inequalities are range fields, as is the name in any filter. If there is one, the
// fields of the order are range fields as well. The final order by name is not counted, because SDKs
// add it to every query.
//
// Source: https://firebase.google.com/docs/firestore/pricing#index-reads
func (q *Query) BillsEntries() bool {
	if q.Filter == nil {
		return false
	}
	fields := rangeFields(nil, q.Filter)
	if len(fields) == 0 {
		return false
	}
	for _, o := range q.Orders {
		if !o.Path.IsName() && !slices.ContainsFunc(fields, o.Path.Equal) {
			fields = append(fields, o.Path)
		}
	}
	return len(fields) > 1
}

// rangeFields adds the range fields of a filter to list.
func rangeFields(list []fieldpath.Path, f Filter) []fieldpath.Path {
	switch x := f.(type) {
	case *Comparison:
		if (x.Op.Inequality() || x.Path.IsName()) && !slices.ContainsFunc(list, x.Path.Equal) {
			list = append(list, x.Path)
		}
	case And:
		for _, g := range x {
			list = rangeFields(list, g)
		}
	case Or:
		for _, g := range x {
			list = rangeFields(list, g)
		}
	}
	return list
}

// entries returns how many index entries the query reads: those that its equalities and the range of
// its first sort key select, up to the last result if the query has a limit. Production may choose an
// index with which it reads fewer.
func (q *Query) entries(v store.View, r Result) int {
	var last *store.Document
	if q.Limit >= 0 && len(r.Docs) == q.Limit && q.Limit > 0 {
		last = r.Docs[len(r.Docs)-1]
	}
	all := q.Disjuncts()
	n := 0
	q.scan(v, false, func(d *store.Document) bool {
		if !q.InScope(d) || !slices.ContainsFunc(all, func(c []*Comparison) bool { return q.selects(c, d) }) {
			return true
		}
		if (q.Start == nil || !q.Start.after(q.Orders, d)) && (q.End == nil || q.End.after(q.Orders, d)) &&
			(last == nil || q.Compare(d, last) <= 0) {
			n++
		}
		return true
	})
	return n
}

// selects reports whether an index scan for a disjunct meets the document.
func (q *Query) selects(disjunct []*Comparison, d *store.Document) bool {
	for _, o := range q.Orders {
		if !o.Path.IsName() && !d.Fields.At(o.Path).Exists() {
			return false
		}
	}
	for _, c := range disjunct {
		if c.Op.Inequality() && !c.Path.Equal(q.Orders[0].Path) {
			continue
		}
		if !c.Match(d) {
			return false
		}
	}
	return true
}

// Scope returns the collection that a query reads, which for a query of all collections is the one that
// contains its parent. For a collection group it is the one directly below the query's parent.
func (q *Query) Scope() resource.Key {
	switch {
	case q.Group != "":
		return q.Collection()
	case q.Parent != "":
		return q.Parent.Collection()
	}
	return ""
}
