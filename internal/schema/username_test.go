package schema_test

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"heek.kr/heektime/internal/schema"
)

// usernameRunes calls do with every character that a new username may contain.
func usernameRunes(do func(r rune)) {
	pattern := regexp.MustCompile(`\A(?:` + schema.UsernamePattern + `)\z`)
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if pattern.MatchString(string(r)) {
			do(r)
		}
	}
}

// isPictograph reports whether a character is in a block that Unicode keeps for pictographs, where not all
// characters are assigned yet.
func isPictograph(r rune) bool { return r >= 0x1F300 && r <= 0x1FAFF }

// isKeyboardJamo reports whether a character is one of the letters that a Korean keyboard types alone.
func isKeyboardJamo(r rune) bool { return r >= 'ㄱ' && r <= 'ㅣ' }

// Names have one spelling, are visible, and need no encoding in a URL.
func TestUsernameCharacters(t *testing.T) {
	n := 0
	usernameRunes(func(r rune) {
		n++
		s := string(r)
		switch {
		case r < 0x80:
			if url.PathEscape(s) != s || url.QueryEscape(s) != s {
				t.Errorf("%q is encoded in URLs", r)
			}
		case isPictograph(r):
		case !unicode.IsGraphic(r), unicode.IsSpace(r), unicode.In(r, unicode.M, unicode.C, unicode.Z):
			t.Errorf("%U is invisible, a mark or a separator", r)
		case unicode.Is(unicode.Properties["Other_Default_Ignorable_Code_Point"], r), unicode.In(r, unicode.Bidi_Control, unicode.Variation_Selector):
			t.Errorf("%U is ignored or controls others", r)
		}
		for form, f := range map[string]norm.Form{"NFC": norm.NFC, "NFKC": norm.NFKC} {
			if got := f.String(s); got != s && !(form == "NFKC" && isKeyboardJamo(r)) {
				t.Errorf("%U: %s is %+q", r, form, got)
			}
		}
		if !norm.NFC.PropertiesString(s).BoundaryBefore() {
			t.Errorf("%U composes with a character before it", r)
		}
	})
	if n < 11172+20992 {
		t.Errorf("only %d characters: Hangul and Hanja are not all there", n)
	}
}

func TestCheckUsername(t *testing.T) {
	for _, name := range []string{"minsu", "Min-su_2.0~", "고려대생", "민수ㅋㅋ", "學生한국", "さくらー", "カタカナ", "Đặng", "Жанна", "Ωμέγα", "Zoë-",
		"😀😀😀😀", "별⭐별⭐", strings.Repeat("호", schema.MaxUsername), "....", "1234"} {
		if err := schema.CheckUsername(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for what, name := range map[string]string{
		"empty": "", "short": "abc", "long": strings.Repeat("호", schema.MaxUsername+1), "reserved": "__ab__", "not UTF-8": "abcd\xff",
		"a space": "min su", "spaces": "    ", "a leading space": " minsu", "a trailing space": "minsu ", "a newline": "minsu\n", "a leading newline": "\nminsu",
		"NUL": "min\x00su", "DEL": "min\x7fsu", "C1": "min\u0085su", "a tab": "min\tsu", "a no-break space": "min\u00a0su", "an ideographic space": "민\u3000수민수",
		"a narrow space": "min\u202fsu", "a line separator": "min\u2028su", "a zero-width space": "min\u200bsu", "a zero-width joiner": "min\u200dsu",
		"a soft hyphen": "min\u00adsu", "a word joiner": "min\u2060su", "a byte order mark": "\ufeffminsu", "an RTL override": "min\u202esu", "an isolate": "min\u2066su",
		"a variation selector": "min\ufe0fsu", "a Hangul filler": "민수\u3164\u3164", "a halfwidth filler": "민수\uffa0\uffa0", "a jamo filler": "민수\u1160\u1160",
		"blank Braille": "min\u2800su", "a tag": "min\U000e0041su", "private use": "min\ue000su", "a noncharacter": "min\ufffesu",
		"an e-mail address": "bob@gmail.com", "a slash": "min/su", "a backslash": `min\su`, "a query": "q?x=1", "a fragment": "minsu#1", "an escape": "%41bcd",
		"a colon": "min:su", "quotes": `"minsu"`, "an ampersand": "min&su", "a semicolon": "min;su", "angle brackets": "<minsu>", "a plus": "min+su",
		"NFD Korean": norm.NFD.String("민수민수"), "NFD Latin": norm.NFD.String("Đặng"), "NFD kana": norm.NFD.String("がががが"), "a mark": "minsu\u0301",
		"fullwidth": "ｍｉｎｓｕ", "mathematical": "𝐦𝐢𝐧𝐬𝐮", "circled": "ⓜⓘⓝⓢⓤ", "a ligature": "ﬁnal", "superscript": "minsu²", "the Kelvin sign": "\u212aevin",
		"a compatibility ideograph": "\uf900學生學", "a radical": "⼀⼀⼀⼀", "halfwidth Hangul": "ﾡﾡﾡﾡ", "halfwidth kana": "ｶｶｶｶ", "Arabic": "مرحبا",
	} {
		if err := schema.CheckUsername(name); !errors.Is(err, schema.ErrUsername) {
			t.Errorf("%s, %q: %v", what, name, err)
		}
	}
}
