package courses_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/importreport"
	"heek.kr/heektime/internal/lecturespb"
	schoolfile "heek.kr/heektime/internal/school"
)

// outcome is what reading one list came to.
type outcome struct {
	lectures []*lecturespb.Lecture
	report   importreport.Report
	err      error // of the school file or of the list
}

// timesOf formats a lecture's times as "WEEKDAY BEGIN-END ROOM", with "; " between them.
func timesOf(lec *lecturespb.Lecture) string {
	var times []string
	for _, m := range lec.GetTimes() {
		times = append(times, strings.TrimSpace(fmt.Sprintf("%d %d-%d %s", m.Weekday, m.TimeBegin, m.TimeEnd, m.Room)))
	}
	return strings.Join(times, "; ")
}

// lecture returns the lecture with an identifier, an empty one if there is none.
func (o outcome) lecture(identifier string) *lecturespb.Lecture {
	for _, lec := range o.lectures {
		if lec.Identifier == identifier {
			return lec
		}
	}
	return &lecturespb.Lecture{}
}

// The checks below return what is wrong, "" if nothing is.

func meets(identifier, want string) func(outcome) string {
	return func(o outcome) string {
		if got := timesOf(o.lecture(identifier)); got != want {
			return fmt.Sprintf("%s meets %q, want %q", identifier, got, want)
		}
		return ""
	}
}

func counts(lectures, skipped int) func(outcome) string {
	return func(o outcome) string {
		if len(o.lectures) != lectures || o.report.Skipped != skipped {
			return fmt.Sprintf("%d lectures, %d rows skipped, want %d and %d", len(o.lectures), o.report.Skipped, lectures, skipped)
		}
		return ""
	}
}

func fails(want string) func(outcome) string {
	return func(o outcome) string {
		if o.err == nil || !strings.Contains(o.err.Error(), want) {
			return fmt.Sprintf("error %v, want one with %q", o.err, want)
		}
		return ""
	}
}

func field(identifier, want string, get func(*lecturespb.Lecture) any) func(outcome) string {
	return func(o outcome) string {
		if got := fmt.Sprint(get(o.lecture(identifier))); got != want {
			return fmt.Sprintf("%s has %s, want %s", identifier, got, want)
		}
		return ""
	}
}

func either(checks ...func(outcome) string) func(outcome) string {
	return func(o outcome) string {
		var problems []string
		for _, check := range checks {
			problem := check(o)
			if problem == "" {
				return ""
			}
			problems = append(problems, problem)
		}
		return strings.Join(problems, "; and ")
	}
}

func both(checks ...func(outcome) string) func(outcome) string {
	return func(o outcome) string {
		var problems []string
		for _, check := range checks {
			if problem := check(o); problem != "" {
				problems = append(problems, problem)
			}
		}
		return strings.Join(problems, "; ")
	}
}

func credit(lec *lecturespb.Lecture) any    { return lec.Credit }
func professor(lec *lecturespb.Lecture) any { return lec.Professor }
func title(lec *lecturespb.Lecture) any     { return lec.Name }
func link(lec *lecturespb.Lecture) any      { return lec.Url }

