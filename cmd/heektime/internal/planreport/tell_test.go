package planreport_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/planreport"
	"heek.kr/heektime/internal/migration/plan"
)

// The letters say with which name to sign in, and a name cannot become a formula.
func TestLetters(t *testing.T) {
	var b bytes.Buffer
	l, err := planreport.NewLetters(&b)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []plan.Renamed{
		{UID: "a", Before: "MINSU", After: "minsu-3f2a9c", SignsInAnew: true},
		{UID: "b", Before: "kim hee", After: "kim_hee-abcdef"},
		{UID: "c", After: "user-012345", SignsInAnew: true},
		{UID: "d", Before: "cat@korea.ac.kr", After: "cat-123456", Email: "cat@korea.ac.kr"},
		{UID: "e", Before: `=HYPERLINK("x")`, After: "HYPERLINK_x-1"},
	} {
		if err := l.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	text, marked := strings.CutPrefix(b.String(), "\ufeff")
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked || len(lines) != 6 {
		t.Fatalf("%d lines, marked %v, %v", len(lines), marked, err)
	}
	for i, want := range []struct{ signIn, email, korean, english string }{
		{"minsu-3f2a9c", "", "새 아이디와", "sign in with the new one"},
		{"kim hee", "", "쓰던 아이디와", "still sign in with your old one"},
		{"user-012345", "", "새 아이디가 생겼어요", "now has one"},
		{"cat@korea.ac.kr", "cat@korea.ac.kr", "cat-123456", "cat-123456"},
		{`'=HYPERLINK("x")`, "", "HYPERLINK_x-1", "HYPERLINK_x-1"},
	} {
		got := lines[i+1]
		if got[3] != want.signIn || got[4] != want.email || !strings.Contains(got[5], want.korean) || !strings.Contains(got[6], want.english) {
			t.Errorf("line %d is %q, want %+v", i, got, want)
		}
	}
}
