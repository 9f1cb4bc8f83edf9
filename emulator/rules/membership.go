package rules

// minIndexed is the length from which looking up membership in an index is faster than searching. A
// client can send lists of tens of thousands of elements.
const minIndexed = 16

// scalar is a value that can be the key of a Go map: equal values have equal scalars.
type scalar struct {
	kind Kind
	nano int32
	num  int64
	str  string
}

// scalarOf returns a value's scalar, if it has one. NaN has none, since it equals nothing.
func scalarOf(v Value) (scalar, bool) {
	switch v.kind {
	case KindFloat:
		f := v.float()
		if f == f && f >= -(1<<63) && f < 1<<63 && f == float64(int64(f)) {
			return scalar{kind: KindInt, num: int64(f)}, true
		}
		return scalar{kind: KindFloat, num: v.num}, f == f
	case KindString, KindBytes, KindPath:
		return scalar{kind: v.kind, str: v.text()}, true
	case KindNull, KindBool, KindInt, KindTimestamp, KindDuration:
		return scalar{kind: v.kind, nano: v.nano, num: v.num}, true
	}
	return scalar{}, false
}

// members reports which values are elements of a list.
type members struct {
	list  Elements
	index map[scalar]struct{}
	rest  []Value // elements without a scalar, if there is an index
}

func membersOf(list Elements) members {
	if c, ok := list.(*constantList); ok {
		return c.members
	}
	return newMembers(list, list.Len() >= minIndexed)
}

func newMembers(list Elements, index bool) members {
	m := members{list: list}
	if !index {
		return m
	}
	m.index = make(map[scalar]struct{}, list.Len())
	for i := range list.Len() {
		v := list.At(i)
		if s, ok := scalarOf(v); ok {
			m.index[s] = struct{}{}
		} else {
			m.rest = append(m.rest, v)
		}
	}
	return m
}

func (m *members) hasName(name string) truth {
	if m.index == nil {
		return m.has(StringValue(name))
	}
	if _, ok := m.index[scalar{kind: KindString, str: name}]; ok {
		return yes
	}
	return m.has(StringValue(name))
}

func (m *members) has(v Value) truth {
	if m.index == nil {
		found := no
		for i := range m.list.Len() {
			switch equal(m.list.At(i), v) {
			case yes:
				return yes
			case maybe:
				found = maybe
			}
		}
		return found
	}
	s, simple := scalarOf(v)
	if simple {
		if _, ok := m.index[s]; ok {
			return yes
		}
	}
	found := no
	for _, e := range m.rest {
		switch equal(e, v) {
		case yes:
			return yes
		case maybe:
			found = maybe
		}
	}
	if v.kind == kindUnknown {
		for i := range m.list.Len() {
			if equal(m.list.At(i), v) != no {
				found = maybe
			}
		}
	}
	return found
}

// constantList is the elements of a list literal that consists of constants.
type constantList struct {
	valueList
	members members
}

func newConstantList(values []Value) *constantList {
	c := &constantList{valueList: values}
	c.members = newMembers(c.valueList, len(values) >= minIndexed)
	return c
}

// containsAll reports whether every element of wanted is in list.
func containsAll(list, wanted Elements) truth {
	m := membersOf(list)
	all := yes
	for i := range wanted.Len() {
		switch m.has(wanted.At(i)) {
		case no:
			return no
		case maybe:
			all = maybe
		}
	}
	return all
}

// containsAny reports whether any element of wanted is in list.
func containsAny(list, wanted Elements) truth {
	m := membersOf(list)
	found := no
	for i := range wanted.Len() {
		switch m.has(wanted.At(i)) {
		case yes:
			return yes
		case maybe:
			found = maybe
		}
	}
	return found
}

// namesWithin reports whether every name of f is in list. Most rules restrict a document's fields
// this way, so it neither sorts nor copies the names.
func namesWithin(f Fields, list Elements) truth {
	m := membersOf(list)
	all := yes
	f.Names(func(name string) bool {
		switch m.hasName(name) {
		case no:
			all = no
			return false
		case maybe:
			all = maybe
		}
		return true
	})
	return all
}

// namesInclude reports whether all elements of list are names of f, or whether any of them is.
func namesInclude(f Fields, list Elements, any bool) truth {
	result := truthOf(!any)
	for i := range list.Len() {
		v := list.At(i)
		has := no
		switch v.kind {
		case KindString:
			_, ok := f.Get(v.text())
			has = truthOf(ok)
		case kindUnknown:
			has = maybe
		}
		switch {
		case has == truthOf(any):
			return has
		case has == maybe:
			result = maybe
		}
	}
	return result
}

// hasUnknown reports whether a list contains symbolic values.
func hasUnknown(list Elements) bool {
	for i := range list.Len() {
		if list.At(i).kind == kindUnknown {
			return true
		}
	}
	return false
}

// unique returns the list without duplicates, keeping the first of equal elements.
func unique(list Elements) valueList {
	out := make(valueList, 0, list.Len())
	seen := make(map[scalar]struct{})
	for i := range list.Len() {
		v := list.At(i)
		if s, ok := scalarOf(v); ok {
			if _, there := seen[s]; !there {
				seen[s] = struct{}{}
				out = append(out, v)
			}
			continue
		}
		m := members{list: out}
		if m.has(v) != yes {
			out = append(out, v)
		}
	}
	return out
}
