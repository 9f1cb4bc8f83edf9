package query

import "heek.kr/heektime/emulator/internal/value"

// Limits of https://firebase.google.com/docs/firestore/query-data/queries#query_limitations.
const (
	maxDisjunctions = 30
	maxInequalities = 10
	maxComparisons  = 100
)

// checkFilters refuses combinations that Firestore refuses.
func (q *Query) checkFilters() error {
	if q.Filter == nil {
		return nil
	}
	var notIn, notEqual, in, comparisons int
	unequal := map[string]bool{}
	var err error
	each(q.Filter, func(c *Comparison) {
		comparisons++
		switch c.Op {
		case NotIn:
			notIn++
		case NotEqual:
			if c.Value.Kind() != value.Null && !c.Value.IsNaN() {
				notEqual++
			}
		case In, ArrayContainsAny:
			in++
		}
		if c.Op.Inequality() {
			unequal[c.Path.String()] = true
		}
		if q.Group == "" && !c.Path.IsName() {
			err = invalid("kind is required for all orders except __key__ ascending: a query without a collection id can only filter on __name__.")
		}
	})
	switch {
	case err != nil:
		return err
	case notIn > 1:
		return invalid("Only one 'NOT_IN' filter is allowed per query.")
	case notIn > 0 && notEqual > 0:
		return invalid("'NOT_EQUAL' cannot be used in the same query with 'NOT_IN'.")
	case notIn > 0 && (in > 0 || hasOr(q.Filter)):
		return invalid("'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'.")
	case notEqual > 1:
		return invalid("Only one 'NOT_EQUAL' filter is allowed per query.")
	case len(unequal) > maxInequalities:
		return invalid("Inequality filters on more than %d fields are not allowed.", maxInequalities)
	case comparisons > maxComparisons:
		return invalid("A query must not have more than %d filters.", maxComparisons)
	}
	d, ok := disjuncts(q.Filter)
	if !ok {
		return invalid("The query has more than %d disjunctions after it is brought into disjunctive normal form.", maxDisjunctions)
	}
	for _, and := range d {
		arrays := 0
		for _, c := range and {
			if c.Op == ArrayContains {
				arrays++
			}
		}
		if arrays > 1 && hasAny(q.Filter) {
			return invalid("At most one array filter is allowed per disjunction.")
		}
	}
	return nil
}

func hasOr(f Filter) bool {
	switch x := f.(type) {
	case Or:
		return len(x) > 1
	case And:
		for _, g := range x {
			if hasOr(g) {
				return true
			}
		}
	}
	return false
}

func hasAny(f Filter) (found bool) {
	each(f, func(c *Comparison) { found = found || c.Op == ArrayContainsAny })
	return found
}

// disjuncts brings a filter into disjunctive normal form, in which In and ArrayContainsAny are split into one
// alternative for each of their values. ok is false when there are too many.
func disjuncts(f Filter) (list [][]*Comparison, ok bool) {
	switch x := f.(type) {
	case nil:
		return [][]*Comparison{nil}, true
	case *Comparison:
		op := map[Op]Op{In: Equal, ArrayContainsAny: ArrayContains}[x.Op]
		if op == 0 {
			return [][]*Comparison{{x}}, true
		}
		for _, v := range x.Value.Array() {
			list = append(list, []*Comparison{{x.Path, op, v}})
		}
		return list, true
	case Or:
		for _, g := range x {
			more, ok := disjuncts(g)
			if list = append(list, more...); !ok || len(list) > maxDisjunctions {
				return nil, false
			}
		}
		return list, true
	case And:
		list = [][]*Comparison{nil}
		for _, g := range x {
			more, ok := disjuncts(g)
			if !ok || len(list)*len(more) > maxDisjunctions {
				return nil, false
			}
			var next [][]*Comparison
			for _, a := range list {
				for _, b := range more {
					next = append(next, append(append([]*Comparison(nil), a...), b...))
				}
			}
			list = next
		}
		return list, true
	}
	return nil, false
}

// Equality is an equality with a value that every result fulfils, nil when the query has none. It serves to find the
// query by a document.
func (q *Query) Equality() *Comparison {
	list, _ := q.Filter.(And)
	if c, ok := q.Filter.(*Comparison); ok {
		list = And{c}
	}
	for _, f := range list {
		if c, ok := f.(*Comparison); ok && c.Op == Equal && !c.Path.IsName() {
			return c
		}
	}
	return nil
}

// Disjuncts are the alternatives of the query's filter, each a list of comparisons that must all hold. In and
// ArrayContainsAny have become one alternative for each of their values.
func (q *Query) Disjuncts() [][]*Comparison {
	list, _ := disjuncts(q.Filter)
	return list
}
