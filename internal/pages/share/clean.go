package share

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxRunes bounds a text. It is more than a title may have.
const maxRunes = 500

// zeroWidthJoiner makes one emoji of several.
const zeroWidthJoiner = '\u200d'

// Clean returns a text on one line, without control characters, with which a stranger could add properties
// to a calendar, and without format characters, which could reorder what the reader sees.
func Clean(text string) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range norm.NFC.String(Prefix(text, maxRunes)) {
		switch {
		case unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Z):
			space = n > 0
			continue
		case unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs) && r != zeroWidthJoiner || r&0xfffe == 0xfffe:
			continue
		}
		if space {
			b.WriteByte(' ')
		}
		space = false
		if n++; n > maxRunes {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}
