package rules

import "math"

// mathFunctions are the functions of https://firebase.google.com/docs/reference/rules/rules.math.
var mathFunctions = map[string]*builtin{
	"abs": {1, 1, concrete(func(_ *evaluator, e *expr, args []Value) Value {
		switch v := args[0]; {
		case v.kind == KindFloat:
			return FloatValue(math.Abs(v.float()))
		case v.kind != KindInt:
			return unsupported(e, "math.abs", v)
		case v.num == math.MinInt64:
			return fail(e, "Integer overflow.")
		case v.num < 0:
			return IntValue(-v.num)
		default:
			return v
		}
	}), setOf(KindInt, KindFloat)},
	"ceil":  rounding("ceil", math.Ceil),
	"floor": rounding("floor", math.Floor),
	"round": rounding("round", roundHalfUp),
	"sqrt": numeric(1, setOf(KindFloat), func(x []float64) Value {
		return FloatValue(math.Sqrt(x[0]))
	}),
	"pow": numeric(2, setOf(KindFloat), func(x []float64) Value {
		return FloatValue(math.Pow(x[0], x[1]))
	}),
	"isInfinite": numeric(1, setOf(KindBool), func(x []float64) Value { return BoolValue(math.IsInf(x[0], 0)) }),
	"isNaN":      numeric(1, setOf(KindBool), func(x []float64) Value { return BoolValue(math.IsNaN(x[0])) }),
}

// roundHalfUp rounds to the nearest integer, halves up. Adding 0.5 first would round the sum.
func roundHalfUp(f float64) float64 {
	whole := math.Floor(f)
	if f-whole >= 0.5 {
		whole++
	}
	return whole
}

// rounding returns a function that rounds a number to an integer.
func rounding(name string, f func(float64) float64) *builtin {
	return &builtin{1, 1, concrete(func(_ *evaluator, e *expr, args []Value) Value {
		switch v := args[0]; v.kind {
		case KindInt:
			return v
		case KindFloat:
			x := f(v.float())
			if !(x >= -(1<<63) && x < 1<<63) {
				return fail(e, "# is not a 64-bit integer.", v)
			}
			return IntValue(int64(x))
		default:
			return unsupported(e, "math."+name, v)
		}
	}), setOf(KindInt)}
}

// numeric returns a function of n numbers.
func numeric(n int, returns kindSet, f func([]float64) Value) *builtin {
	return &builtin{n, n, concrete(func(_ *evaluator, e *expr, args []Value) Value {
		x := make([]float64, n)
		for i, a := range args {
			if !a.isNumber() {
				return unsupported(e, e.name, a)
			}
			x[i] = a.number()
		}
		return f(x)
	}), returns}
}
