package courses_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/lecturespb"
)

// sheetColumns maps the columns of the lists in this file.
var sheetColumns = []string{
	"adapter", "sheet", "column.identifier", "코드", "column.title", "이름", "column.professor", "교수", "column.credit", "학점",
	"column.times", "시간", "column.room", "강의실",
}

// readSheet reads a list of rows with the columns code, title, professor, credit, times and room.
func readSheet(t *testing.T, rows [][]string, more ...string) outcome {
	t.Helper()
	s := newSchool(t, handler("text/csv", []byte(csvOf(append([][]string{{"코드", "이름", "교수", "학점", "시간", "강의실"}}, rows...), ","))))
	req := payload(slices.Concat([]string{"url", s.URL}, sheetColumns, more)...)
	for n := range int32(12) {
		req.Periods = append(req.Periods, &lecturespb.Period{Period: n, TimeBegin: (8 + n) * 60, TimeEnd: (8+n)*60 + 50})
	}
	var o outcome
	o.lectures, o.report, o.err = read(t.Context(), start(t, courses.Config{}), req)
	checkReport(t, o.report)
	return o
}

// TestSheetCells reads lists of one or two rows and compares one lecture. It is long because it is a
// table of what cells contain.
func TestSheetCells(t *testing.T) {
	for _, test := range []struct {
		name    string
		options []string
		rows    [][]string
		want    string // professor, credit, times; or the reason of the skipped row after "! "
	}{
		{"days with a slash and no room", []string{"times", "Mon 10:00-11:15"},
			[][]string{{"A", "별", "나별이", "3", "Mon/Wed 9:00-9:50", ""}}, "나별이 3 0 540-590; 2 540-590"},
		{"separator that is part of a meeting", []string{"times", "월3,4", "room.separator", ","},
			[][]string{{"A", "별", "", "3", "월3,4,수5", "101,102"}}, " 3 0 660-770 101; 2 780-830 102"},
		{"slash in the room of one meeting", []string{"times", "월3,4"},
			[][]string{{"A", "별", "", "3", "월3,4", "별관/401/402"}}, " 3 0 660-770 별관/401/402"},
		{"slash in the room of all meetings", []string{"times", "월3,4", "room.separator", "none"},
			[][]string{{"A", "별", "", "3", "월3,4/수5", "별관/401"}}, " 3 0 660-770 별관/401; 2 780-830 별관/401"},
		{"fewer rooms than meetings", []string{"times", "월3,4"},
			[][]string{{"A", "별", "", "3", "월3/수4/금5", "101/102"}}, "! 2 rooms for 3 meetings"},
		{"more rooms than meetings", []string{"times", "월3,4"},
			[][]string{{"A", "별", "", "3", "월3/수4", "101/102/103"}}, "! 3 rooms for 2 meetings"},
		{"no room for the first meeting", []string{"times", "월3,4"},
			[][]string{{"A", "별", "", "3", "월3/수4", "/102"}}, " 3 0 660-710; 2 720-770 102"},
		{"rooms on lines", []string{"times", "월3,4"},
			[][]string{{"A", "별", "", "3", "월3\n\n수4\n금5", "101\n\n\n103"}}, " 3 0 660-710 101; 2 720-770; 4 780-830 103"},
		{"line break at the end", []string{"times", "월3,4"},
			[][]string{{"A", "별", "", "3", "월3\n수4\n", "101\n102"}}, " 3 0 660-710 101; 2 720-770 102"},
		{"one room on one of two lines", []string{"times", "월3,4"},
			[][]string{{"A", "별", "", "3", "월3\n수4", "\n102"}}, "! 1 room for 2 meetings"},
		{"professors of two rows", []string{"times", "월3,4"},
			[][]string{{"A", "별", "나별이\n김하나", "3", "월3", "101"}, {"A", "별", "김하나\n이두리", "3", "수4", "102"}},
			"나별이, 김하나, 이두리 3 0 660-710 101; 2 720-770 102"},
		{"professors with a comma in each name", []string{"times", "월3,4"},
			[][]string{{"A", "별", "Byeol, N\nHana, K", "3", "월3", ""}, {"A", "별", "Hana, K\nDuri, K", "3", "수4", ""}},
			"Byeol, N, Hana, K, Duri, K 3 0 660-710; 2 720-770"},
		{"the same professor for each meeting", []string{"times", "월3,4"},
			[][]string{{"A", "별", "나별이\n나별이", "3", "월3/수4", ""}}, "나별이 3 0 660-710; 2 720-770"},
		{"professors with semicolons", []string{"times", "월3,4"},
			[][]string{{"A", "별", "Byeol, N; Hana, K", "3", "월3", ""}, {"A", "별", "Hana, K", "3", "수4", ""}}, "Byeol, N; Hana, K 3 0 660-710; 2 720-770"},
		{"professors on one line", []string{"times", "월3,4"},
			[][]string{{"A", "별", "나별이, 김하나", "3", "월3", ""}, {"A", "별", "김하나,나별이", "3", "수4", ""}}, "나별이, 김하나 3 0 660-710; 2 720-770"},
		{"professors in the cell of times", []string{"times", "월3,4 강의실(교수)"},
			[][]string{{"A", "별", "나별이", "3", "월3 101(나별이)/수4 102(김하나)", ""}}, "나별이, 김하나 3 0 660-710 101; 2 720-770 102"},
		{"own placeholders", []string{"times", "월3,4", "placeholders", "STAFF, 별도 공지"},
			[][]string{{"A", "별", "Staff", "3", "월3/별도공지", "별도 공지/102"}}, " 3 0 660-710"},
		{"credits in a sentence", []string{"times", "월3,4", "credit.number", "last"},
			[][]string{{"A", "별", "", "1 TO 4 hours.", "", ""}}, " 4 "},
		{"decimal comma", []string{"times", "월3,4"}, [][]string{{"A", "별", "", "2,5", "", ""}}, " 2.5 "},
		{"comma that could be anything", []string{"times", "월3,4"}, [][]string{{"A", "별", "", "3,2", "", ""}}, "! option decimal"},
		{"comma between numbers", []string{"times", "월3,4", "decimal", "."}, [][]string{{"A", "별", "", "3,2", "", ""}}, " 3 "},
		{"remark", []string{"times", "월3,4", "times.ignore", "(외부)"}, [][]string{{"A", "별", "", "3", "월3(외부)", ""}}, " 3 0 660-710"},
		{"unknown remark", []string{"times", "월3,4"}, [][]string{{"A", "별", "", "3", "월3(외부)", ""}}, `! from character 3, "(외부)"`},
		{"entity without a semicolon", []string{"times", "월3,4"}, [][]string{{"A", "별", "R&Duri &amp; 나", "3", "", ""}}, "R&Duri & 나 3 "},
		{"decomposed Hangul", []string{"times", "월3,4"}, [][]string{{"A", "별", "\u1102\u1161\u1107\u1167\u11af", "3", "\u110b\u116f\u11af3", ""}}, "나별 3 0 660-710"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := readSheet(t, append(test.rows, []string{"B", "달", "", "1", "", ""}, []string{"C", "해", "", "1", "", ""}), test.options...)
			if o.err != nil {
				t.Fatal(o.err)
			}
			if want, skipped := strings.CutPrefix(test.want, "! "); skipped {
				if o.report.Skipped != 1 || !strings.Contains(o.report.Examples[0].Reason, want) {
					t.Errorf("report %+v, want the reason %q", o.report, want)
				}
				return
			}
			lec := o.lecture("A")
			if got := fmt.Sprintf("%s %v %s", lec.Professor, lec.Credit, timesOf(lec)); got != test.want {
				t.Errorf("got %q, want %q (report %+v)", got, test.want, o.report)
			}
		})
	}
}

