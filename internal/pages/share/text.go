package share

import (
	"strings"
	"unicode/utf8"
)

// Prefix returns the first runes of a text, or more of it: enough for a text that will be cut to that many
// after normalization, without looking at all of one that is far too long.
func Prefix(text string, runes int) string {
	if most := 4 * utf8.UTFMax * runes; len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "")
}
