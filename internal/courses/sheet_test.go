package courses

import (
	"testing"

	"heek.kr/heektime/internal/lecturespb"
)

// FuzzSheet reads arbitrary tables with arbitrary headers.
func FuzzSheet(f *testing.F) {
	f.Add("코드,이름,시간,학점\nG1,별,월3,3\n", "코드", "이름", "시간", "비고 contains ⓔ")
	f.Add("<table><tr><td>코드<td>이름<td>시간<tr><td>G1<td>별<td>월3,4</table>", "코드", "이름", "시간", "시간 is 월")
	f.Add("a\tb\n\"", "a", "b", "a", "a is b")
	f.Fuzz(func(t *testing.T, file, code, title, times, tag string) {
		options := map[string]string{"column.identifier": code, "column.title": title, "column.times": times, "times": "월3,4", "tag.x": tag}
		m, err := newSheetMapping(&request{options: options, periods: hourlyPeriods(15), semester: lecturespb.Semester_spring, year: 2026})
		if err != nil {
			return
		}
		l := newListBuilder(t.Context(), 100)
		rows := newSheetRows(m, l)
		for row, err := range (response{origin: "fuzz", data: []byte(file)}).tableRows(m.tableSpec) {
			if err != nil || !rows.read(row) {
				break
			}
		}
		if err := rows.finish(); err != nil {
			return
		}
		if r := l.report; r.Rows != r.Lectures+r.Merged+r.Skipped {
			t.Fatalf("rows are not accounted for: %+v", r)
		}
	})
}
