//go:build !race

// The race detector multiplies memory and time, so these measurements exclude it.

package courses_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/xuri/excelize/v2"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/courses/spreadsheet/bombtest"
	"heek.kr/heektime/internal/courses/spreadsheet/xlstest"
	"heek.kr/heektime/internal/lecturespb"
)

// largeFiles returns a list of 10,000 rows in every format of the adapter sheet. Half of the texts
// differ in every row.
func largeFiles(t testing.TB) map[string][]byte {
	t.Helper()
	rows := export(10_000)
	for i, row := range rows[3:] {
		row[3], row[4] = fmt.Sprintf("G%04d.101", i/10), fmt.Sprintf("%03d", i%10)
		row[5], row[13], row[16] = fmt.Sprintf("별 보기의 기초와 실제 %d", i), fmt.Sprintf("나별이 %d", i), fmt.Sprintf("수강 안내는 %d번 게시물에 있습니다", i)
	}
	book := excelize.NewFile()
	defer book.Close()
	stream, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		cells := make([]any, len(row))
		for j, c := range row {
			cells[j] = c
		}
		if err := stream.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Flush(); err != nil {
		t.Fatal(err)
	}
	var xlsx bytes.Buffer
	if err := book.Write(&xlsx); err != nil {
		t.Fatal(err)
	}
	table := new(bytes.Buffer)
	table.WriteString("<html><table>")
	for _, row := range rows {
		table.WriteString("<tr>")
		for _, c := range row {
			fmt.Fprintf(table, "<td>%s&nbsp;</td>", c)
		}
		table.WriteString("</tr>\n")
	}
	table.WriteString("</table></html>")
	return map[string][]byte{"ods": largeODS(t, rows), "xls": xlstest.FromStrings(rows), "xlsx": xlsx.Bytes(), "csv": []byte(csvOf(rows, ",")), "html": table.Bytes()}
}

func largeODS(t testing.TB, rows [][]string) []byte {
	t.Helper()
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for _, name := range []string{"mimetype", "content.xml"} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		if name == "mimetype" {
			fmt.Fprint(w, "application/vnd.oasis.opendocument.spreadsheet")
			continue
		}
		fmt.Fprint(w, "<office:document-content><office:body><office:spreadsheet><table:table table:name=\"A\">")
		for _, row := range rows {
			fmt.Fprint(w, "<table:table-row>")
			for _, c := range row {
				fmt.Fprintf(w, "<table:table-cell><text:p>%s</text:p></table:table-cell>", c)
			}
			fmt.Fprint(w, "</table:table-row>")
		}
		fmt.Fprint(w, "</table:table></office:spreadsheet></office:body></office:document-content>")
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func largeRequest(url string) *lecturespb.GetLecturesPayload {
	return payload("adapter", "sheet", "url", url, "column.identifier", "교과목번호", "column.section", "강좌번호", "column.title", "교과목명",
		"column.subtitle", "부제명", "column.professor", "주담당교수", "column.credit", "학점", "column.times", "수업교시", "column.room", "강의실",
		"column.category", "교과구분, 개설학과, 학년", "times", "월(11:00~12:15)", "tag.영강", "강의언어 is 영어 | 비고 contains ⓔ")
}

// TestMemory checks that a list of 10,000 rows takes less than 100 MB in every format, including
// garbage, the client, and the lectures it receives.
func TestMemory(t *testing.T) {
	client := start(t, courses.Config{})
	files := largeFiles(t)
	for _, format := range []string{"xls", "xlsx", "ods", "csv", "html"} {
		t.Run(format, func(t *testing.T) {
			school := httptest.NewServer(handler("application/octet-stream", files[format]))
			defer school.Close()
			var got int
			peak := bombtest.HeapPeak(func() {
				lectures, _ := mustRead(t, client, largeRequest(school.URL))
				got = len(lectures)
			})
			if got != 10_000 {
				t.Errorf("got %d lectures, want 10,000", got)
			}
			t.Logf("%s file of %.1f MB: peak of %.0f MB", format, float64(len(files[format]))/1e6, float64(peak)/1e6)
			if peak > 100e6 {
				t.Errorf("peak of %.0f MB, want less than 100 MB", float64(peak)/1e6)
			}
		})
	}
}

// BenchmarkGetLectures reads whole lists, with HTTP to the school and gRPC to the client.
func BenchmarkGetLectures(b *testing.B) {
	run := func(name string, cfg courses.Config, req func(b *testing.B) *lecturespb.GetLecturesPayload) {
		b.Run(name, func(b *testing.B) {
			client := start(b, cfg)
			payload := req(b)
			b.ReportAllocs()
			var lectures int
			for b.Loop() {
				list, _, err := read(b.Context(), client, payload)
				if err != nil {
					b.Fatal(err)
				}
				lectures = len(list)
			}
			b.ReportMetric(float64(lectures), "lectures")
		})
	}
	run("snu-xls", courses.Config{FilesRoot: "/"}, func(b *testing.B) *lecturespb.GetLecturesPayload {
		return payload("adapter", "snu-xls", "url", fileURL(catalog(b, "snu-xls", snuSecond)))
	})
	run("snu-html", courses.Config{FilesRoot: "/"}, func(b *testing.B) *lecturespb.GetLecturesPayload {
		base, pages, _ := snuPages(b)
		return payload("adapter", "snu-html", "url", base, "pages", pages)
	})
	run("mju-json", courses.Config{FilesRoot: "/"}, func(b *testing.B) *lecturespb.GetLecturesPayload {
		return payload("adapter", "mju-json", "url", fileURL(catalog(b, "mju-json", "lectures-2025-20.json.gz")))
	})
	files := largeFiles(b)
	for _, format := range []string{"csv", "html", "xls", "xlsx"} {
		school := httptest.NewServer(handler("application/octet-stream", files[format]))
		defer school.Close()
		run("10,000 rows of "+format, courses.Config{}, func(*testing.B) *lecturespb.GetLecturesPayload {
			return largeRequest(school.URL)
		})
	}
}
