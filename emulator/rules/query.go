package rules

import (
	"fmt"
	"strings"
)

// Query says what a list asks for. A list is allowed only if every document that the query could return is allowed.
type Query struct {
	// Group is the collection id of a collection group query; the request's path is then the document or database under
	// which it searches. For other queries it is empty and the request's path is the collection's.
	Group string
	// Limit is the most documents it returns, 0 for no limit. HasLimit tells a limit of 0 from none.
	Limit    int64
	HasLimit bool
	// Offset is how many documents it passes over.
	Offset int64
	// Orders are its orders, in turn. Documents without the field are not among the results.
	Orders []Order
	// Filter is nil when it asks for all documents.
	Filter *Filter
}

// Order is one order of a query. Field is a path of names.
type Order struct {
	Field      []string
	Descending bool
}

// FilterOp is the operator of a Filter.
type FilterOp uint8

// The operators, as Firestore's queries have them. IS_NULL and IS_NAN are Equal to null and NaN, their opposites
// NotEqual.
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

// Filter is a condition on the documents of a query. And and Or have Filters, the others Field, a path of names or
// __name__ alone, and Value.
type Filter struct {
	Op      FilterOp
	Field   []string
	Value   Value
	Filters []Filter
}

// maxBranches bounds the disjunctive normal form of a query; Firestore itself allows 30
// (https://firebase.google.com/docs/firestore/query-data/queries#limits_on_or_queries).
const maxBranches = 100

// branches is the disjunctive normal form of a filter: the query returns what fulfils all filters of some branch.
// In and ArrayContainsAny are split too, so that a branch knows one value.
func branches(f *Filter) ([][]Filter, error) {
	if f == nil {
		return [][]Filter{nil}, nil
	}
	switch f.Op {
	case FilterAnd:
		all := [][]Filter{nil}
		for i := range f.Filters {
			more, err := branches(&f.Filters[i])
			if err != nil {
				return nil, err
			}
			if len(all)*len(more) > maxBranches {
				return nil, fmt.Errorf("the query has more than %d disjunctions", maxBranches)
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
	case FilterOr:
		var all [][]Filter
		for i := range f.Filters {
			more, err := branches(&f.Filters[i])
			if err != nil {
				return nil, err
			}
			if all = append(all, more...); len(all) > maxBranches {
				return nil, fmt.Errorf("the query has more than %d disjunctions", maxBranches)
			}
		}
		return all, nil
	case FilterIn, FilterArrayContainsAny:
		if !f.Value.isList() {
			return nil, fmt.Errorf("the filter on %s needs a list", strings.Join(f.Field, "."))
		}
		single := FilterEqual
		if f.Op == FilterArrayContainsAny {
			single = FilterArrayContains
		}
		list := f.Value.elements()
		if list.Len() > maxBranches {
			return nil, fmt.Errorf("the query has more than %d disjunctions", maxBranches)
		}
		var all [][]Filter
		for i := range list.Len() {
			all = append(all, []Filter{{Op: single, Field: f.Field, Value: list.At(i)}})
		}
		return all, nil
	}
	return [][]Filter{{*f}}, nil
}

// queryView is request.query.
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
