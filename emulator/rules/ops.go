package rules

import (
	"math"
	"math/bits"
	"unicode/utf8"
)

// pair evaluates both operands. settled is true when one of them is an error, which is then the result.
func (r *run) pair(e *expr) (a, b Value, settled bool) {
	a = r.eval(e.kids[0])
	if a.kind == kindError {
		return a, b, true
	}
	b = r.eval(e.kids[1])
	if b.kind == kindError {
		return b, b, true
	}
	return a, b, false
}

func evalEqual(r *run, e *expr) Value {
	a, b, settled := r.pair(e)
	if settled {
		return a
	}
	return truthValue(equal(a, b), a, b)
}

func evalNotEqual(r *run, e *expr) Value {
	a, b, settled := r.pair(e)
	if settled {
		return a
	}
	return truthValue(equal(a, b).not(), a, b)
}

func evalCompare(r *run, e *expr) Value {
	a, b, settled := r.pair(e)
	if settled {
		return a
	}
	if a.kind == kindUnknown || b.kind == kindUnknown {
		return compareUnknown(e, a, b)
	}
	order, ok, unordered := compare(a, b)
	switch {
	case !ok && (a.kind == KindNull || b.kind == KindNull):
		return nullValue(e)
	case !ok:
		return unsupported(e, symbols[e.op], a, b)
	case unordered:
		return BoolValue(false)
	}
	return BoolValue(orderHolds(e.op, order))
}

// orderHolds tells whether a comparison is true of operands in this order.
func orderHolds(o op, order int) bool {
	switch o {
	case opLess:
		return order < 0
	case opLessEqual:
		return order <= 0
	case opGreater:
		return order > 0
	}
	return order >= 0
}

var symbols = map[op]string{opLess: "<", opLessEqual: "<=", opGreater: ">", opGreaterEqual: ">=", opAdd: "+",
	opSubtract: "-", opMultiply: "*", opDivide: "/", opModulo: "%"}

func evalArithmetic(r *run, e *expr) Value {
	a, b, settled := r.pair(e)
	if settled {
		return a
	}
	switch {
	case a.kind == kindUnknown || b.kind == kindUnknown:
		return anything
	case a.kind == KindInt && b.kind == KindInt:
		return integers(e, a.num, b.num)
	case a.isNumber() && b.isNumber():
		return floats(e, a.number(), b.number())
	}
	switch {
	case e.op == opAdd && a.kind == b.kind && (a.kind == KindString || a.kind == KindBytes):
		if a.num+b.num > maxText {
			return fail(e, "The string would be too long.")
		}
		return textValue(a.kind, a.text()+b.text())
	case e.op == opAdd && a.kind == KindTimestamp && b.kind == KindDuration,
		e.op == opAdd && a.kind == KindDuration && b.kind == KindTimestamp:
		return shiftTime(e, KindTimestamp, a, b, 1)
	case e.op == opSubtract && a.kind == KindTimestamp && b.kind == KindDuration:
		return shiftTime(e, KindTimestamp, a, b, -1)
	case e.op == opSubtract && a.kind == KindTimestamp && b.kind == KindTimestamp:
		return shiftTime(e, KindDuration, a, b, -1)
	case e.op == opAdd && a.kind == KindDuration && b.kind == KindDuration:
		return shiftTime(e, KindDuration, a, b, 1)
	case e.op == opSubtract && a.kind == KindDuration && b.kind == KindDuration:
		return shiftTime(e, KindDuration, a, b, -1)
	case a.kind == KindNull || b.kind == KindNull:
		return nullValue(e)
	}
	return unsupported(e, symbols[e.op], a, b)
}

// integers computes with 64 bits; what does not fit is an error.
func integers(e *expr, a, b int64) Value {
	overflow := false
	var n int64
	switch e.op {
	case opAdd:
		n = a + b
		overflow = (n > a) != (b > 0)
	case opSubtract:
		n = a - b
		overflow = (n < a) != (b > 0)
	case opMultiply:
		high, low := bits.Mul64(magnitude(a), magnitude(b))
		n = a * b
		negative := (a < 0) != (b < 0)
		overflow = high != 0 || low > 1<<63 || low == 1<<63 && !negative
	case opDivide, opModulo:
		switch {
		case b == 0:
			return fail(e, "Division by zero.")
		case e.op == opDivide && b == -1:
			n, overflow = -a, a == math.MinInt64
		case e.op == opDivide:
			n = a / b
		case b != -1:
			n = a % b
		}
	}
	if overflow {
		return fail(e, "Integer overflow.")
	}
	return IntValue(n)
}

