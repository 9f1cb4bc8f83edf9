package rules

// fact is what a query says of one value in the documents it could return: the document's fields, or a field of them.
type constraint struct {
	fields   map[string]*constraint
	exists   bool    // it is there
	exact    *Value  // it is equal to this
	kinds    kindSet // it is one of these
	low      *bound
	high     *bound
	notEqual []Value // it is none of these
	contains []Value // it is a list with these elements
}

// bound is a limit of a range.
type bound struct {
	value     Value
	inclusive bool
}

// kindsLike are the kinds that a filter with this value finds: integers and floats are one to a query.
func comparableKinds(v Value) kindSet {
	if v.isNumber() {
		return setOf(KindInt, KindFloat)
	}
	return setOf(v.Kind())
}

// factsOf gathers what the filters of a branch and the orders of its query say. name is the path of the document, if
// they name one.
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

// at finds or makes the fact of a field within this map. All that lead there exist and are maps; the field itself is not
// yet known to exist.
func (f *constraint) field(path []string) *constraint {
	for i, name := range path {
		if i > 0 {
			f.exists = true
			f.kinds &= setOf(KindMap)
		}
		child := f.fields[name]
		if child == nil {
			child = &constraint{kinds: allKinds}
			if f.fields == nil {
				f.fields = map[string]*constraint{}
			}
			f.fields[name] = child
		}
		f = child
	}
	return f
}

// learn takes in what one filter says. All filters of a branch hold, so what contradicts an earlier one may be left out:
// knowing less never allows more.
func (f *constraint) apply(filter Filter) {
	v := filter.Value
	f.exists = true
	switch filter.Op {
	case FilterEqual:
		f.kinds &= comparableKinds(v)
		if f.exact == nil {
			f.exact = &v
		}
	case FilterNotEqual:
		// A field that is null is never found by "not equal" and "not in"
		// (https://firebase.google.com/docs/firestore/query-data/queries#not_equal_).
		f.kinds &^= setOf(KindNull)
		f.notEqual = append(f.notEqual, v)
	case FilterNotIn:
		f.kinds &^= setOf(KindNull)
		if v.isList() {
			list := v.elements()
			for i := range list.Len() {
				f.notEqual = append(f.notEqual, list.At(i))
			}
		}
	case FilterLess, FilterLessEqual:
		f.kinds &= comparableKinds(v)
		f.high = tighter(f.high, &bound{v, filter.Op == FilterLessEqual}, -1)
	case FilterGreater, FilterGreaterEqual:
		f.kinds &= comparableKinds(v)
		f.low = tighter(f.low, &bound{v, filter.Op == FilterGreaterEqual}, 1)
	case FilterArrayContains:
		f.kinds &= setOf(KindList)
		f.contains = append(f.contains, v)
	}
}

// tighter is the tighter of two bounds. want is how the tighter one compares to the other.
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

// value is the fact as a value: the very one if the query leaves no doubt, symbolic otherwise. Numbers stay symbolic,
// since a query for 1 finds 1.0 too.
func (f *constraint) value() Value {
	if f.exact != nil && !containsNumber(*f.exact) {
		return *f.exact
	}
	return Value{kind: kindUnknown, ref: &unknown{constraint: f, sure: f.exists}}
}

// hasNumber tells whether v is a number or holds one.
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
