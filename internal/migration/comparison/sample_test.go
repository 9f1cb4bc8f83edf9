package comparison_test

import (
	"testing"

	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/schema"
)

// A semester that is hidden on the new side is missing there for a reason; one that has no document is just missing.
func TestHiddenSemesters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, olddata.Config{Users: 3, Clean: true})
	w.exec("INSERT INTO schools VALUES ('hidden_school', '숨은학교')")
	w.exec("INSERT INTO semesters VALUES ('hidden_school/2019-1학기', 'hidden_school', 2019, '1학기'), ('hidden_school/2019-2학기', 'hidden_school', 2019, '2학기')," +
		"('hidden_school/2018-1학기', 'hidden_school', 2018, '1학기'), ('odd', 'hidden_school', 2018, '2학기'), ('hidden_school/2018-방학', 'hidden_school', 2018, '방학')")
	for id, status := range map[schema.SemesterID]schema.SemesterStatus{"2019-0300": schema.StatusHidden, "2019-0900": schema.StatusNormal, "2018-0900": schema.StatusHidden} {
		_, err := schema.SemesterRef(w.client, "hidden_school", id).Set(t.Context(), schema.Semester{Year: 2019, Status: status}.Fields())
		w.must(err)
	}
	s, err := comparison.Sample(t.Context(), w.old, w.client, 3)
	w.must(err)
	if got := s.Explain("", "hidden_school", "school.name"); got != "" {
		t.Errorf("a name that is the same on both sides is explained by %q", got)
	}
	_, err = schema.SchoolRef(w.client, "hidden_school").Set(t.Context(), schema.School{Name: "다른 이름"}.Fields())
	w.must(err)
	s, err = comparison.Sample(t.Context(), w.old, w.client, 3)
	w.must(err)
	for id, want := range map[string]bool{
		"hidden_school/2019-1학기": true, "hidden_school/2019-2학기": false, "hidden_school/2018-1학기": false, "odd": true,
		"hidden_school/2018-2학기": true, "hidden_school/2018-방학": true, "hidden_school/2017-1학기": false,
	} {
		if got := s.Explain("u", "t", "timetable.semester.school.name"); got == "" {
			t.Error("another name of a school is not explained")
		}
		if got := s.Explain("", id, "semester"); (got != "") != want {
			t.Errorf("%s: explained by %q, want an explanation: %v", id, got, want)
		}
	}
}
