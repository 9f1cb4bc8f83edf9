package courses

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/school"
)

// TestGuide does what docs/add-a-school.md says, with its own examples.
func TestGuide(t *testing.T) {
	data, err := os.ReadFile("../../docs/add-a-school.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(data)
	block := func(language string) string {
		_, rest, found := strings.Cut(guide, "\n```"+language+"\n")
		text, _, ended := strings.Cut(rest, "```\n")
		if !found || !ended {
			t.Fatalf("no example in %s", language)
		}
		return text
	}
	t.Run("without code", func(t *testing.T) {
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/courses/2026-2.csv" {
				t.Errorf("asked for %s", r.URL)
			}
			w.Write([]byte(block("csv")))
		}))
		defer site.Close()
		file, err := school.Parse(strings.NewReader(strings.Replace(block("yaml"), "https://www.gaon.example", site.URL, 1)), os.LookupEnv)
		if err != nil {
			t.Fatal(err)
		}
		gaon := file.Schools[0]
		req := &lecturespb.GetLecturesPayload{
			Year: int32(gaon.Semesters[0].Year), Semester: gaon.Semesters[0].Term.Proto(),
			Options: []*lecturespb.GetLecturesPayload_Option{{Key: "adapter", Value: gaon.Source.Adapter}},
		}
		for key, value := range gaon.Source.Options {
			req.Options = append(req.Options, &lecturespb.GetLecturesPayload_Option{Key: key, Value: value})
		}
		for _, p := range gaon.Periods {
			req.Periods = append(req.Periods, &lecturespb.Period{Period: int32(p.Period), TimeBegin: int32(p.TimeBegin), TimeEnd: int32(p.TimeEnd)})
		}
		l := readAll(t, nil, req)
		if l.report.Rows != 3 || l.report.Lectures != 2 || l.report.Skipped != 1 {
			t.Fatalf("%+v", l.report)
		}
		first, second := l.lectures[0], l.lectures[1]
		if got := write([]meeting{first.Times, second.Times}); got != "0 660-770 별관 401+2 660-770 별관 402; 4 810-860 별관 101" {
			t.Errorf("times %q", got)
		}
		if first.Identifier != "STAR101-01" || first.Credit != 3 || first.HoursPerWeek != 4 || len(first.Metas) != 1 || len(second.Metas) != 0 || second.Professor != "" {
			t.Errorf("lectures %v", l.lectures)
		}
	})
	t.Run("in code", func(t *testing.T) {
		source, err := os.ReadFile("gaon_test.go")
		if err != nil {
			t.Fatal(err)
		}
		if _, code, _ := strings.Cut(string(source), ")\n\n"); code != block("go") {
			t.Error("the adapter in docs/add-a-school.md is not the one in gaon_test.go")
		}
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.String() != "/api/lectures?year=2026&term=2&campus=east" {
				t.Errorf("asked for %s", r.URL)
			}
			w.Write([]byte(`[{"code": "STAR101", "section": "01", "title": "별 보기", "professor": "미정", "credit": 3, "times": "월(3-4) 별관 401"}]`))
		}))
		defer site.Close()
		l := readAll(t, []adapter{gaon()}, &lecturespb.GetLecturesPayload{
			Year: 2026, Semester: lecturespb.Semester_fall, Periods: []*lecturespb.Period{{Period: 3, TimeBegin: 660, TimeEnd: 710}, {Period: 4, TimeBegin: 720, TimeEnd: 770}},
			Options: []*lecturespb.GetLecturesPayload_Option{{Key: "adapter", Value: "gaon"}, {Key: "url", Value: site.URL}, {Key: "campus", Value: "east"}},
		})
		if len(l.lectures) != 1 || write([]meeting{l.lectures[0].Times}) != "0 660-770 별관 401" {
			t.Errorf("lectures %v", l.lectures)
		}
	})
	for _, a := range adapters() {
		if a.name != "sheet" {
			continue
		}
		for _, o := range a.options {
			if key := strings.TrimSuffix(o.key, "."); !strings.Contains(guide, "`"+key) {
				t.Errorf("the guide does not name option %s", o.key)
			}
		}
	}
}

// readAll reads a list with other adapters than the service's own, if any are given.
func readAll(t *testing.T, others []adapter, req *lecturespb.GetLecturesPayload) *list {
	t.Helper()
	s, err := New(Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if others != nil {
		s.adapters = others
	}
	l := newList(100)
	if err := s.read(context.Background(), req, l); err != nil {
		t.Fatal(err)
	}
	return l
}
