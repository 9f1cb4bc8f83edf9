package courses_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/courses/spreadsheet/xlstest"
)

// export is a list in the shape of Seoul National University's, of a university that does not exist.
func export(rows int) [][]string {
	list := [][]string{
		{"강좌검색"}, {"년도 : 2026학년도"},
		{"교과구분", "개설학과", "학년", "교과목번호", "강좌번호", "교과목명", "부제명", "학점", "강의", "실습", "수업교시", "수업형태", "강의실(동-호)", "주담당교수", "정원", "수강신청인원", "비고", "강의언어", "개설상태"},
	}
	for i := range rows {
		list = append(list, []string{"전선", "별학과", "2학년", fmt.Sprintf("G%03d.101", i/10), fmt.Sprintf("%03d", i%10), "별 보기의 기초 " + strconv.Itoa(i/10), "", "3", "3", "0",
			"월(11:00~12:15)/수(11:00~12:15)", "이론/이론", "001-101/001-101", "나별이", "20", strconv.Itoa(i), "", "한국어", "설강"})
	}
	return list
}

// handler answers every request with the same bytes.
func handler(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Write(body)
	}
}

// TestSchoolFails: whatever a school answers, the failure is clear, has the right code, accounts for its rows and sends no lectures.
func TestSchoolFails(t *testing.T) {
	whole := xlstest.Text(export(300))
	dirty := export(300)
	for i := range 12 {
		dirty[20+i][10] = "월(11:00~"
	}
	moved := export(3)
	moved[2][5] = "과목"
	hijack := func(w http.ResponseWriter, answer string) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, answer)
		conn.Close()
	}
	page := "<!DOCTYPE html><html><head><title>서비스 점검 안내</title></head><body>점검 중입니다</body></html>"
	for _, test := range []struct {
		name    string
		school  http.HandlerFunc
		adapter string
		code    codes.Code
		says    []string
	}{
		{"nothing: the connection closes", func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") }, "snu-xls", codes.Unavailable, []string{"without an answer"}},
		{"nothing: an empty body", func(http.ResponseWriter, *http.Request) {}, "snu-xls", codes.Unavailable, []string{"answered with nothing"}},
		{"garbage", handler("application/vnd.ms-excel", []byte("\x01\x02\xfe\xff\x00\x9cnoise")), "snu-xls", codes.DataLoss, []string{"no xls", "01 02 fe ff"}},
		{"garbage instead of JSON", handler("application/json", []byte("\x01\x02\xfe\xff\x00\x9cnoise")), "chungang", codes.DataLoss, []string{"no JSON"}},
		{"garbage behind a good head", handler("application/vnd.ms-excel", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), bytes.Repeat([]byte{7}, 5000)...)), "snu-xls", codes.DataLoss, []string{"damaged"}},
		{"half a file", handler("application/vnd.ms-excel", whole[:len(whole)/2]), "snu-xls", codes.DataLoss, []string{"damaged"}},
		{"half of what was announced", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(whole)))
			w.Write(whole[:len(whole)/2])
		}, "snu-xls", codes.Unavailable, []string{"broke off after", strconv.Itoa(len(whole) / 2)}},
		{"half a chunk", func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf")
		}, "snu-xls", codes.Unavailable, []string{"broke off after 4 bytes"}},
		{"half a gzip stream", func(w http.ResponseWriter, _ *http.Request) {
			var buf bytes.Buffer
			z := gzip.NewWriter(&buf)
			z.Write(whole)
			z.Close()
			w.Write(buf.Bytes()[:buf.Len()/2])
		}, "snu-xls", codes.DataLoss, []string{"gzip"}},
		{"half a JSON text", handler("application/json", []byte(`{"selectSust": [{"sbjtclss": "11111-01", "clssnm": "별`)), "chungang", codes.DataLoss, []string{"breaks off"}},
		{"500", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oops", http.StatusInternalServerError) }, "snu-xls", codes.Unavailable, []string{"500 Internal Server Error"}},
		{"503", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "later", http.StatusServiceUnavailable) }, "snu-xls", codes.Unavailable, []string{"503"}},
		{"429", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "slower", http.StatusTooManyRequests) }, "snu-xls", codes.Unavailable, []string{"429"}},
		{"404", http.NotFound, "snu-xls", codes.FailedPrecondition, []string{"404 Not Found"}},
		{"an error page with 200", handler("text/html; charset=utf-8", []byte(page)), "snu-xls", codes.FailedPrecondition, []string{"서비스 점검 안내", "instead of xls"}},
		{"an error page instead of JSON", handler("text/html", []byte(page)), "chungang", codes.FailedPrecondition, []string{"서비스 점검 안내", "instead of JSON"}},
		{"an error text instead of JSON", handler("text/plain", []byte("session expired")), "chungang", codes.FailedPrecondition, []string{"session expired"}},
		{"JSON of another shape", handler("application/json", []byte(`{"result": [], "count": 0}`)), "chungang", codes.FailedPrecondition, []string{"count, result"}},
		{"JSON rows of another shape", handler("application/json", []byte(`{"selectSust": [{"subject": "별"}]}`)), "chungang", codes.FailedPrecondition, []string{"the first has subject"}},
		{"a header that changed", handler("application/vnd.ms-excel", xlstest.Text(moved)), "snu-xls", codes.FailedPrecondition, []string{"no header with", "교과목명", "교과목번호 | 강좌번호 | 과목 |"}},
		{"too many bad rows", handler("application/vnd.ms-excel", xlstest.Text(dirty)), "snu-xls", codes.DataLoss, []string{"12 of 300 rows", "row 21", "월(11:00~"}},
		{"too many rows", handler("application/vnd.ms-excel", xlstest.Text(export(3000))), "snu-xls", codes.ResourceExhausted, []string{"more than 1000 rows"}},
		{"too many bytes", handler("application/vnd.ms-excel", make([]byte, 2<<20)), "snu-xls", codes.ResourceExhausted, []string{"more than 1048576 bytes"}},
		{"too many bytes, announced", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(100<<20))
		}, "snu-xls", codes.ResourceExhausted, []string{"more than 1048576 bytes"}},
		{"a file that unpacks to too many bytes", func(w http.ResponseWriter, _ *http.Request) {
			z := gzip.NewWriter(w)
			z.Write(make([]byte, 50<<20))
			z.Close()
		}, "snu-xls", codes.ResourceExhausted, []string{"more than 1048576 bytes"}},
		{"redirects in a circle", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) }, "snu-xls", codes.FailedPrecondition, []string{"redirects more than 5 times"}},
		{"a redirect to a file", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		}, "snu-xls", codes.FailedPrecondition, []string{"redirects from http to file"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			school := httptest.NewServer(test.school)
			defer school.Close()
			client := start(t, courses.Config{MaxBytes: 1 << 20, MaxRows: 1000})
			lectures, report, err := read(t.Context(), client, payload("adapter", test.adapter, "url", school.URL))
			if got := status.Code(err); got != test.code {
				t.Errorf("code %s, want %s: %v", got, test.code, err)
			}
			for _, says := range append(test.says, strings.TrimPrefix(school.URL, "http://")) {
				if !strings.Contains(status.Convert(err).Message(), says) {
					t.Errorf("error does not say %q: %v", says, err)
				}
			}
			if len(err.Error()) > 1500 {
				t.Errorf("error of %d bytes does not fit on a screen", len(err.Error()))
			}
			if len(lectures) > 0 {
				t.Errorf("%d lectures of a list that failed", len(lectures))
			}
			accounted(t, report)
		})
	}
}

