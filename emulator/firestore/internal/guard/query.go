package guard

import (
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/rules"
)

// queryOf converts a query for rules and returns the path that they match it against. Cursors are
// left out: where results begin tells rules nothing about the documents.
func queryOf(db resource.Database, q *query.Query) (string, *rules.Query) {
	out := &rules.Query{Offset: int64(q.Offset)}
	at := q.Collection()
	if q.All {
		at, out.Group = q.Parent, q.Group
	}
	if q.Limit >= 0 {
		out.Limit, out.HasLimit = int64(q.Limit), true
	}
	if n := q.Near; n != nil {
		out.Limit, out.HasLimit = int64(n.Limit), true
	}
	for _, o := range q.Orders {
		out.Orders = append(out.Orders, rules.Order{Field: o.Path, Descending: o.Desc})
	}
	if q.Filter != nil {
		f := filterOf(q.Filter)
		out.Filter = &f
	}
	return pathOf(db, at), out
}

var filterOps = map[query.Op]rules.FilterOp{
	query.Less: rules.FilterLess, query.LessOrEqual: rules.FilterLessEqual,
	query.Greater: rules.FilterGreater, query.GreaterOrEqual: rules.FilterGreaterEqual,
	query.Equal: rules.FilterEqual, query.NotEqual: rules.FilterNotEqual,
	query.In: rules.FilterIn, query.NotIn: rules.FilterNotIn,
	query.ArrayContains: rules.FilterArrayContains, query.ArrayContainsAny: rules.FilterArrayContainsAny,
}

func filterOf(f query.Filter) rules.Filter {
	switch x := f.(type) {
	case *query.Comparison:
		return rules.Filter{Op: filterOps[x.Op], Field: x.Path, Value: valueOf(x.Value)}
	case query.And:
		return rules.Filter{Op: rules.FilterAnd, Filters: filtersOf(x)}
	case query.Or:
		return rules.Filter{Op: rules.FilterOr, Filters: filtersOf(x)}
	}
	return rules.Filter{Op: rules.FilterOr} // proves nothing about the results
}

func filtersOf(list []query.Filter) []rules.Filter {
	out := make([]rules.Filter, len(list))
	for i, f := range list {
		out[i] = filterOf(f)
	}
	return out
}
