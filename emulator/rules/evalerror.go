package rules

import (
	"slices"
	"strings"
)

// failure is why an expression has no value. Its text is only made when somebody reads it: most errors are absorbed by
// an operator or belong to a condition that another one makes up for.
type failure struct {
	at     *expr
	text   string  // with a '#' for each of the values
	values []Value // shown in the text, shortened
}

// fail makes an error value. It keeps a copy of the values, since they may be arguments on the stack.
func fail(at *expr, text string, values ...Value) Value {
	return Value{kind: kindError, ref: &failure{at: at, text: text, values: slices.Clone(values)}}
}

// String is the message. It uses the words of Google's emulator where there are known ones, since people search for
// them.
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

// The errors that many operations share.

func undefined(at *expr, name string) Value {
	return fail(at, "Property "+name+" is undefined on object.")
}

func nullValue(at *expr) Value { return fail(at, "Null value error.") }

// unsupported says that an operator or method does not take what it was given.
func unsupported(at *expr, what string, got ...Value) Value {
	kinds := make([]string, len(got))
	for i, v := range got {
		kinds[i] = v.kind.String()
	}
	return fail(at, "Unsupported operation error. "+what+" does not take "+strings.Join(kinds, " and ")+".")
}