func magnitude(i int64) uint64 {
	if i < 0 {
		return -uint64(i)
	}
	return uint64(i)
}

func floats(e *expr, a, b float64) Value {
	switch e.op {
	case opAdd:
		return FloatValue(a + b)
	case opSubtract:
		return FloatValue(a - b)
	case opMultiply:
		return FloatValue(a * b)
	case opDivide:
		return FloatValue(a / b)
	}
	return FloatValue(math.Mod(a, b))
}

func evalNegate(r *run, e *expr) Value {
	switch v := r.eval(e.kids[0]); v.kind {
	case KindInt:
		if v.num == math.MinInt64 {
			return fail(e, "Integer overflow.")
		}
		return IntValue(-v.num)
	case KindFloat:
		return FloatValue(-v.float())
	case kindError:
		return v
	case kindUnknown:
		return anything
	default:
		return unsupported(e, "-", v)
	}
}

func evalIn(r *run, e *expr) Value {
	a, b, settled := r.pair(e)
	if settled {
		return a
	}
	switch b.kind {
	case KindList, KindSet:
		m := membersOf(b.ref.(Elements))
		return truthValue(m.has(a), a, b)
	case KindMap, kindKeys:
		switch a.kind {
		case KindString:
			_, ok := b.fields().Get(a.text())
			return BoolValue(ok)
		case kindUnknown:
			return anything
		}
		return BoolValue(false)
	case kindUnknown:
		return b.guess().holds(a)
	case KindNull:
		return nullValue(e)
	}
	return unsupported(e, "in", a, b)
}

func evalIs(r *run, e *expr) Value {
	switch v := r.eval(e.kids[0]); v.kind {
	case kindError:
		return v
	case kindUnknown:
		return v.guess().is(e.kind)
	default:
		return BoolValue(e.kind.has(v.Kind()))
	}
}

func evalList(r *run, e *expr) Value {
	list := make(array, 0, len(e.kids))
	weight := int64(1)
	for _, k := range e.kids {
		v := r.eval(k)
		weight += weightOf(v)
		switch {
		case v.kind == kindError:
			return v
		case !sure(v):
			return anything // it may be an error, and then the list is one
		}
		list = append(list, v)
	}
	return weighed(e, ListValue(list), weight)
}

func evalMap(r *run, e *expr) Value {
	m := make(table, len(e.kids)/2)
	weight := int64(1)
	for i := 0; i < len(e.kids); i += 2 {
		key, value := r.eval(e.kids[i]), r.eval(e.kids[i+1])
		switch {
		case key.kind == kindError:
			return key
		case value.kind == kindError:
			return value
		case key.kind == kindUnknown || !sure(value):
			return anything
		case key.kind != KindString:
			return fail(e.kids[i], "A map's key must be a string, not #.", key)
		}
		m[key.text()] = value
		weight += weightOf(value)
	}
	return weighed(e, MapValue(m), weight)
}

func evalIndex(r *run, e *expr) Value {
	v, i, settled := r.pair(e)
	if settled {
		return v
	}
	switch {
	case v.kind == kindUnknown && i.kind == KindString:
		return v.guess().field(i.text())
	case v.kind == kindUnknown || i.kind == kindUnknown:
		return anything
	case v.kind == KindMap && i.kind == KindString:
		return member(e, v, i.text())
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
		return member(e, v, i.text())
	case v.kind == KindNull:
		return nullValue(e)
	}
	return unsupported(e, "[]", v, i)
}

func evalRange(r *run, e *expr) Value {
	args := r.arguments(e.kids)
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
		out := make(array, 0, to.num-from.num)
		for i := from.num; i < to.num; i++ {
			out = append(out, list.At(int(i)))
		}
		return ListValue(out)
	case v.kind == KindNull:
		return nullValue(e)
	}
	return unsupported(e, "[:]", v)
}

// substring cuts characters from … to−1 out of a string.
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
