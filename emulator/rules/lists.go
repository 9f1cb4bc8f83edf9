package rules

import "strings"

// listMethods are the methods of https://firebase.google.com/docs/reference/rules/rules.List.
var listMethods = methodTable{
	kind: KindList,
	overloads: map[string]overload{
		"size": noArgs(func(l Value) Value {
			if l.kind == kindKeys {
				return IntValue(int64(l.fields().Len()))
			}
			return IntValue(int64(l.elements().Len()))
		}),
		"concat":    {1, 1, listConcat},
		"hasAll":    {1, 1, hasAll},
		"hasAny":    {1, 1, hasAny},
		"hasOnly":   {1, 1, hasOnly},
		"join":      {1, 1, listJoin},
		"removeAll": {1, 1, listRemoveAll},
		"toSet":     noArgs(func(l Value) Value { return setValue(unique(l.elements())) }),
	},
	returns: map[string]kindSet{"size": setOf(KindInt), "concat": setOf(KindList), "hasAll": setOf(KindBool),
		"hasAny": setOf(KindBool), "hasOnly": setOf(KindBool), "join": setOf(KindString), "removeAll": setOf(KindList),
		"toSet": setOf(KindSet)},
}

// setMethods are the methods of https://firebase.google.com/docs/reference/rules/rules.Set.
var setMethods = methodTable{
	kind: KindSet,
	overloads: map[string]overload{
		"size":         noArgs(func(s Value) Value { return IntValue(int64(s.elements().Len())) }),
		"hasAll":       {1, 1, hasAll},
		"hasAny":       {1, 1, hasAny},
		"hasOnly":      {1, 1, hasOnly},
		"difference":   {1, 1, setDifference},
		"intersection": {1, 1, setIntersection},
		"union":        {1, 1, setUnion},
	},
	returns: map[string]kindSet{"size": setOf(KindInt), "hasAll": setOf(KindBool), "hasAny": setOf(KindBool),
		"hasOnly": setOf(KindBool), "difference": setOf(KindSet), "intersection": setOf(KindSet), "union": setOf(KindSet)},
}

// setValue returns a set of elements, which must be unique.
func setValue(list valueList) Value { return Value{kind: KindSet, ref: list} }

func isCollection(v Value) bool { return v.isList() || v.kind == KindSet }

func hasAll(_ *evaluator, e *expr, self Value, args []Value) Value {
	wanted := args[0]
	switch {
	case !isCollection(wanted):
		return unsupported(e, "hasAll", wanted)
	case self.kind == kindKeys:
		return truthValue(namesInclude(self.fields(), wanted.elements(), false), self, wanted)
	}
	return truthValue(containsAll(self.elements(), wanted.elements()), self, wanted)
}

func hasAny(_ *evaluator, e *expr, self Value, args []Value) Value {
	wanted := args[0]
	switch {
	case !isCollection(wanted):
		return unsupported(e, "hasAny", wanted)
	case self.kind == kindKeys:
		return truthValue(namesInclude(self.fields(), wanted.elements(), true), self, wanted)
	}
	return truthValue(containsAny(self.elements(), wanted.elements()), self, wanted)
}

// hasOnly reports whether the list or set has no other elements; it need not have all of these.
func hasOnly(_ *evaluator, e *expr, self Value, args []Value) Value {
	allowed := args[0]
	switch {
	case !isCollection(allowed):
		return unsupported(e, "hasOnly", allowed)
	case self.kind == kindKeys:
		return truthValue(namesWithin(self.fields(), allowed.elements()), self, allowed)
	}
	return truthValue(containsAll(allowed.elements(), self.elements()), self, allowed)
}

func listConcat(_ *evaluator, e *expr, self Value, args []Value) Value {
	if !args[0].isList() {
		return unsupported(e, "concat", args[0])
	}
	a, b := self.elements(), args[0].elements()
	out := make(valueList, 0, a.Len()+b.Len())
	for _, l := range []Elements{a, b} {
		for i := range l.Len() {
			out = append(out, l.At(i))
		}
	}
	return limitValues(e, ListValue(out), countValues(self)+countValues(args[0]))
}

func listJoin(_ *evaluator, e *expr, self Value, args []Value) Value {
	if args[0].kind != KindString {
		return unsupported(e, "join", args[0])
	}
	list := self.elements()
	var out strings.Builder
	for i := range list.Len() {
		if i > 0 {
			out.WriteString(args[0].text())
		}
		switch v := list.At(i); v.kind {
		case KindString:
			out.WriteString(v.text())
		case KindNull, KindBool, KindInt, KindFloat, KindPath:
			out.WriteString(v.String())
		case kindUnknown:
			return anything
		default:
			return unsupported(e, "join", v)
		}
		if out.Len() > maxTextBytes {
			return fail(e, "The joined string would be too long.")
		}
	}
	return StringValue(out.String())
}

// pick returns the elements of a list that are (or are not) in another, and whether that is known
// for every element.
func pick(from, other Elements, in bool) (valueList, bool) {
	m := membersOf(other)
	var out valueList
	for i := range from.Len() {
		v := from.At(i)
		t := m.has(v)
		if t == maybe {
			return nil, false
		}
		if (t == yes) == in {
			out = append(out, v)
		}
	}
	return out, true
}

func listRemoveAll(_ *evaluator, e *expr, self Value, args []Value) Value {
	if !isCollection(args[0]) {
		return unsupported(e, "removeAll", args[0])
	}
	out, ok := pick(self.elements(), args[0].elements(), false)
	if !ok {
		return anything
	}
	return ListValue(out)
}

func setDifference(_ *evaluator, e *expr, self Value, args []Value) Value {
	return setPick(e, self, args[0], false)
}

func setIntersection(_ *evaluator, e *expr, self Value, args []Value) Value {
	return setPick(e, self, args[0], true)
}

func setPick(e *expr, self, other Value, in bool) Value {
	if other.kind != KindSet {
		return unsupported(e, e.name, other)
	}
	out, ok := pick(self.elements(), other.elements(), in)
	if !ok {
		return anything
	}
	return setValue(out)
}

func setUnion(r *evaluator, e *expr, self Value, args []Value) Value {
	if args[0].kind != KindSet {
		return unsupported(e, "union", args[0])
	}
	all := listConcat(r, e, ListValue(self.elements()), []Value{ListValue(args[0].elements())})
	if all.kind == kindError {
		return all
	}
	return setValue(unique(all.elements()))
}
