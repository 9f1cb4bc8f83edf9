package index

import (
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/internal/fieldpath"
)

// requirement describes the index that one disjunct of a query requires.
type requirement struct {
	group, scope string
	equal        []Field // equalities and array memberships, in any order, without duplicates
	sort         []Field // followed by these sort keys, in this order
	sums         []Field // followed by these fields of aggregations, in any order and direction
	name         string  // followed by the document's name, in this direction
	named        bool    // the name itself is an equality
}

// requirementOf returns the requirement of one disjunct of a query.
func requirementOf(q *query.Query, disjunct []*query.Comparison, sums []fieldpath.Path) requirement {
	r := requirement{group: q.Group, scope: Collection}
	if q.All {
		r.scope = CollectionGroup
	}
	seen := map[string]bool{}
	for _, c := range disjunct {
		f := Field{FieldPath: c.Path.String()}
		r.named = r.named || c.Path.IsName() && c.Op == query.Equal
		switch c.Op {
		case query.Equal:
			f.Order = Ascending
		case query.ArrayContains:
			f.ArrayConfig = Contains
		default:
			continue
		}
		if !c.Path.IsName() && !seen[f.FieldPath+f.ArrayConfig] {
			seen[f.FieldPath+f.ArrayConfig] = true
			r.equal = append(r.equal, f)
		}
	}
	for _, o := range q.Orders {
		f := Field{FieldPath: o.Path.String(), Order: Ascending}
		if o.Desc {
			f.Order = Descending
		}
		if o.Path.IsName() {
			r.name = f.Order
			break
		}
		if !seen[f.FieldPath] { // a field with an equality needs no sorting
			seen[f.FieldPath] = true
			r.sort = append(r.sort, f)
		}
	}
	for _, p := range sums {
		if s := p.String(); !seen[s] && !p.IsName() {
			seen[s] = true
			r.sums = append(r.sums, Field{FieldPath: s, Order: Ascending})
		}
	}
	return r
}