// TestSlowSchool: a byte now and then does not hold the service for ever.
func TestSlowSchool(t *testing.T) {
	gone := make(chan struct{}, 2)
	school := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { gone <- struct{}{} }()
		for {
			if _, err := w.Write([]byte("x")); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(time.Millisecond):
			}
		}
	}))
	defer school.Close()
	t.Run("our patience ends", func(t *testing.T) {
		client := start(t, courses.Config{Timeout: 100 * time.Millisecond})
		_, _, err := read(t.Context(), client, payload("adapter", "snu-xls", "url", school.URL))
		if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "too slow") {
			t.Errorf("error %v, want Unavailable: too slow", err)
		}
		<-gone
	})
	t.Run("the caller's patience ends", func(t *testing.T) {
		client := start(t, courses.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, _, err := read(ctx, client, payload("adapter", "snu-xls", "url", school.URL))
		if status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("error %v, want DeadlineExceeded", err)
		}
		<-gone // and the school is not asked any further
	})
}

func TestSchoolIsDown(t *testing.T) {
	school := httptest.NewServer(http.NotFoundHandler())
	school.Close()
	_, _, err := read(t.Context(), start(t, courses.Config{}), payload("adapter", "snu-xls", "url", school.URL+"/?key=secret"))
	if status.Code(err) != codes.Unavailable || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v, want Unavailable without the query", err)
	}
}

// TestSomeBadRows: a few rows that can't be read are named, and cost themselves only.
func TestSomeBadRows(t *testing.T) {
	rows := export(300)
	rows[3+7][10] = "월요일 오전"
	rows[3+8][5] = ""
	rows[3+9][18] = "폐강"
	rows[3+11] = rows[3+10]                                 // the same section twice
	rows[3+21] = append([]string(nil), rows[3+20]...)       // the same section under another title
	rows[3+21][5], rows[3+21][10] = "다른 강의", "화(9:00~9:50)" //
	school := httptest.NewServer(handler("application/vnd.ms-excel", xlstest.Text(rows)))
	defer school.Close()
	lectures, report := mustRead(t, start(t, courses.Config{}), payload("adapter", "snu-xls", "url", school.URL))
	if report.Rows != 300 || len(lectures) != 295 || report.Merged != 1 || report.Skipped != 4 {
		t.Errorf("%+v", report)
	}
	for i, want := range []struct{ row, reason string }{
		{"row 11", "월요일 오전"}, {"row 12", "no title"}, {"row 13", "cancelled"}, {"row 25", `is "별 보기의 기초 2" already`},
	} {
		if e := report.Examples[i]; e.Row != want.row || !strings.Contains(e.Reason, want.reason) || !strings.Contains(e.Text, "G00") {
			t.Errorf("example %d is %+v, want %v", i, e, want)
		}
	}
}

