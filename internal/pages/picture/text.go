package picture

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"heek.kr/heektime/internal/pages/share"
)

const (
	// replacement stands for a letter or number that the font does not have, such as a Chinese character.
	replacement = '□'
	ellipsis    = '…'
	// maxRunes is how many characters of a text are kept: more than fit anywhere, fewer than would take long.
	maxRunes = 200
)

// sanitize returns a text that the font can draw and that no viewer reorders:
//
//   - composed, so that syllables that macOS writes as separate letters become syllables;
//   - without control and format characters, among them those that change the direction of text;
//   - white space of any kind and length becomes one space;
//   - of characters that the font does not have, compatibility forms such as 𝐁 become what they stand for,
//     emoji, other symbols and combining marks are left out, and all others become a replacement character.
//
// What remains has no combining characters: each of its runes is a grapheme cluster, and it may be cut
// between any two.
func (t *typeface) sanitize(text string) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range norm.NFC.String(share.Prefix(text, maxRunes)) {
		switch {
		case unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Z) || isFiller(r):
			space = n > 0
			continue
		case unicode.In(r, unicode.Cf, unicode.M):
			continue
		}
		drawn := t.drawable(r)
		if drawn == "" {
			continue
		}
		if space {
			drawn = " " + drawn
		}
		space = false
		if n += utf8.RuneCountInString(drawn); n >= maxRunes {
			b.WriteRune(ellipsis)
			break
		}
		b.WriteString(drawn)
	}
	return b.String()
}

// drawable returns what to draw for a character.
func (t *typeface) drawable(r rune) string {
	if t.has(r) {
		return string(r)
	}
	plain := norm.NFKC.String(string(r))
	known := plain != ""
	for _, p := range plain {
		known = known && t.has(p)
	}
	if known {
		return plain
	}
	if unicode.IsSymbol(r) || r >= 0x1F000 && r < 0x20000 { // emoji of later versions of Unicode, too
		return ""
	}
	return string(replacement)
}

// isFiller reports whether r is a letter of Hangul without a shape, which some use to look nameless.
func isFiller(r rune) bool {
	return r == 0x115F || r == 0x1160 || r == 0x3164 || r == 0xFFA0
}

// truncate cuts a sanitized text to a width and ends it with an ellipsis if it had to.
func (t *typeface) truncate(text string, size, width float64) string {
	if t.width(text, size) <= width {
		return text
	}
	rest := width - t.width(string(ellipsis), size)
	for i, r := range text {
		if rest -= t.advance(r) * size; rest < 0 {
			return strings.TrimRight(text[:i], " ") + string(ellipsis)
		}
	}
	return string(ellipsis)
}

// wrap breaks a sanitized text into lines of a width: between words, and within a word that is longer than
// a line. whole reports whether no word was broken.
func (t *typeface) wrap(text string, size, width float64) (lines []string, whole bool) {
	whole = true
	line, used := "", 0.0
	space := t.width(" ", size)
	for word := range strings.SplitSeq(text, " ") {
		w := t.width(word, size)
		switch {
		case line == "" && w <= width:
			line, used = word, w
			continue
		case line != "" && used+space+w <= width:
			line, used = line+" "+word, used+space+w
			continue
		case line != "":
			lines = append(lines, line)
		}
		line, used = "", 0
		for _, r := range word {
			a := t.advance(r) * size
			if line != "" && used+a > width {
				lines, whole = append(lines, line), false
				line, used = "", 0
			}
			line, used = line+string(r), used+a
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines, whole
}
