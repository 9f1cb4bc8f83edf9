package spreadsheet

import (
	"html"
	"regexp"
	"strings"
)

var entity = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]*);?`)

// unescapeText replaces the entities of a page's text. Old pages omit the semicolon, as in "&nbsp 3". In
// text, browsers then even read the first letters of a word as an entity and show ?year=2026§ion=01. The
// author never meant that, so the rule is that for attributes, which protects URLs: an entity without a
// semicolon counts only if neither a letter, a digit nor an equals sign follows (HTML standard, 13.2.5.73,
// named character reference state).
func unescapeText(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	var b strings.Builder
	end := 0
	for _, at := range entity.FindAllStringIndex(s, -1) {
		e := s[at[0]:at[1]]
		text := html.UnescapeString(e)
		// html.UnescapeString may have replaced only the beginning.
		if strings.HasSuffix(e, ";") && len(text) > 1 && strings.HasSuffix(text, ";") {
			continue
		}
		if !strings.HasSuffix(e, ";") && (text != html.UnescapeString(e+";") || strings.HasPrefix(s[at[1]:], "=")) {
			continue
		}
		b.WriteString(s[end:at[0]])
		b.WriteString(text)
		end = at[1]
	}
	b.WriteString(s[end:])
	return b.String()
}
