package courses

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// cleanText returns the text of a cell as people read it: without HTML entities, invisible
// characters, and surrounding or repeated white space. Decomposed letters, such as macOS writes Hangul
// into file names and exports, are composed.
func cleanText(s string) string {
	if !needsCleaning(s) {
		return strings.Trim(s, " ")
	}
	s = norm.NFC.String(unescapeEntities(s))
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
		case r == '&', r < ' ', r >= 0x7f && (unicode.IsSpace(r) || isInvisible(r) || isCombining(r)):
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

// isCombining reports whether r can join the letter before it: an accent or a conjoining part of
// Hangul.
func isCombining(r rune) bool {
	return r >= 0x300 && (r < 0x370 || r >= 0x1100 && r < 0x1200 || unicode.Is(unicode.Mn, r))
}

// cleanLines is cleanText for a cell in which line breaks matter. It keeps them as "\n" and drops
// blank lines.
func cleanLines(s string) string {
	if !strings.ContainsAny(s, "&<\r\n") {
		return cleanText(s)
	}
	parts := strings.Split(breakLines(s), "\n")
	kept := parts[:0]
	for _, p := range parts {
		if p = cleanText(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "\n")
}

var (
	lineBreakTag = regexp.MustCompile(`(?i)<br\s*/?>`)
	entity       = regexp.MustCompile(`&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);`)
)

// unescapeEntities decodes HTML entities. Those without a semicolon stay, unlike in HTML: the &section
// of a URL is not the entity &sect.
func unescapeEntities(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return entity.ReplaceAllStringFunc(s, html.UnescapeString)
}

// normalizeHeader removes from a header what schools change from list to list: case, spaces and line
// breaks.
func normalizeHeader(s string) string {
	return strings.ToLower(strings.ReplaceAll(cleanText(s), " ", ""))
}

// usualPlaceholders are the words that schools write into a cell without a value, as
// [placeholderKey] returns them.
var usualPlaceholders = placeholders{
	"-", "--", "미배정", "미정", "미지정", "없음", "시간미정", "시간미지정", "강의실미정", "강의실미배정", "강의실미지정", "추후공지",
	"tba", "tbd", "n/a", "null", "arranged",
}

// dropPlaceholder returns s, or "" if s is a usual placeholder.
func dropPlaceholder(s string) string { return placeholders(nil).drop(s) }

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

// appendUnique appends the texts that are neither empty nor in list.
func appendUnique(list []string, texts ...string) []string {
	for _, t := range texts {
		if t != "" && !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	return list
}
