package rules

// fact is what a query says of one value in the documents it could return: the document's fields, or a field of them.
type fact struct {
	fields map[string]*fact
	exists bool    // it is there
	exact  *Value  // it is equal to this
	kinds  kindSet // it is one of these
	low    *bound
	high   *bound
	not    []Value // it is none of these
	has    []Value // it is a list with these elements
}

// bound is a limit of a range.
type bound struct {
	value     Value
	inclusive bool
}

// kindsLike are the kinds that a filter with this value finds: integers and floats are one to a query.
func kindsLike(v Value) kindSet {
	if v.isNumber() {
		return setOf(KindInt, KindFloat)
	}
	return setOf(v.Kind())
}

// factsOf gathers what the filters of a branch and the orders of its query say. name is the path of the document, if
// they name one.
func factsOf(filters []Filter, orders []Order) (root *fact, name string) {
	root = &fact{exists: true, kinds: setOf(KindMap)}
	for _, o := range orders {
		if !isName(o.Field) {
			root.at(o.Field).exists = true
		}
	}
	for _, f := range filters {
		if len(f.Field) == 0 {
			continue
		}
		if isName(f.Field) {
			if f.Op == FilterEqual && f.Value.kind == KindPath && name == "" {
				name = f.Value.text()
			}
			continue
		}
		root.at(f.Field).learn(f)
	}
	return root, name
}

func isName(field []string) bool { return len(field) == 1 && field[0] == "__name__" }

// at finds or makes the fact of a field within this map. All that lead there exist and are maps; the field itself is not
// yet known to exist.
func (f *fact) at(path []string) *fact {
	for i, name := range path {
		if i > 0 {
			f.exists = true
			f.kinds &= setOf(KindMap)
		}
		child := f.fields[name]
		if child == nil {
			child = &fact{kinds: allKinds}
			if f.fields == nil {
				f.fields = map[string]*fact{}
			}
			f.fields[name] = child
		}
		f = child
	}
	return f
}

// learn takes in what one filter says. All filters of a branch hold, so what contradicts an earlier one may be left out:
// knowing less never allows more.
func (f *fact) learn(filter Filter) {
	v := filter.Value
	f.exists = true
	switch filter.Op {
	case FilterEqual:
		f.kinds &= kindsLike(v)
		if f.exact == nil {
			f.exact = &v
		}
	case FilterNotEqual:
		// A field that is null is never found by "not equal" and "not in"
		// (https://firebase.google.com/docs/firestore/query-data/queries#not_equal_).
		f.kinds &^= setOf(KindNull)
		f.not = append(f.not, v)
	case FilterNotIn:
		f.kinds &^= setOf(KindNull)
		if v.isList() {
			list := v.elements()
			for i := range list.Len() {
				f.not = append(f.not, list.At(i))
			}
		}
	case FilterLess, FilterLessEqual:
		f.kinds &= kindsLike(v)
		f.high = tighter(f.high, &bound{v, filter.Op == FilterLessEqual}, -1)
	case FilterGreater, FilterGreaterEqual:
		f.kinds &= kindsLike(v)
		f.low = tighter(f.low, &bound{v, filter.Op == FilterGreaterEqual}, 1)
	case FilterArrayContains:
		f.kinds &= setOf(KindList)
		f.has = append(f.has, v)
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
func (f *fact) value() Value {
	if f.exact != nil && !hasNumber(*f.exact) {
		return *f.exact
	}
	return Value{kind: kindUnknown, ref: &unknown{fact: f, sure: f.exists}}
}

// hasNumber tells whether v is a number or holds one.
func hasNumber(v Value) bool {
	switch {
	case v.isNumber():
		return true
	case v.kind == KindList:
		list := v.elements()
		for i := range list.Len() {
			if hasNumber(list.At(i)) {
				return true
			}
		}
	case v.kind == KindMap:
		found := false
		f := v.fields()
		f.Names(func(name string) bool {
			x, _ := f.Get(name)
			found = hasNumber(x)
			return !found
		})
		return found
	}
	return false
}
