package spreadsheet_test

import (
	"testing"

	"heek.kr/heektime/internal/courses/spreadsheet"
)

func TestInvalidByte(t *testing.T) {
	for _, c := range []struct{ name, data, charset, want string }{
		{"valid UTF-8", "코드,과목\n", "", ""},
		{"UTF-8", "a,b\nc,\xb0d\n", "utf-8", "byte 0xb0 at position 6 (line 2)"},
		{"valid EUC-KR", "\xb0\xa1,\xb3\xaa\n\xb0\xa1\n", "euc-kr", ""},
		{"EUC-KR", "\xb0\xa1,\xb3\xaa\n\xb0\xa1\xff\xb0\xa1\xb0\xa1\n", "euc-kr", "byte 0xff at position 8 (line 2)"},
		{"EUC-KR at the beginning", "\xff\xb0\xa1\n", "euc-kr", "byte 0xff at position 0 (line 1)"},
		{"unknown charset", "a", "nonsense", ""},
	} {
		if got := spreadsheet.InvalidByte([]byte(c.data), c.charset); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
