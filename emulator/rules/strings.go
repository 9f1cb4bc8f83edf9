package rules

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode/utf8"
)

// stringMethods are the methods of https://firebase.google.com/docs/reference/rules/rules.String.
var stringMethods = methodTable{
	kind: KindString,
	overloads: map[string]overload{
		"size":    noArgs(func(s Value) Value { return IntValue(int64(utf8.RuneCountInString(s.text()))) }),
		"lower":   noArgs(func(s Value) Value { return StringValue(strings.ToLower(s.text())) }),
		"upper":   noArgs(func(s Value) Value { return StringValue(strings.ToUpper(s.text())) }),
		"trim":    noArgs(func(s Value) Value { return StringValue(strings.TrimSpace(s.text())) }),
		"toUtf8":  noArgs(func(s Value) Value { return BytesValue(s.text()) }),
		"matches": {1, 1, stringMatches},
		"replace": {2, 2, stringReplace},
		"split":   {1, 1, stringSplit},
	},
	returns: map[string]kindSet{"size": setOf(KindInt), "lower": setOf(KindString), "upper": setOf(KindString),
		"trim": setOf(KindString), "toUtf8": setOf(KindBytes), "matches": setOf(KindBool), "replace": setOf(KindString),
		"split": setOf(KindList)},
}

// regexMethods are the methods whose first argument is a regular expression in RE2 syntax, which
// Go's regexp package implements. Constant patterns are compiled once, with the rules.
var regexMethods = map[string]bool{"matches": true, "replace": true, "split": true}

// compileRegex compiles the pattern of a method. matches anchors it to the whole string.
func compileRegex(method, pattern string) (*regexp.Regexp, error) {
	if method == "matches" {
		if _, err := regexp.Compile(pattern); err != nil {
			return nil, err // before anchoring, so that the message shows the pattern as written
		}
		pattern = `\A(?:` + pattern + `)\z`
	}
	return regexp.Compile(pattern)
}

// regexOf returns the pattern of a call, or nil and an error value.
func regexOf(e *expr, pattern Value) (*regexp.Regexp, Value) {
	if e.pattern != nil {
		return e.pattern, Value{}
	}
	if pattern.kind != KindString {
		return nil, unsupported(e, e.name, pattern)
	}
	re, err := compileRegex(e.name, pattern.text())
	if err != nil {
		return nil, fail(e, "Invalid regular expression #.", pattern)
	}
	return re, Value{}
}

func stringMatches(_ *evaluator, e *expr, self Value, args []Value) Value {
	re, failed := regexOf(e, args[0])
	if re == nil {
		return failed
	}
	return BoolValue(re.MatchString(self.text()))
}

func stringReplace(_ *evaluator, e *expr, self Value, args []Value) Value {
	re, failed := regexOf(e, args[0])
	if re == nil {
		return failed
	}
	with := args[1]
	if with.kind != KindString {
		return unsupported(e, "replace", with)
	}
	if (utf8.RuneCountInString(self.text())+1)*len(with.text()) > maxTextBytes {
		return fail(e, "The result of replace would be too long.")
	}
	return StringValue(re.ReplaceAllString(self.text(), with.text()))
}

func stringSplit(_ *evaluator, e *expr, self Value, args []Value) Value {
	re, failed := regexOf(e, args[0])
	if re == nil {
		return failed
	}
	parts := re.Split(self.text(), -1)
	list := make(valueList, len(parts))
	for i, p := range parts {
		list[i] = StringValue(p)
	}
	return ListValue(list)
}

// bytesMethods are the methods of https://firebase.google.com/docs/reference/rules/rules.Bytes.
var bytesMethods = methodTable{
	kind: KindBytes,
	overloads: map[string]overload{
		"size":        noArgs(func(b Value) Value { return IntValue(int64(len(b.text()))) }),
		"toBase64":    noArgs(func(b Value) Value { return StringValue(base64.URLEncoding.EncodeToString([]byte(b.text()))) }),
		"toHexString": noArgs(func(b Value) Value { return StringValue(strings.ToUpper(hex.EncodeToString([]byte(b.text())))) }),
	},
	returns: map[string]kindSet{"size": setOf(KindInt), "toBase64": setOf(KindString), "toHexString": setOf(KindString)},
}
