package doctor

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// firstOf is a group of a glob that matches one of several texts, and its first one.
var firstOf = regexp.MustCompile(`@\(([^|)]*)[^)]*\)`)

// sampleOfGlob returns a path that a rewrite's glob matches.
func sampleOfGlob(glob string) string {
	return strings.NewReplacer("**", "doctor", "*", "doctor").Replace(firstOf.ReplaceAllString(glob, "$1"))
}

// sampleOfRegex returns a path that a rewrite's regular expression matches, "" if it is not one.
func sampleOfRegex(text string) string {
	expr, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return ""
	}
	return sample(expr)
}

// sample returns a short text that an expression matches.
func sample(expr *syntax.Regexp) string {
	switch expr.Op {
	case syntax.OpLiteral:
		return string(expr.Rune)
	case syntax.OpCharClass:
		for _, usual := range "x1_" {
			for i := 0; i < len(expr.Rune); i += 2 {
				if expr.Rune[i] <= usual && usual <= expr.Rune[i+1] {
					return string(usual)
				}
			}
		}
		return string(expr.Rune[:min(1, len(expr.Rune))])
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpPlus, syntax.OpCapture:
		return sample(expr.Sub[0])
	case syntax.OpRepeat:
		return strings.Repeat(sample(expr.Sub[0]), expr.Min)
	case syntax.OpAlternate:
		return sample(expr.Sub[0])
	case syntax.OpConcat:
		var all strings.Builder
		for _, part := range expr.Sub {
			all.WriteString(sample(part))
		}
		return all.String()
	}
	return "" // what may be left out, and the ends of the text
}
