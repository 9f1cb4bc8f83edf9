package demo_test

import (
	"fmt"
	"strings"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/demo"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/school"
)

// TestSchoolFileFitsTheUniversity holds the file that people copy to its own server: every semester of it is open there,
// and no class is held outside its periods.
func TestSchoolFileFitsTheUniversity(t *testing.T) {
	s := open(t, 1, 100)
	s.enter(t)
	file, err := school.Parse(strings.NewReader(demo.SchoolFile()), func(name string) (string, bool) {
		return s.address, name == demo.URLVariable
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Schools) != 1 || len(file.Schools[0].Semesters) != 3 {
		t.Fatalf("%+v", file)
	}
	university := file.Schools[0]
	if got := university.Source.Options["url"]; got != s.address {
		t.Errorf("url is %q, want %q", got, s.address)
	}
	codes := map[schema.Term]string{schema.FirstTerm: "1R", schema.SummerTerm: "1S", schema.SecondTerm: "2R", schema.WinterTerm: "2W"}
	for _, sem := range university.Semesters {
		if !strings.HasPrefix(string(sem.ID), fmt.Sprint(sem.Year)) {
			t.Errorf("%s is not of %d", sem.ID, sem.Year)
		}
		s.list(t, fmt.Sprint(sem.Year), codes[sem.Term])
	}
	known := map[int]bool{}
	for _, p := range university.Periods {
		known[p.Period] = true
	}
	for p := 1; p <= 8; p++ { // the periods that TestRowsAreOfTheSourcesShape allows
		if !known[p] {
			t.Errorf("classes are held in period %d, which the school file does not know", p)
		}
	}
}
