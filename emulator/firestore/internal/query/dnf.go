package query

// disjuncts converts a filter to disjunctive normal form. In and ArrayContainsAny become one
// disjunct for each of their values. ok is false if there are too many disjuncts.
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

// Equality returns an equality filter that every result matches, or nil if the query has none. It
// is used to find the queries that a changed document may match.
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

// Disjuncts returns the disjunctive normal form of the query's filter. Each disjunct is a list of
// comparisons that must all hold. In and ArrayContainsAny become one disjunct for each of their
// values.
func (q *Query) Disjuncts() [][]*Comparison {
	list, _ := disjuncts(q.Filter)
	return list
}
