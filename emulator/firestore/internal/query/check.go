package query

import "heek.kr/heektime/emulator/internal/fieldpath"

// Limits of https://firebase.google.com/docs/firestore/query-data/queries#query_limitations.
const (
	maxDisjunctions = 30
	maxInequalities = 10
	maxComparisons  = 100
)

// checkFilters rejects combinations of filters that Firestore does not support.
// It is long because each restriction of production is a case of its own.
func (q *Query) checkFilters() error {
	if q.Filter == nil {
		return nil
	}
	var notIn, excluding, in, comparisons, names int
	unequal := map[string]bool{}
	var err error
	each(q.Filter, func(c *Comparison) {
		comparisons++
		switch c.Op {
		case NotIn:
			notIn++
			excluding++
		case NotEqual: // IS_NOT_NULL and IS_NOT_NAN, too
			excluding++
		case In, ArrayContainsAny:
			in++
		}
		if c.Path.IsName() && (c.Op == Equal || c.Op == In) {
			names++
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
	case notIn > 0 && (in > 0 || hasOr(q.Filter)):
		return invalid("'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'.")
	case excluding > 1:
		return invalid("Only one 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN' or 'IS_NOT_NULL' filter is allowed per query.")
	case len(unequal) > maxInequalities:
		return invalid("Inequality filters on more than %d fields are not allowed.", maxInequalities)
	case names > 0 && len(unequal) > 0 && !unequal[fieldpath.Name]:
		// firebase-js-sdk, packages/firestore/test/integration/api/composite_index_query.test.ts, has
		// production's text.
		return invalid("Equality on key is not allowed if there are other inequality fields and key does not appear in inequalities.")
	case comparisons > maxComparisons:
		return invalid("A query must not have more than %d filters.", maxComparisons)
	}
	d, ok := disjuncts(q.Filter)
	if !ok {
		return invalid("The query has more than %d disjunctions in disjunctive normal form.", maxDisjunctions)
	}
	for _, and := range d {
		arrays := 0
		for _, c := range and {
			if c.Op == ArrayContains {
				arrays++
			}
		}
		// https://firebase.google.com/docs/firestore/query-data/queries#query_limitations allows one
		// array-contains per disjunction, and not together with array-contains-any.
		if arrays > 1 && !hasAny(q.Filter) {
			return invalid("A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction.")
		}
		if arrays > 1 && hasAny(q.Filter) {
			return invalid("At limit one array filter is allowed per disjunction.")
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
