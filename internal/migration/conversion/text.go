package conversion

import (
	"unicode"
	"unicode/utf8"
)

const zeroWidthJoiner = '\u200d'

// clip returns the longest beginning of a text with at most a number of characters that does not end within
// what people see as one: a letter with its accents, an emoji of several, a syllable of conjoining jamo.
//
// It follows the rules of Unicode's UAX #29 as far as texts in timetables need them.
//
// Source: https://unicode.org/reports/tr29/#Grapheme_Cluster_Boundary_Rules
func clip(text string, length int) string {
	if len(text) <= length || utf8.RuneCountInString(text) <= length {
		return text
	}
	runes := []rune(text)[:length+1]
	for end := length; end > 0; end-- {
		if !joined(runes, end) {
			return string(runes[:end])
		}
	}
	return string(runes[:length]) // one letter with hundreds of accents
}

// joined reports whether there is no boundary before a rune.
func joined(runes []rune, i int) bool {
	before, after := runes[i-1], runes[i]
	switch {
	case before == zeroWidthJoiner, after == zeroWidthJoiner, unicode.In(after, unicode.Mn, unicode.Me, unicode.Mc):
		return true
	case after >= 0x1F3FB && after <= 0x1F3FF, after >= 0xE0020 && after <= 0xE007F: // skin tones, tags of flags
		return true
	case after >= 0x1160 && after <= 0x11FF, after >= 0xD7B0 && after <= 0xD7FB: // vowels and final consonants
		return true
	case before == '\r' && after == '\n':
		return true
	case isRegional(before) && isRegional(after): // a flag is two of them
		count := 0
		for j := i - 1; j >= 0 && isRegional(runes[j]); j-- {
			count++
		}
		return count%2 == 1
	}
	return false
}

func isRegional(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }
