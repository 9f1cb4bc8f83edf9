package rules

import (
	"fmt"
	"math"
	"strings"
)

// Query is the query of a list request. The list is allowed only if every document that the query
// could return is allowed.
type Query struct {
	// Group is the collection ID of a collection group query; the request's path is then the
	// document or database that contains the collections. For other queries Group is empty and the
	// request's path is that of the collection.
	Group string
	// Limit is the maximum number of results. HasLimit distinguishes a limit of 0 from no limit.
	Limit    int64
	HasLimit bool
	// Offset is the number of results skipped.
	Offset int64
	// Orders are the sort orders, most significant first. Documents without an ordered field are
	// not among the results.
	Orders []Order
	// Filter is nil for a query without filters.
	Filter *Filter
}

// Order is one sort order of a query. Field is a path of names.
type Order struct {
	Field      []string
	Descending bool
}

// FilterOp is the operator of a Filter.
type FilterOp uint8

// The operators of Firestore's queries. IS_NULL and IS_NAN are Equal to null and NaN; IS_NOT_NULL
// and IS_NOT_NAN are NotEqual.
const (
	FilterAnd FilterOp = iota
	FilterOr
	FilterEqual
	FilterNotEqual
	FilterLess
	FilterLessEqual
	FilterGreater
	FilterGreaterEqual
	FilterIn               // Value is a list
	FilterNotIn            // Value is a list
	FilterArrayContains    // Value is the element
	FilterArrayContainsAny // Value is a list
)

// Filter is a filter of a query. And and Or have Filters; the others have Value and Field, which is
// a path of names or __name__ alone.
type Filter struct {
	Op      FilterOp
	Field   []string
	Value   Value
	Filters []Filter
}

// maxBranches limits the disjunctive normal form of a query; Firestore itself allows 30
// disjunctions
// (https://firebase.google.com/docs/firestore/query-data/queries#limits_on_or_queries).
const maxBranches = 100

// branches returns the disjunctive normal form of a filter: the query returns the documents that
// match all filters of some branch. In and ArrayContainsAny are split as well, so that every branch
// has a single value.
func branches(f *Filter) ([][]Filter, error) {
	if f == nil {
		return [][]Filter{nil}, nil
	}
	switch f.Op {
	case FilterAnd:
		return conjunction(f.Filters)
	case FilterOr:
		var all [][]Filter
		for i := range f.Filters {
			more, err := branches(&f.Filters[i])
			if err != nil {
				return nil, err
			}
			if all = append(all, more...); len(all) > maxBranches {
				return nil, errTooManyBranches
			}
		}
		return all, nil
	case FilterIn:
		return alternatives(f, FilterEqual)
	case FilterArrayContainsAny:
		return alternatives(f, FilterArrayContains)
	}
	return [][]Filter{{*f}}, nil
}

var errTooManyBranches = fmt.Errorf("the query has more than %d disjunctions", maxBranches)

// conjunction returns the branches of filters that must all match: every combination of theirs.
func conjunction(filters []Filter) ([][]Filter, error) {
	all := [][]Filter{nil}
	for i := range filters {
		more, err := branches(&filters[i])
		if err != nil {
			return nil, err
		}
		if len(all)*len(more) > maxBranches {
			return nil, errTooManyBranches
		}
		var product [][]Filter
		for _, a := range all {
			for _, b := range more {
				product = append(product, append(append([]Filter(nil), a...), b...))
			}
		}
		all = product
	}
	return all, nil
}

// alternatives returns a branch for each element of f's list, with op and that element. Null and NaN
// have none: In and ArrayContainsAny never match them, even if they list them (firebase-js-sdk,
// packages/firestore/test/integration/api/query.test.ts, "can use IN filters").
func alternatives(f *Filter, op FilterOp) ([][]Filter, error) {
	if !f.Value.isList() {
		return nil, fmt.Errorf("the filter on %s requires a list", strings.Join(f.Field, "."))
	}
	list := f.Value.elements()
	if list.Len() > maxBranches {
		return nil, errTooManyBranches
	}
	var all [][]Filter
	for i := range list.Len() {
		v := list.At(i)
		if v.kind == KindNull || v.kind == KindFloat && math.IsNaN(v.float()) {
			continue
		}
		all = append(all, []Filter{{Op: op, Field: f.Field, Value: v}})
	}
	if len(all) == 0 && list.Len() > 0 { // a query without results needs permission all the same
		all = append(all, []Filter{{Op: op, Field: f.Field, Value: list.At(0)}})
	}
	return all, nil
}

// queryView is `request.query`.
type queryView Query

func (q *queryView) Len() int {
	n := 0
	q.Names(func(string) bool { n++; return true })
	return n
}

func (q *queryView) Get(name string) (Value, bool) {
	switch {
	case name == "limit" && q.HasLimit:
		return IntValue(q.Limit), true
	case name == "offset":
		return IntValue(q.Offset), true
	case name == "orderBy":
		m := valueMap{}
		for _, o := range q.Orders {
			direction := "ASC"
			if o.Descending {
				direction = "DESC"
			}
			m[strings.Join(o.Field, ".")] = StringValue(direction)
		}
		return MapValue(m), true
	}
	return Value{}, false
}

func (q *queryView) Names(yield func(string) bool) {
	for _, name := range []string{"limit", "offset", "orderBy"} {
		if _, ok := q.Get(name); ok && !yield(name) {
			return
		}
	}
}
