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

// guide reads docs/add-a-school.md.
func guide(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/add-a-school.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// example returns the guide's first code block in a language.
func example(t testing.TB, language string) string {
	t.Helper()
	_, rest, begins := strings.Cut(guide(t), "\n```"+language+"\n")
	text, _, ends := strings.Cut(rest, "```\n")
	if !begins || !ends {
		t.Fatalf("the guide has no code block in %s", language)
	}
	return text
}

// TestGuideWithoutCode reads the guide's CSV file with the guide's school file.
func TestGuideWithoutCode(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/courses/2026-2.csv" {
			t.Errorf("request for %s", r.URL)
		}
		w.Write([]byte(example(t, "csv")))
	}))
	defer site.Close()
	schoolFile := strings.Replace(example(t, "yaml"), "https://www.gaon.example", site.URL, 1)
	file, err := school.Parse(strings.NewReader(schoolFile), os.LookupEnv)
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
	l := readList(t, nil, req)
	if l.report.Rows != 3 || l.report.Lectures != 2 || l.report.Skipped != 1 {
		t.Fatalf("report %+v, want 3 rows, 2 lectures, 1 skipped", l.report)
	}
	first, second := l.lectures[0], l.lectures[1]
	const want = "0 660-770 별관 401+2 660-770 별관 402; 4 810-860 별관 101"
	if got := formatMeetings([]meeting{first.Times, second.Times}); got != want {
		t.Errorf("times %q, want %q", got, want)
	}
	if first.Identifier != "STAR101-01" || first.Credit != 3 || first.HoursPerWeek != 4 || len(first.Metas) != 1 || len(second.Metas) != 0 || second.Professor != "" {
		t.Errorf("lectures %v", l.lectures)
	}
}

// TestGuideAdapter runs the guide's adapter, which is also in gaon_test.go.
func TestGuideAdapter(t *testing.T) {
	source, err := os.ReadFile("gaon_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if _, code, _ := strings.Cut(string(source), ")\n\n"); code != example(t, "go") {
		t.Error("the adapter in docs/add-a-school.md differs from gaon_test.go; copy one over the other")
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() != "/api/lectures?year=2026&term=2&campus=east" {
			t.Errorf("request for %s", r.URL)
		}
		w.Write([]byte(`[{"code": "STAR101", "section": "01", "title": "별 보기", "professor": "미정", "credit": 3, "times": "월(3-4) 별관 401"}]`))
	}))
	defer site.Close()
	l := readList(t, []adapter{gaon()}, &lecturespb.GetLecturesPayload{
		Year: 2026, Semester: lecturespb.Semester_fall,
		Periods: []*lecturespb.Period{{Period: 3, TimeBegin: 660, TimeEnd: 710}, {Period: 4, TimeBegin: 720, TimeEnd: 770}},
		Options: []*lecturespb.GetLecturesPayload_Option{
			{Key: "adapter", Value: "gaon"}, {Key: "url", Value: site.URL}, {Key: "campus", Value: "east"},
		},
	})
	if len(l.lectures) != 1 || formatMeetings([]meeting{l.lectures[0].Times}) != "0 660-770 별관 401" {
		t.Errorf("lectures %v", l.lectures)
	}
}

// TestGuideListsSheetOptions checks that the guide explains every option of the adapter sheet with an
// example that the adapter accepts.
func TestGuideListsSheetOptions(t *testing.T) {
	examples := map[string]string{}
	for line := range strings.Lines(guide(t)) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(cells) != 5 {
			continue
		}
		key := strings.Trim(cells[1], " `")
		example := strings.ReplaceAll(strings.Trim(cells[2], " `"), "\x00", "|")
		if name, value, ok := strings.Cut(example, ": "); ok && strings.HasSuffix(key, "NAME") {
			key, example = name, value
		}
		examples[key] = example
	}
	for _, o := range sheet().options {
		key, example := o.key, examples[o.key]
		for k, v := range examples {
			if strings.HasSuffix(o.key, ".") && strings.HasPrefix(k, o.key) {
				key, example = k, v
			}
		}
		if example == "" {
			t.Errorf("docs/add-a-school.md does not give an example of option %s", o.key)
			continue
		}
		options := map[string]string{"url": "https://www.gaon.example", "column.identifier": "학수번호", "column.title": "교과목명"}
		for prefix, needed := range map[string]string{"column.times": "times", "column.room": "times", "times": "column.times", "url.link": "column.url", "pattern.": "column.credit"} {
			if strings.HasPrefix(key, prefix) {
				options[needed] = examples[needed]
			}
		}
		if key == "column.room" || strings.HasPrefix(key, "times.") {
			options["column.times"], options["times"] = "강의시간", "월 11:00~12:15"
		}
		if key == "times.days" {
			options["times"] = "M 11:00-12:15"
		}
		if key == "pages" {
			options["url"] += "/{page}"
		}
		options[key] = example
		r := &request{options: options, periods: hourlyPeriods(15), year: 2026, semester: lecturespb.Semester_fall}
		if err := sheet().checkOptions(options); err != nil {
			t.Error(err)
		}
		if _, err := newSheetMapping(r); err != nil {
			t.Errorf("example of option %s: %v", key, err)
		}
		if _, err := sheetFiles(r); err != nil {
			t.Errorf("example of option %s: %v", key, err)
		}
	}
}

// TestGuideMappings reads the guide's lists with the mappings below them.
func TestGuideMappings(t *testing.T) {
	for language, want := range map[string]string{
		"text": "STAR 101 Stars; ; 1; 0 600-675 East Hall 401+2 600-675 East Hall 401+4 780-830 East Hall 402; \nSTAR 102 Moons; ; 3; ; \n",
		"json": "STAR101 Stars; ; 3; 0 600-675 401+2 780-830 402; \nSTAR102 Moons; ; 2; ; \n",
	} {
		list := example(t, language)
		_, rest, _ := strings.Cut(guide(t), list)
		_, mapping, _ := strings.Cut(rest, "```yaml\n")
		mapping, _, _ = strings.Cut(mapping, "```\n")
		l, err := readTable(t, list, "url: file:///x\n"+strings.ReplaceAll(mapping, `"`, ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := formatList(l); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", language, got, want)
		}
	}
}

// readList reads a list, with the given adapters instead of the service's own unless they are nil.
func readList(t *testing.T, adapters []adapter, req *lecturespb.GetLecturesPayload) *listBuilder {
	t.Helper()
	s, err := New(Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if adapters != nil {
		s.adapters = adapters
	}
	l := newListBuilder(t.Context(), 100)
	if err := s.read(context.Background(), req, l); err != nil {
		t.Fatal(err)
	}
	return l
}
