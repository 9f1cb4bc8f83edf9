package courses

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// placeholders are a school's own words for an unknown value, in addition to the usual ones, as
// [placeholderKey] returns them.
type placeholders []string

// parsePlaceholders parses the option placeholders: words separated by commas.
func parsePlaceholders(s string) placeholders {
	var p placeholders
	for word := range strings.SplitSeq(s, ",") {
		if key := placeholderKey(normalizeCell(word)); key != "" {
			p = append(p, key)
		}
	}
	return p
}

// placeholderKey returns a placeholder without what differs from list to list: case and spaces.
func placeholderKey(s string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), " ", ""))
}

// maxPlaceholderBytes bounds a placeholder within a cell.
const maxPlaceholderBytes = 60

// match reports whether s is blank or stands for an unknown value.
func (p placeholders) match(s string) bool {
	if s != "" && (len(s) > maxPlaceholderBytes || !p.canBegin(s)) {
		return strings.TrimSpace(s) == ""
	}
	key := placeholderKey(s)
	return key == "" || slices.Contains(usualPlaceholders, key) || slices.Contains(p, key)
}

// isCutOff reports whether s is the beginning of a placeholder.
func (p placeholders) isCutOff(s string) bool {
	key := placeholderKey(s)
	begins := func(word string) bool { return len(word) > len(key) && strings.HasPrefix(word, key) }
	return key != "" && (slices.ContainsFunc(usualPlaceholders, begins) || slices.ContainsFunc(p, begins))
}

// canBegin reports whether a placeholder begins with the first character of s. Most cells can be told
// by that.
func (p placeholders) canBegin(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	first = unicode.ToLower(first)
	for _, list := range []placeholders{usualPlaceholders, p} {
		for _, key := range list {
			if r, _ := utf8.DecodeRuneInString(key); r == first {
				return true
			}
		}
	}
	return unicode.IsSpace(first)
}

// drop returns s, or "" if it stands for an unknown value.
func (p placeholders) drop(s string) string {
	if p.match(s) {
		return ""
	}
	return s
}
