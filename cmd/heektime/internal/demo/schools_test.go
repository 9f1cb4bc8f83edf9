package demo_test

import (
	"fmt"
	"strings"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/demo"
	"heek.kr/heektime/internal/school"
	"heek.kr/heektime/internal/semester"
)

// TestSchoolFileMatchesUniversity checks that the server has every semester of the school file and that
// the file has every period in which classes meet.
func TestSchoolFileMatchesUniversity(t *testing.T) {
	s := start(t, 1, 100)
	s.openSearch(t)
	file, err := school.Parse(strings.NewReader(demo.SchoolFile()), func(name string) (string, bool) {
		return s.url, name == demo.URLVariable
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Schools) != 1 || len(file.Schools[0].Semesters) != 3 {
		t.Fatalf("got %+v, want one school with three semesters", file)
	}
	university := file.Schools[0]
	if got := university.Source.Options["url"]; got != s.url {
		t.Errorf("url is %q, want %q", got, s.url)
	}
	codes := map[semester.Term]string{semester.First: "1R", semester.Summer: "1S", semester.Second: "2R", semester.Winter: "2W"}
	for _, sem := range university.Semesters {
		if !strings.HasPrefix(string(sem.ID), fmt.Sprint(sem.Year)) {
			t.Errorf("%s is not an ID of the year %d", sem.ID, sem.Year)
		}
		s.list(t, fmt.Sprint(sem.Year), codes[sem.Term])
	}
	periods := map[int]bool{}
	for _, p := range university.Periods {
		periods[p.Period] = true
	}
	for p := 1; p <= 8; p++ { // the periods that TestRowFormat allows
		if !periods[p] {
			t.Errorf("classes meet in period %d, which is not in the school file", p)
		}
	}
}
