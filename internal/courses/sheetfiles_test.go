package courses_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/importreport"
)

// readSheets reads a list of the school with the adapter sheet and returns the identifiers.
func readSheets(t *testing.T, s *school, options ...string) (string, importreport.Report, error) {
	t.Helper()
	options = append([]string{"adapter", "sheet", "column.identifier", "code", "column.title", "title"}, options...)
	for i := 1; i < len(options); i += 2 {
		options[i] = strings.ReplaceAll(options[i], "SITE", s.URL)
	}
	lectures, report, err := read(t.Context(), start(t, courses.Config{Pause: 1}), payload(options...))
	var found []string
	for _, lec := range lectures {
		found = append(found, strings.TrimSpace(lec.Identifier+" "+lec.Url))
	}
	return strings.ReplaceAll(strings.Join(found, ", "), s.URL, "SITE"), report, err
}

func TestSeveralFiles(t *testing.T) {
	s := newSchool(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/2026-2-grad.csv":
			fmt.Fprint(w, "code,title\nB1,달\n,\n")
		case "/2026-2.csv":
			fmt.Fprint(w, "title,code\n별,A1\n,A2\n")
		default:
			fmt.Fprint(w, "<html><title>없는 페이지</title></html>")
		}
	})
	got, report, err := readSheets(t, s, "url", "SITE/{year}-{term}.csv\n\n  SITE/{year}-{term}-grad.csv\n")
	if err != nil || got != "A1, B1" || report.Examples[0].Row != "file 1 row 3" {
		t.Errorf("got %s, report %+v, error %v", got, report, err)
	}
	_, _, err = readSheets(t, s, "url", "SITE/{year}-{term}.csv\nSITE/moved.csv")
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "file 2 of 2") || !strings.Contains(err.Error(), "없는 페이지") {
		t.Errorf("error %v, want FailedPrecondition for file 2", err)
	}
}

func TestPages(t *testing.T) {
	s := newSchool(t, func(w http.ResponseWriter, r *http.Request) {
		switch page := r.URL.Query().Get("page"); page {
		case "1", "2":
			fmt.Fprintf(w, `{"list": [{"code": "A%s", "title": "별"}, {"code": "B%s", "title": "달"}]}`, page, page)
		default:
			fmt.Fprint(w, `{"list": []}`)
		}
	})
	got, _, err := readSheets(t, s, "url", "SITE/list?page={page}", "pages", "1-9", "rows", "list")
	if err != nil || got != "A1, B1, A2, B2" {
		t.Errorf("got %s, error %v", got, err)
	}
	s.checkRequests(t, "GET /list?page=1", "GET /list?page=2", "GET /list?page=3")
	_, _, err = readSheets(t, s, "url", "SITE/list?page={page}", "pages", "1-2", "rows", "list")
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "raise option pages") {
		t.Errorf("more pages: error %v, want FailedPrecondition", err)
	}
	for _, options := range [][]string{
		{"url", "SITE/list", "pages", "1-2"}, {"url", "SITE/{page}"}, {"url", "SITE/{page}", "pages", "9-1"},
		{"url", "SITE/{page}", "pages", "1-100000"}, {"url", "SITE/{page}\nSITE/x{page}", "pages", "1-2"},
	} {
		if _, _, err = readSheets(t, s, options...); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%q: error %v, want InvalidArgument", options, err)
		}
	}
}

func TestSeveralSheets(t *testing.T) {
	book := excelize.NewFile()
	defer book.Close()
	for sheet, rows := range map[string][][]string{
		"안내":  {{"강의시간표 안내"}},
		"학부":  {{"code", "title"}, {"A1", "별"}},
		"대학원": {{"title", "code"}, {"달", "B1"}, {"해", ""}},
		"빈 표": nil,
	} {
		if _, err := book.NewSheet(sheet); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if err := book.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := book.DeleteSheet("Sheet1"); err != nil {
		t.Fatal(err)
	}
	for i, sheet := range []string{"안내", "학부", "대학원"} { // map order is random
		if err := book.MoveSheet(sheet, "빈 표"); err != nil {
			t.Fatal(i, err)
		}
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	s := newSchool(t, handler("application/octet-stream", file.Bytes()))
	got, report, err := readSheets(t, s, "url", "SITE", "sheet", "학부 | 대학원")
	if err != nil || got != "A1, B1" || report.Examples[0].Row != "sheet 대학원 row 3" {
		t.Errorf("got %s, report %+v, error %v", got, report, err)
	}
	for sheet, want := range map[string]string{
		"":          `sheet "안내" has no header with code, title; the most similar row is 강의시간표 안내; the sheets of the workbook are "안내", "학부", "대학원", "빈 표" (option sheet)`,
		"학부 | 안내":   `sheet "안내" has no header`,
		"학부 | 빈 표":  `sheet "빈 표" is empty`,
		"*":         `sheet "안내" has no header`,
		"학부 | 없는 표": `no sheet "없는 표" among "안내", "학부", "대학원", "빈 표"`,
	} {
		if _, _, err := readSheets(t, s, "url", "SITE", "sheet", sheet); status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), want) {
			t.Errorf("sheet %q: error %v, want %q", sheet, err, want)
		}
	}
}

// TestRelativeLinks checks that links are relative to where the page was found.
func TestRelativeLinks(t *testing.T) {
	s := newSchool(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/2026/list", http.StatusFound)
			return
		}
		fmt.Fprint(w, "<html><table><tr><td>code<td>title<td>plan<tr><td>A1<td>별<td><a href='view?id=1&section=2'>보기</a><tr><td>A2<td>달<td><a href='/view'>보기</a></table></html>")
	})
	got, _, err := readSheets(t, s, "url", "SITE/", "column.url", "plan", "url.link", "yes")
	if want := "A1 SITE/2026/view?id=1&section=2, A2 SITE/view"; err != nil || got != want {
		t.Errorf("got %s, error %v; want %s", got, err, want)
	}
}

// TestForeignFiles checks that the error names a file of another kind.
func TestForeignFiles(t *testing.T) {
	for body, want := range map[string]string{
		"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj":                                                       "sent a PDF document instead of csv, xlsx, xls, ods, html",
		"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n":                                   "sent a web archive (MHTML)",
		"<?xml version=\"1.0\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">": "sent an XML spreadsheet of Excel 2003",
	} {
		s := newSchool(t, handler("application/vnd.ms-excel", []byte(body)))
		if _, _, err := readSheets(t, s, "url", "SITE"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: error %v, want %q", body, err, want)
		}
	}
}
