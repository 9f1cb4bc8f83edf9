package courses

import (
	"testing"
)

func TestCleanText(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"별 보기의 기초", "별 보기의 기초"},
		{"  별\u00a0 보기 \r\n의\u3000기초 ", "별 보기 의 기초"},
		{"반도체&middot;ICT &lt;1&gt;&#39;", "반도체·ICT <1>'"},
		{"\ufeff별\u200b\u0007", "별"},
		{"&nbsp;", ""},
		{"", ""},
	} {
		if got := cleanText(test.in); got != test.want {
			t.Errorf("cleanText(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}
