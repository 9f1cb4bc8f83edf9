package schooltry

import (
	"fmt"
	"strings"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/importreport"
	"heek.kr/heektime/internal/lecturespb"
)

func lecture(id string, times ...*lecturespb.Lecture_LectureTime) *lecturespb.Lecture {
	return &lecturespb.Lecture{Identifier: id, Name: "별 보기의 기초", Times: times}
}

func at(day, begin, end int32) *lecturespb.Lecture_LectureTime {
	return &lecturespb.Lecture_LectureTime{Weekday: day, TimeBegin: begin, TimeEnd: end}
}

func TestWeek(t *testing.T) {
	var out strings.Builder
	writeWeek(&out, []*lecturespb.Lecture{
		lecture("A", at(0, 660, 770)), lecture("B", at(0, 660, 720), at(2, 780, 830)), lecture("C"),
	})
	const want = `
week: 3 meetings by hour, 1 lecture without any
       Mon       Tue       Wed       Thu       Fri
  11   ████ 2    ·         ·         ·         ·
  12   ██   1    ·         ·         ·         ·
  13   ·         ·         ██   1    ·         ·
`
	if out.String() != want {
		t.Errorf("week\n%s\nwant\n%s", out.String(), want)
	}
}

// TestGroups checks that rows are grouped by kind of reason, and that each shows its own.
func TestGroups(t *testing.T) {
	p := &courses.Preview{}
	for i := range 20 {
		p.Skipped = append(p.Skipped, importreport.SkippedRow{Row: fmt.Sprint("row ", i+2), Reason: fmt.Sprintf("time %q cannot be read", "월"+strings.Repeat("요", i)), Text: "A1"})
	}
	p.Skipped = append(p.Skipped, importreport.SkippedRow{Row: "row 40", Reason: "no title", Text: "B1"})
	var out strings.Builder
	writeSkipped(&out, p)
	for _, want := range []string{"20× time … cannot be read", `row 2: time "월" cannot be read: A1`, "also rows 5, 6, 7", "1× no title", "row 40: B1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("missing %q in\n%s", want, out.String())
		}
	}
}

// TestFitsTheTerminal checks that nothing in a list makes a line longer than 80 columns.
func TestFitsTheTerminal(t *testing.T) {
	long := strings.Repeat("가나다라 마바사 ", 40)
	p := &courses.Preview{Report: importreport.Report{Rows: 9_999_999, Lectures: 9_999_999, Bytes: 1 << 30}}
	columns := courses.Table{Origin: "file x"}
	for i := range 60 {
		columns.Found = append(columns.Found, courses.FoundColumn{Key: "category." + fmt.Sprint(i), Header: long[:60]})
		columns.Unused = append(columns.Unused, long[:90])
		p.Skipped = append(p.Skipped, importreport.SkippedRow{Row: "row 1", Reason: strings.Repeat("x", i+1) + long, Text: long})
	}
	p.Tables = []courses.Table{columns}
	l := lecture(long)
	l.Professor, l.Category = long, []string{long, long}
	for i := range 50 {
		l.Times = append(l.Times, at(int32(i%7), int32(i*20), int32(i*20+50)))
	}
	for range 20_000 {
		p.Lectures = append(p.Lectures, l)
	}
	var out strings.Builder
	Write(&out, p)
	for line := range strings.Lines(out.String()) {
		if n := table.Width(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("line of %d columns: %s", n, line)
		}
	}
	if n := strings.Count(out.String(), "\n"); n > 150 {
		t.Errorf("%d lines", n)
	}
}

func TestPublishable(t *testing.T) {
	if err := Publishable(nil); err == nil {
		t.Error("an empty list is publishable")
	}
	if err := Publishable([]*lecturespb.Lecture{lecture("A1")}); err != nil {
		t.Error(err)
	}
	bad := lecture("A1")
	bad.Professor = strings.Repeat("가", 501)
	if err := Publishable([]*lecturespb.Lecture{bad}); err == nil {
		t.Error("a professor of 501 characters is publishable")
	}
}
