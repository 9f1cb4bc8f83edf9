package rules

// constraint is what a query guarantees about a value in every document it can return: the
// document's fields as a whole, or one field.
type constraint struct {
	fields   map[string]*constraint
	exists   bool    // the value is present
	exact    *Value  // the value equals this
	kinds    kindSet // the value has one of these kinds
	low      *bound
	high     *bound
	notEqual []Value // the value equals none of these
	contains []Value // the value is a list that contains these
}

// bound is one end of a range.
type bound struct {
	value     Value
	inclusive bool
}

// comparableKinds returns the kinds that a filter with this value matches: queries do not
// distinguish integers from floats.
func comparableKinds(v Value) kindSet {
	if v.isNumber() {
		return setOf(KindInt, KindFloat)
	}
	return setOf(v.Kind())
}

// constraintsOf returns the constraints that the filters of a branch and the orders of its query
// imply. name is the path of the document, if the filters name one.
func constraintsOf(filters []Filter, orders []Order) (root *constraint, name string) {
	root = &constraint{exists: true, kinds: setOf(KindMap)}
	for _, o := range orders {
		if !isDocumentName(o.Field) {
			root.field(o.Field).exists = true
		}
	}
	for _, f := range filters {
		if len(f.Field) == 0 {
			continue
		}
		if isDocumentName(f.Field) {
			if f.Op == FilterEqual && f.Value.kind == KindPath && name == "" {
				name = f.Value.text()
			}
			continue
		}
		root.field(f.Field).apply(f)
	}
	return root, name
}

func isDocumentName(field []string) bool { return len(field) == 1 && field[0] == "__name__" }

// field returns the constraint of a field of this map, creating it if necessary. The maps on the
// way must exist; the field itself may still be missing.
func (c *constraint) field(path []string) *constraint {
	for i, name := range path {
		if i > 0 {
			c.exists = true
			c.kinds &= setOf(KindMap)
		}
		child := c.fields[name]
		if child == nil {
			child = &constraint{kinds: allKinds}
			if c.fields == nil {
				c.fields = map[string]*constraint{}
			}
			c.fields[name] = child
		}
		c = child
	}
	return c
}

// apply adds the constraint of one filter. All filters of a branch hold, so one that contradicts an
// earlier one may be ignored: a weaker constraint never allows more.
func (c *constraint) apply(filter Filter) {
	v := filter.Value
	c.exists = true
	switch filter.Op {
	case FilterEqual:
		c.kinds &= comparableKinds(v)
		if c.exact == nil {
			c.exact = &v
		}
	case FilterNotEqual:
		// "Not equal" and "not in" never match a field that is null
		// (https://firebase.google.com/docs/firestore/query-data/queries#not_equal_).
		c.kinds &^= setOf(KindNull)
		c.notEqual = append(c.notEqual, v)
	case FilterNotIn:
		c.kinds &^= setOf(KindNull)
		if v.isList() {
			list := v.elements()
			for i := range list.Len() {
				c.notEqual = append(c.notEqual, list.At(i))
			}
		}
	case FilterLess, FilterLessEqual:
		c.kinds &= comparableKinds(v)
		c.high = tighter(c.high, &bound{v, filter.Op == FilterLessEqual}, -1)
	case FilterGreater, FilterGreaterEqual:
		c.kinds &= comparableKinds(v)
		c.low = tighter(c.low, &bound{v, filter.Op == FilterGreaterEqual}, 1)
	case FilterArrayContains:
		c.kinds &= setOf(KindList)
		c.contains = append(c.contains, v)
	}
}

// tighter returns the tighter of two bounds. want is the order of the tighter bound relative to the
// other.
func tighter(a, b *bound, want int) *bound {
	if a == nil {
		return b
	}
	order, ok, unordered := compare(b.value, a.value)
	switch {
	case !ok || unordered:
		return a
	case order == want, order == 0 && !b.inclusive:
		return b
	}
	return a
}

// value returns the constrained value: the exact value if the query determines it, a symbolic one
// otherwise. Numbers stay symbolic, since a query for 1 also matches 1.0.
func (c *constraint) value() Value {
	if c.exact != nil && !containsNumber(*c.exact) {
		return *c.exact
	}
	return Value{kind: kindUnknown, ref: &unknown{constraint: c, sure: c.exists}}
}

// containsNumber reports whether v is a number or contains one.
func containsNumber(v Value) bool {
	switch {
	case v.isNumber():
		return true
	case v.kind == KindList:
		list := v.elements()
		for i := range list.Len() {
			if containsNumber(list.At(i)) {
				return true
			}
		}
	case v.kind == KindMap:
		found := false
		f := v.fields()
		f.Names(func(name string) bool {
			x, _ := f.Get(name)
			found = containsNumber(x)
			return !found
		})
		return found
	}
	return false
}
