package courses

import (
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cleanText returns the text of a cell as people read it: without HTML entities, invisible
// characters, and surrounding or repeated white space.
func cleanText(s string) string {
	if !needsCleaning(s) {
		return strings.Trim(s, " ")
	}
	s = html.UnescapeString(s)
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case isInvisible(r):
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}

// needsCleaning reports whether cleanText must do more than trim. Most cells are clean, and copying
// them would be most of the work.
func needsCleaning(s string) bool {
	previous := rune(0)
	for _, r := range s {
		switch {
		case r == ' ':
			if previous == ' ' {
				return true
			}
		case r >= '가' && r <= '힣': // the most frequent case
		case r == '&', r < ' ', r >= 0x7f && (unicode.IsSpace(r) || isInvisible(r)):
			return true
		}
		previous = r
	}
	return false
}

// isInvisible reports whether r is a control character, has zero width, or marks byte order or text
// direction.
func isInvisible(r rune) bool {
	return r != utf8.RuneError && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}

// cleanLines is cleanText for a cell in which line breaks matter. It keeps them as "\n".
func cleanLines(s string) string {
	if !strings.ContainsAny(s, "&<\r\n") {
		return cleanText(s)
	}
	s = html.UnescapeString(s)
	if strings.Contains(s, "<") {
		for _, br := range []string{"<br>", "<br/>", "<br />", "<BR>", "<BR/>", "<BR />"} {
			s = strings.ReplaceAll(s, br, "\n")
		}
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	for i, p := range parts {
		parts[i] = cleanText(p)
	}
	return strings.Join(parts, "\n")
}

// normalizeHeader removes from a header what schools change from list to list: case, spaces and line
// breaks.
func normalizeHeader(s string) string {
	return strings.ToLower(strings.ReplaceAll(cleanText(s), " ", ""))
}

// dropPlaceholder returns s, or "" if s is one of the words that schools write into a cell without a
// value.
func dropPlaceholder(s string) string {
	if len(s) > 30 {
		return s
	}
	switch strings.ToLower(strings.ReplaceAll(s, " ", "")) {
	case "", "-", "--", "미배정", "미정", "미지정", "없음", "시간미정", "시간미지정", "강의실미정", "강의실미배정", "강의실미지정", "추후공지",
		"tba", "tbd", "n/a", "null":
		return ""
	}
	return s
}

// truncate makes a text from outside safe for a message: it cuts s to maxRunes and replaces control
// and invisible characters with spaces.
func truncate(s string, maxRunes int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || isInvisible(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if utf8.RuneCountInString(s) <= maxRunes {
		return s
	}
	return string([]rune(s)[:maxRunes]) + "…"
}

// foldWidth replaces fullwidth characters, which East Asian keyboards type, with ASCII.
func foldWidth(s string) string {
	isWide := func(r rune) bool { return r >= '！' && r <= '～' }
	if strings.IndexFunc(s, isWide) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if isWide(r) {
			return r - '！' + '!'
		}
		return r
	}, s)
}

// appendUnique appends the texts that are neither empty nor in list.
func appendUnique(list []string, texts ...string) []string {
	for _, t := range texts {
		if t != "" && !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	return list
}
