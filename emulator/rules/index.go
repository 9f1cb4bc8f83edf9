package rules

import "unicode/utf8"

func evalIndex(r *evaluator, e *expr) Value {
	v, i, failed := r.operands(e)
	if failed {
		return v
	}
	switch {
	case v.kind == kindUnknown && i.kind == KindString:
		return v.unknown().field(i.text())
	case v.kind == kindUnknown || i.kind == kindUnknown:
		return anything
	case v.kind == KindMap && i.kind == KindString:
		return r.member(e, v, i.text())
	case v.isList() && i.kind == KindInt:
		list := v.elements()
		if i.num < 0 || i.num >= int64(list.Len()) {
			return fail(e, "Index out of bounds error. Index # in a list of #.", i, IntValue(int64(list.Len())))
		}
		return list.At(int(i.num))
	case v.kind == KindString && i.kind == KindInt:
		return substring(e, v.text(), i.num, i.num+1)
	case v.kind == KindPath && i.kind == KindInt:
		if s, ok := pathSegment(v.text(), i.num); ok {
			return StringValue(s)
		}
		return fail(e, "Index out of bounds error. Index # in #.", i, v)
	case v.kind == KindPath && i.kind == KindString:
		return r.member(e, v, i.text())
	case v.kind == KindNull:
		return nullValue(e)
	}
	return unsupported(e, "[]", v, i)
}

func evalRange(r *evaluator, e *expr) Value {
	args := r.arguments(e.children)
	defer r.release(args)
	for _, a := range args {
		if a.kind == kindError {
			return a
		}
	}
	v, from, to := args[0], args[1], args[2]
	switch {
	case v.kind == kindUnknown || from.kind == kindUnknown || to.kind == kindUnknown:
		return anything
	case from.kind != KindInt || to.kind != KindInt:
		return unsupported(e, "[:]", from, to)
	case v.kind == KindString:
		return substring(e, v.text(), from.num, to.num)
	case v.isList():
		list := v.elements()
		if from.num < 0 || to.num > int64(list.Len()) || from.num > to.num {
			return fail(e, "Index out of bounds error. Range #:# in a list of #.", from, to, IntValue(int64(list.Len())))
		}
		out := make(valueList, 0, to.num-from.num)
		for i := from.num; i < to.num; i++ {
			out = append(out, list.At(int(i)))
		}
		return ListValue(out)
	case v.kind == KindNull:
		return nullValue(e)
	}
	return unsupported(e, "[:]", v)
}

// substring returns characters from to to-1 of a string.
func substring(e *expr, s string, from, to int64) Value {
	n := int64(utf8.RuneCountInString(s))
	if from < 0 || to > n || from > to {
		return fail(e, "Index out of bounds error. Range #:# in a string of # characters.", IntValue(from), IntValue(to), IntValue(n))
	}
	start, end, count := len(s), len(s), int64(0)
	for i := range s {
		if count == from {
			start = i
		}
		if count == to {
			end = i
			break
		}
		count++
	}
	return StringValue(s[start:end])
}
