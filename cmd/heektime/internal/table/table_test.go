package table

import (
	"strings"
	"testing"
)

func TestWriteAlignsKorean(t *testing.T) {
	var out strings.Builder
	Write(&out, []Column{{Title: "school"}, {Title: "lectures", Right: true}, {Title: "why"}}, [][]string{
		{"데모대학교", Count(5000), "unchanged"},
		{"Demo", Count(12), ""},
	})
	want := `school      lectures  why
데모대학교     5,000  unchanged
Demo              12
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1234: "-1,234", -123: "-123"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "-", 999: "999 B", 1500: "1.5 kB", 2_340_000: "2.34 MB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s, want %s", n, got, want)
		}
	}
}