// TestOversizedLecture checks that a lecture that grows beyond the bounds costs only itself.
func TestOversizedLecture(t *testing.T) {
	var rows [][]string
	for i := range 120 {
		rows = append(rows, []string{"T", "졸업연구", fmt.Sprintf("지도교수 %d", i), "3", "", ""})
		rows = append(rows, []string{fmt.Sprintf("G%d", i), "별", "", "3", "월3", ""})
	}
	o := readSheet(t, rows, "times", "월3,4")
	if o.err != nil {
		t.Fatal(o.err)
	}
	if len(o.lectures) != 120 || o.report.Lectures != 120 || o.report.Skipped != 120 || o.report.Merged != 0 {
		t.Errorf("report %+v, want 120 lectures, 120 rows skipped", o.report)
	}
	if e := o.report.Examples[0]; e.Row != "row 2" || !strings.Contains(e.Reason, "T has too many rows for one lecture: professor is longer") {
		t.Errorf("first skipped row %+v, want row 2 and the bound", e)
	}
	if o.lecture("T").Name != "" {
		t.Error("the oversized lecture is in the list")
	}
}

// TestInvalidCellOptions checks the errors of the options for cells.
func TestInvalidCellOptions(t *testing.T) {
	for _, test := range []struct {
		options []string
		want    string
	}{
		{[]string{"times", "MWF 10:00-10:50"}, "option times.days"},
		{[]string{"times", "월3,4", "times.days", "M T W"}, "3 words, but a week has seven days"},
		{[]string{"times", "월3,4", "times.days", "M T W T F S S"}, `"T" stands for two days`},
		{[]string{"times", "월3,4", "times.clock", "13"}, "24, 12 or, for example, 12 from 8:00"},
		{[]string{"times", "월 13:30 강의실"}, "its end or its length"},
		{[]string{"times", "월 1 2 3 강의실"}, "a character between them"},
		{[]string{"times", "월3,4", "decimal", ";"}, "must be one of ., ,"},
		{[]string{"times", "월3,4", "credit.number", "first"}, "credit.number"},
	} {
		o := readSheet(t, nil, test.options...)
		if status.Code(o.err) != codes.InvalidArgument || !strings.Contains(o.err.Error(), test.want) {
			t.Errorf("%q: error %v, want InvalidArgument with %q", test.options, o.err, test.want)
		}
	}
}
