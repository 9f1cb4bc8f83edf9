package rules

import (
	"slices"
	"strings"
)

// failure explains why an expression has no value. Its text is built only when it is read:
// operators absorb most errors, or another condition grants the request.
type failure struct {
	at     *expr
	text   string  // with a '#' in place of each value
	values []Value // inserted into the text, truncated
}

// fail returns an error value. It copies values because they may be arguments on the evaluator's
// stack.
func fail(at *expr, text string, values ...Value) Value {
	return Value{kind: kindError, ref: &failure{at: at, text: text, values: slices.Clone(values)}}
}

// String returns the message. Where the wording of Google's emulator is known, it is the same, so
// that a search for it finds help.
func (f *failure) String() string {
	text := f.text
	for _, v := range f.values {
		before, after, ok := strings.Cut(text, "#")
		if !ok {
			break
		}
		text = before + v.String() + after
	}
	return text
}

// Errors that many operations share.

func undefined(at *expr, name string) Value {
	return fail(at, "Property "+name+" is undefined on object.")
}

func nullValue(at *expr) Value { return fail(at, "Null value error.") }

// unsupported reports that an operator or method does not accept its operands.
func unsupported(at *expr, what string, got ...Value) Value {
	kinds := make([]string, len(got))
	for i, v := range got {
		kinds[i] = v.kind.String()
	}
	return fail(at, "Unsupported operation error. "+what+" does not accept "+strings.Join(kinds, " and ")+".")
}