func TestRequest(t *testing.T) {
	client := start(t, courses.Config{})
	for _, test := range []struct {
		name    string
		options []string
		says    []string
	}{
		{"no adapter", nil, []string{"snu-xls, snu-html, mju-json, korea, chungang, sheet"}},
		{"unknown adapter", []string{"adapter", "kaist"}, []string{`"kaist"`, "snu-xls"}},
		{"unknown option", []string{"adapter", "mju-json", "url", "https://school.example/x", "path", "/x"}, []string{`no option "path"`, "url"}},
		{"missing option", []string{"adapter", "mju-json"}, []string{"mju-json needs option url"}},
		{"option twice", []string{"adapter", "mju-json", "url", "http://a", "url", "http://b"}, []string{`"url" is given twice`}},
		{"value that is not allowed", []string{"adapter", "snu-xls", "request", "soap"}, []string{"current, 2013, plain"}},
		{"address without a scheme", []string{"adapter", "mju-json", "url", "school.example/list"}, []string{"https://"}},
		{"address of another scheme", []string{"adapter", "mju-json", "url", "ftp://school.example/list"}, []string{"https://"}},
		{"address with a password", []string{"adapter", "mju-json", "url", "https://me:secret@school.example/"}, []string{"login"}},
		{"file where none is allowed", []string{"adapter", "mju-json", "url", "file:///etc/passwd"}, []string{"not allowed"}},
		{"sheet without a pattern of times", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "column.times", "c"}, []string{"needs option times"}},
		{"sheet with a pattern that says nothing", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "column.times", "c", "times", "오전"}, []string{"one weekday and one time"}},
		{"sheet with a rule that is none", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "tag.영강", "비고에 ⓔ"}, []string{"HEADER contains TEXT"}},
		{"sheet with an unknown charset", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "charset", "한글"}, []string{"charset"}},
		{"sheet with a long delimiter", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "delimiter", "::"}, []string{"delimiter"}},
		{"sheet with a header row of zero", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "header.row", "0"}, []string{"header.row"}},
		{"pages without an address", []string{"adapter", "snu-html"}, []string{"pages or url"}},
		{"relative page without a base", []string{"adapter", "snu-html", "pages", "문학 = a.htm"}, []string{"https://"}},
		{"term words that are too few", []string{"adapter", "mju-json", "url", "http://a/{term}", "terms", "1 2"}, []string{"four"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := read(t.Context(), client, payload(test.options...))
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("error %v, want InvalidArgument", err)
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("error does not say %q: %v", says, err)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error tells a secret: %v", err)
			}
		})
	}
	req := payload("adapter", "mju-json", "url", "http://a")
	req.Year = 0
	if _, _, err := read(t.Context(), client, req); status.Code(err) != codes.InvalidArgument {
		t.Errorf("year 0: %v", err)
	}
}

// TestFilesRoot: file: addresses stay below the folder that was set, also through links.
func TestFilesRoot(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	list := []byte(`[{"curinum": "G1", "coursecls": "1", "curinm": "별", "lecttime": null, "cdtnum": "3", "profnm": null}]`)
	for _, file := range []string{filepath.Join(dir, "list.json"), filepath.Join(outside, "list.json")} {
		if err := os.WriteFile(file, list, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(outside, "list.json"), filepath.Join(dir, "link.json")); err != nil {
		t.Fatal(err)
	}
	client := start(t, courses.Config{FilesRoot: dir})
	for _, test := range []struct {
		path string
		code codes.Code
	}{
		{filepath.Join(dir, "list.json"), codes.OK},
		{filepath.Join(dir, "absent.json"), codes.FailedPrecondition},
		{dir, codes.FailedPrecondition},
		{filepath.Join(outside, "list.json"), codes.FailedPrecondition},
		{dir + "/../" + filepath.Base(outside) + "/list.json", codes.FailedPrecondition},
		{filepath.Join(dir, "link.json"), codes.FailedPrecondition},
	} {
		_, _, err := read(t.Context(), client, payload("adapter", "mju-json", "url", "file://"+test.path))
		if status.Code(err) != test.code {
			t.Errorf("%s: %v, want %s", test.path, err, test.code)
		}
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	if _, err := courses.New(courses.Config{MaxRows: -1}); err == nil {
		t.Error("New took a negative bound")
	}
}
