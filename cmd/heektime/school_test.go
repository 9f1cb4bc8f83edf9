package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestSchoolTry checks what a person sees who tries a list, without a local cloud.
func TestSchoolTry(t *testing.T) {
	file := write(t, "schools.yaml", schoolFileFor(t, func(w http.ResponseWriter) { fmt.Fprint(w, csv) }))
	other := strings.Replace(csv, "월(09:00~10:15)", "월요일 오전", 1) + "GAON103,01,논리,,3,토(18:00~20:50)\nGAON104,01,집합,,3,\n"
	list := write(t, "list.csv", strings.ReplaceAll(strings.ReplaceAll(other, ",3,", ",3,,"), "학점,", "학점,비고,"))
	page := write(t, "list.html", "<html><head><title>서비스 점검</title></head><body>점검 중</body></html>")
	noTitle := write(t, "renamed.csv", strings.Replace(csv, "과목명", "강좌", 1))
	for _, c := range []struct {
		name string
		args []string
		ok   bool
		want []string
	}{
		{"the school's own list", []string{"가온대학교"}, true, []string{"가온대학교 2026-0900", "nothing is published", "2 lectures", "found", "identifier = 과목코드", "GAON101-01 자료구조 · 한가람 · 3 credits", "Mon 09:00-10:15", "Mon       Tue"}},
		{"a file", []string{list}, true, []string{"3 lectures", "1 left out", "월요일 오전", "row 2", "unused", "비고", "1 lecture without any", "Sat"}},
		{"a file with flags", []string{"--semester", "2026-0900", "--school", "가온대학교", list}, true, []string{"3 lectures"}},
		{"a page", []string{page}, false, []string{"cannot be read", "서비스 점검"}},
		{"a list without a column", []string{noTitle}, false, []string{"과목명"}},
		{"an unknown school", []string{"가온대학"}, false, []string{"did you mean 가온대학교?"}},
		{"an unknown file", []string{"nowhere.csv"}, false, []string{"nowhere.csv"}},
		{"an unknown semester", []string{"가온대학교", "--semester", "2027-0300"}, false, []string{"2027-0300", "2026-0900"}},
		{"a folder", []string{"/"}, false, []string{"folder"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, ok := output(t, append([]string{"school", "try", "--schools", file}, c.args...)...)
			if ok != c.ok {
				t.Errorf("success = %v, want %v", ok, c.ok)
			}
			for _, want := range c.want {
				if !strings.Contains(stdout+stderr, want) {
					t.Errorf("missing %q in:\n%s%s", want, stdout, stderr)
				}
			}
			if n := strings.Count(stderr, "\n"); n > 20 {
				t.Errorf("%d lines of errors", n)
			}
		})
	}
}
