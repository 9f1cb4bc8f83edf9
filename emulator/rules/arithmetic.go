package rules

import (
	"math"
	"math/bits"
)

func evalArithmetic(r *evaluator, e *expr) Value {
	a, b, failed := r.operands(e)
	if failed {
		return a
	}
	switch {
	case a.kind == kindUnknown || b.kind == kindUnknown:
		return anything
	case a.kind == KindInt && b.kind == KindInt:
		return intArithmetic(e, a.num, b.num)
	case a.isNumber() && b.isNumber():
		return floatArithmetic(e, a.number(), b.number())
	}
	switch {
	case e.op == opAdd && a.kind == b.kind && (a.kind == KindString || a.kind == KindBytes):
		if a.num+b.num > maxTextBytes {
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

// intArithmetic computes with 64-bit integers; overflow is an error.
func intArithmetic(e *expr, a, b int64) Value {
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

func floatArithmetic(e *expr, a, b float64) Value {
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

func evalNegate(r *evaluator, e *expr) Value {
	switch v := r.eval(e.children[0]); v.kind {
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
