package conversion_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"heek.kr/heektime/internal/migration/conversion"
)

func TestClip(t *testing.T) {
	for _, c := range []struct {
		text   string
		length int
		want   string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"가나다라", 3, "가나다"}, {"", 0, ""},
		{"abe\u0301d", 3, "ab"}, {"abe\u0301d", 4, "abe\u0301"},
		{"ab👨‍👩‍👧c", 4, "ab"}, {"ab👨‍👩‍👧c", 7, "ab👨‍👩‍👧"},
		{"a👍🏽b", 2, "a"}, {"a🇰🇷🇺🇸", 4, "a🇰🇷"}, {"a🇰🇷🇺🇸", 3, "a🇰🇷"}, {"a☂\ufe0fb", 2, "a"}, {"a\r\nb", 2, "a"},
		{norm.NFD.String("가각"), 3, norm.NFD.String("가")}, {norm.NFD.String("가각"), 4, norm.NFD.String("가")},
		{"e" + strings.Repeat("\u0301", 400), 300, "e" + strings.Repeat("\u0301", 299)},
	} {
		if got := conversion.Clip(c.text, c.length); got != c.want {
			t.Errorf("%q to %d: %q, want %q", c.text, c.length, got, c.want)
		}
	}
}
