package objects

import (
	"regexp"
	"strings"
)

// compileGlob translates a matchGlob pattern into a regular expression, nil for the empty pattern.
// Source: https://cloud.google.com/storage/docs/json_api/v1/objects/list#list-objects-and-prefixes-using-glob.
func compileGlob(glob string) (*regexp.Regexp, error) {
	if glob == "" {
		return nil, nil
	}
	if len(glob) > 1024 {
		return nil, errorf(Invalid, "Invalid matchGlob: it has %d bytes; at most 1024 are allowed.", len(glob))
	}
	var re strings.Builder
	re.WriteString(`\A(?s:`)
	depth := 0 // open braces
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; {
		case strings.HasPrefix(glob[i:], "**"):
			re.WriteString(`.*`)
			i++
		case c == '*':
			re.WriteString(`[^/]*`)
		case c == '?':
			re.WriteString(`[^/]`)
		case c == '[':
			end := strings.IndexByte(glob[i:], ']')
			if end < 2 {
				return nil, errorf(Invalid, "Invalid matchGlob %q: [ without ].", glob)
			}
			re.WriteString(class(glob[i+1 : i+end]))
			i += end
		case c == '{':
			depth++
			re.WriteString(`(?:`)
		case c == '}' && depth > 0:
			depth--
			re.WriteString(`)`)
		case c == ',' && depth > 0:
			re.WriteString(`|`)
		case c == '\\' && i+1 < len(glob):
			i++
			re.WriteString(quoteByte(glob[i]))
		default:
			re.WriteString(quoteByte(c))
		}
	}
	re.WriteString(`)\z`)
	compiled, err := regexp.Compile(re.String())
	if err != nil {
		return nil, errorf(Invalid, "Invalid matchGlob %q.", glob)
	}
	return compiled, nil
}

// class translates a character class, given without its brackets.
func class(chars string) string {
	not := ""
	if chars[0] == '!' || chars[0] == '^' {
		not, chars = "^", chars[1:]
	}
	return "[" + not + strings.NewReplacer(`\`, `\\`, `[`, `\[`, `^`, `\^`).Replace(chars) + "]"
}

// quoteByte quotes an ASCII character. It leaves the bytes of other characters as they are, so that
// they form a character again.
func quoteByte(c byte) string {
	if c >= 0x80 {
		return string([]byte{c})
	}
	return regexp.QuoteMeta(string(rune(c)))
}