// faults are the right outcomes of the lists, by folder.
var faults = map[string]func(outcome) string{
	"01-times-lost-slash-days-no-room":      meets("T00-01", "1 600-675; 3 600-675"),
	"03-times-lost-comma-separator-no-room": meets("T00-01", "0 660-770"),
	"04-csv-quote-at-start-of-field": either(
		both(field("STAR102-01", `"빅데이터" 분석`, title), field("STAR102-01", "김하나", professor),
			field("STAR102-01", "3", credit), meets("STAR102-01", "0 660-770 별관 402"), counts(7, 0)),
		both(field("STAR102-01", "", title), counts(6, 1))),
	"05-csv-unmatched-quote-swallows-rows": either(counts(342, 1), counts(343, 0), func(o outcome) string {
		if o.err == nil {
			return fmt.Sprintf("no error; report %+v", o.report)
		}
		return ""
	}),
	"06-professor-doubled-on-merge": both(field("STAR101-01", "나별이, 김하나", professor),
		meets("STAR101-01", "0 660-770 별관 401; 2 660-710 별관 402")),
	"07-half-period-at-the-end-cut":         meets("T00-01", "2 780-920"),
	"09-p.m.-becomes-room":                  meets("T00-01", "1 1200-1310 Hall 3"),
	"10-entity-like-url-parameter-csv":      field("STAR101-01", "https://x.example/view?year=2026&section=01&region=3&times=2", link),
	"12-xls-number-format-zeros":            either(field("00101-001", "3", credit), counts(0, 1)),
	"14-xlsx-merged-cells-second-meeting":   func(o outcome) string { return meetsOn(o.lecture("STAR101-01"), 0, 2) },
	"16-second-clock-of-a-day-becomes-room": meets("T00-01", "0 600-650 별관 1; 0 660-710 별관 1"),
	"18-room-with-slash":                    meets("T00-01", "0 660-770 전산관/101"),
	"19-xlsx-formula-without-result": func(o outcome) string {
		for _, lec := range o.lectures {
			if lec.Credit != 3 {
				return fmt.Sprintf("%s has %v credits, want 3", lec.Identifier, lec.Credit)
			}
		}
		return ""
	},
	"20-utf8-one-cut-character": either(counts(199, 1), fails("row 8")),
	"22-xlsx-chartsheet-first":  func(o outcome) string { return meetsOn(o.lecture("STAR101-01"), 0) },
	"23-hours-cost-the-lecture": counts(10, 0),
	"24-cr-line-ends":           either(counts(4, 0), fails("line")),
	"25-decimal-comma":          field("STAR101-01", "2.5", credit),
	"28-ods-called-damaged":     either(fails("OpenDocument"), fails(": ods:")),
	"30-cron-never-fires":       fails("0 0 30 2 *"),
	"31-no-semesters":           either(fails("no semesters"), fails("semesters is empty")),
	"32-second-yaml-document":   fails("document"),
	"34-which-column-is-gone":   fails("강의시각"),
	"35-retry-after-ignored":    nil, // no list; the fetcher's own tests cover it
	"29-one-merged-lecture-fails-the-list": both(either(counts(101, 0), counts(100, 20)), func(o outcome) string {
		if p := o.lecture("STAR101-01").Professor; len([]rune(p)) > 500 {
			return fmt.Sprintf("the professors take %d characters", len([]rune(p)))
		}
		return ""
	}),
}

// meetsOn checks only the weekdays of a lecture.
func meetsOn(lec *lecturespb.Lecture, weekdays ...int32) string {
	var got []int32
	for _, m := range lec.Times {
		got = append(got, m.Weekday)
	}
	if fmt.Sprint(got) != fmt.Sprint(weekdays) {
		return fmt.Sprintf("%q meets on weekdays %v, want %v", lec.Identifier, got, weekdays)
	}
	return ""
}

// TestFaults reads the collected lists that were once read wrongly. They are not part of the
// repository.
func TestFaults(t *testing.T) {
	dir := sharedPath(t, "faults", "courses")
	folders, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	client := start(t, courses.Config{FilesRoot: "/"})
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		t.Run(folder.Name(), func(t *testing.T) {
			check, known := faults[folder.Name()]
			if !known {
				t.Fatal("the test does not say what is right for this list")
			}
			if check == nil {
				t.Skip("nothing to read")
			}
			o := readFault(t, client, filepath.Join(dir, folder.Name()))
			if problem := check(o); problem != "" {
				t.Errorf("%s\n(error %v, report %+v)", problem, o.err, o.report)
			}
		})
	}
}

// readFault reads the list in a folder as its school file says.
func readFault(t *testing.T, client lecturespb.LecturesClient, dir string) (o outcome) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "schools.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	schoolFile := strings.ReplaceAll(string(text), "HERE", filepath.ToSlash(dir))
	file, err := schoolfile.Parse(strings.NewReader(schoolFile), os.LookupEnv)
	if err != nil {
		return outcome{err: err}
	}
	sch := file.Schools[0]
	req := &lecturespb.GetLecturesPayload{Year: 2026, Semester: lecturespb.Semester_fall, SchoolId: sch.ID}
	req.Options = options("adapter", sch.Source.Adapter)
	for key, value := range sch.Source.Options {
		req.Options = append(req.Options, options(key, value)...)
	}
	for _, p := range sch.Periods {
		req.Periods = append(req.Periods, &lecturespb.Period{Period: int32(p.Period), TimeBegin: int32(p.TimeBegin), TimeEnd: int32(p.TimeEnd)})
	}
	o.lectures, o.report, o.err = read(t.Context(), client, req)
	if o.err == nil {
		checkReport(t, o.report)
	}
	return o
}
