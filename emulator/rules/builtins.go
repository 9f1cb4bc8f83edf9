package rules

import (
	"strconv"
	"strings"
)

// builtin is a function of the language.
type builtin struct {
	minArgs, maxArgs int
	call             func(r *evaluator, e *expr, args []Value) Value
	returns          kindSet
}

// globalFunctions are the functions without a namespace.
var globalFunctions = map[string]*builtin{
	"int":    {1, 1, concrete(builtinInt), setOf(KindInt)},
	"float":  {1, 1, concrete(builtinFloat), setOf(KindFloat)},
	"string": {1, 1, concrete(builtinString), setOf(KindString)},
	"bool":   {1, 1, concrete(builtinBool), setOf(KindBool)},
	"path":   {1, 1, concrete(builtinPath), setOf(KindPath)},
	"debug":  {1, 1, builtinDebug, allKinds},
}

// documentFunctions are the access calls: get() and so on in rules for Firestore, firestore.get()
// and firestore.exists() in those for Storage
// (https://firebase.google.com/docs/storage/security/rules-conditions#enhance_with_firestore).
var documentFunctions = map[string]*builtin{
	"get":         {1, 1, concrete(builtinGet(false)), setOf(KindMap)},
	"exists":      {1, 1, concrete(builtinExists(false)), setOf(KindBool)},
	"getAfter":    {1, 1, concrete(builtinGet(true)), setOf(KindMap)},
	"existsAfter": {1, 1, concrete(builtinExists(true)), setOf(KindBool)},
}

// namespaces are the functions called as namespace.name(…).
var namespaces = map[string]map[string]*builtin{
	"duration":  durationFunctions,
	"timestamp": timestampFunctions,
	"latlng":    latlngFunctions,
	"hashing":   hashingFunctions,
	"math":      mathFunctions,
}

// concrete wraps a function that cannot handle symbolic values: if any argument is unknown, so is
// the result.
func concrete(f func(*evaluator, *expr, []Value) Value) func(*evaluator, *expr, []Value) Value {
	return func(r *evaluator, e *expr, args []Value) Value {
		for _, a := range args {
			if a.kind == kindUnknown {
				return anything
			}
		}
		return f(r, e, args)
	}
}

func builtinDebug(r *evaluator, e *expr, args []Value) Value {
	if r.req.Debug != nil && r.denial == nil {
		line, _ := r.ruleset.src.position(e.pos)
		r.req.Debug(line, args[0])
	}
	return args[0]
}

func builtinInt(_ *evaluator, e *expr, args []Value) Value {
	switch v := args[0]; v.kind {
	case KindInt:
		return v
	case KindFloat:
		if f := v.float(); f > -(1<<63) && f < 1<<63 {
			return IntValue(int64(f))
		}
		return fail(e, "# is not a 64-bit integer.", v)
	case KindString:
		i, err := strconv.ParseInt(v.text(), 10, 64)
		if err != nil {
			return fail(e, "# is not a 64-bit integer.", v)
		}
		return IntValue(i)
	default:
		return unsupported(e, "int()", v)
	}
}

func builtinFloat(_ *evaluator, e *expr, args []Value) Value {
	switch v := args[0]; v.kind {
	case KindFloat:
		return v
	case KindInt:
		return FloatValue(float64(v.num))
	case KindString:
		f, err := strconv.ParseFloat(v.text(), 64)
		if err != nil || strings.ContainsAny(v.text(), "xX_") {
			return fail(e, "# is not a number.", v)
		}
		return FloatValue(f)
	default:
		return unsupported(e, "float()", v)
	}
}

func builtinString(_ *evaluator, e *expr, args []Value) Value {
	switch v := args[0]; v.kind {
	case KindString:
		return v
	case KindNull, KindBool, KindInt, KindFloat, KindPath:
		return StringValue(v.String())
	default:
		return unsupported(e, "string()", v)
	}
}

func builtinBool(_ *evaluator, e *expr, args []Value) Value {
	switch v := args[0]; v.kind {
	case KindBool:
		return v
	case KindString:
		switch strings.ToLower(v.text()) {
		case "true":
			return BoolValue(true)
		case "false":
			return BoolValue(false)
		}
		return fail(e, "# is neither true nor false.", v)
	default:
		return unsupported(e, "bool()", v)
	}
}
