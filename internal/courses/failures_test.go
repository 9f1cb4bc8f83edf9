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

// export returns a list of an invented university in the format of Seoul National University.
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

// TestSchoolFailures checks that every failure of a school has a clear message and the right status
// code, accounts for its rows and sends no lectures. It is long because it is a table of all failures.
func TestSchoolFailures(t *testing.T) {
	complete := xlstest.FromStrings(export(300))
	badRows := export(300)
	for i := range 12 {
		badRows[20+i][10] = "월(11:00~"
	}
	renamedColumn := export(3)
	renamedColumn[2][5] = "과목"
	hijack := func(w http.ResponseWriter, response string) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, response)
		conn.Close()
	}
	page := "<!DOCTYPE html><html><head><title>서비스 점검 안내</title></head><body>점검 중입니다</body></html>"
	for _, test := range []struct {
		name    string
		school  http.HandlerFunc
		adapter string
		code    codes.Code
		want    []string
	}{
		{"connection closed without a response", func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") }, "snu-xls", codes.Unavailable, []string{"without a response"}},
		{"empty body", func(http.ResponseWriter, *http.Request) {}, "snu-xls", codes.Unavailable, []string{"empty response"}},
		{"random bytes", handler("application/vnd.ms-excel", []byte("\x01\x02\xfe\xff\x00\x9cnoise")), "snu-xls", codes.DataLoss, []string{"not xls", "01 02 fe ff"}},
		{"random bytes instead of JSON", handler("application/json", []byte("\x01\x02\xfe\xff\x00\x9cnoise")), "chungang", codes.DataLoss, []string{"not JSON"}},
		{"random bytes after a valid header", handler("application/vnd.ms-excel", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), bytes.Repeat([]byte{7}, 5000)...)), "snu-xls", codes.DataLoss, []string{"damaged"}},
		{"truncated file", handler("application/vnd.ms-excel", complete[:len(complete)/2]), "snu-xls", codes.DataLoss, []string{"damaged"}},
		{"fewer bytes than Content-Length", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(complete)))
			w.Write(complete[:len(complete)/2])
		}, "snu-xls", codes.Unavailable, []string{"closed the connection after", strconv.Itoa(len(complete) / 2)}},
		{"truncated chunk", func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf")
		}, "snu-xls", codes.Unavailable, []string{"closed the connection after 4 bytes"}},
		{"truncated gzip stream", func(w http.ResponseWriter, _ *http.Request) {
			var buf bytes.Buffer
			z := gzip.NewWriter(&buf)
			z.Write(complete)
			z.Close()
			w.Write(buf.Bytes()[:buf.Len()/2])
		}, "snu-xls", codes.DataLoss, []string{"gzip"}},
		{"truncated JSON", handler("application/json", []byte(`{"selectSust": [{"sbjtclss": "11111-01", "clssnm": "별`)), "chungang", codes.DataLoss, []string{"cut off"}},
		{"500", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oops", http.StatusInternalServerError) }, "snu-xls", codes.Unavailable, []string{"500 Internal Server Error"}},
		{"503", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "later", http.StatusServiceUnavailable) }, "snu-xls", codes.Unavailable, []string{"503"}},
		{"429", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "slower", http.StatusTooManyRequests) }, "snu-xls", codes.Unavailable, []string{"429"}},
		{"404", http.NotFound, "snu-xls", codes.FailedPrecondition, []string{"404 Not Found"}},
		{"error page with status 200", handler("text/html; charset=utf-8", []byte(page)), "snu-xls", codes.FailedPrecondition, []string{"서비스 점검 안내", "instead of xls"}},
		{"error page instead of JSON", handler("text/html", []byte(page)), "chungang", codes.FailedPrecondition, []string{"서비스 점검 안내", "instead of JSON"}},
		{"error text instead of JSON", handler("text/plain", []byte("session expired")), "chungang", codes.FailedPrecondition, []string{"session expired"}},
		{"unexpected JSON", handler("application/json", []byte(`{"result": [], "count": 0}`)), "chungang", codes.FailedPrecondition, []string{"count, result"}},
		{"unexpected JSON rows", handler("application/json", []byte(`{"selectSust": [{"subject": "별"}]}`)), "chungang", codes.FailedPrecondition, []string{"the first row has the fields subject"}},
		{"renamed column", handler("application/vnd.ms-excel", xlstest.FromStrings(renamedColumn)), "snu-xls", codes.FailedPrecondition, []string{"has no column", "교과목명", "교과목번호 | 강좌번호 | 과목 |"}},
		{"too many bad rows", handler("application/vnd.ms-excel", xlstest.FromStrings(badRows)), "snu-xls", codes.DataLoss, []string{"12 of 300 rows", "row 21", "월(11:00~"}},
		{"too many rows", handler("application/vnd.ms-excel", xlstest.FromStrings(export(3000))), "snu-xls", codes.ResourceExhausted, []string{"more than 1000 rows"}},
		{"too many bytes", handler("application/vnd.ms-excel", make([]byte, 2<<20)), "snu-xls", codes.ResourceExhausted, []string{"exceeds 1048576 bytes"}},
		{"too large Content-Length", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(100<<20))
		}, "snu-xls", codes.ResourceExhausted, []string{"exceeds 1048576 bytes"}},
		{"too many bytes after decompression", func(w http.ResponseWriter, _ *http.Request) {
			z := gzip.NewWriter(w)
			z.Write(make([]byte, 50<<20))
			z.Close()
		}, "snu-xls", codes.ResourceExhausted, []string{"exceeds 1048576 bytes"}},
		{"redirect loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) }, "snu-xls", codes.FailedPrecondition, []string{"redirects more than 5 times"}},
		{"redirect to a file", func(w http.ResponseWriter, r *http.Request) {
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
			for _, want := range append(test.want, strings.TrimPrefix(school.URL, "http://")) {
				if !strings.Contains(status.Convert(err).Message(), want) {
					t.Errorf("error does not contain %q: %v", want, err)
				}
			}
			if len(err.Error()) > 1500 {
				t.Errorf("error of %d bytes, want at most 1500", len(err.Error()))
			}
			if len(lectures) > 0 {
				t.Errorf("got %d lectures of a list that failed", len(lectures))
			}
			checkReport(t, report)
		})
	}
}

// TestSlowSchool checks that a school that trickles bytes cannot occupy the service forever. A timeout that
// ends before the request reaches the school, on a busy machine, proves nothing: the next one is longer.
func TestSlowSchool(t *testing.T) {
	reached, disconnected := make(chan struct{}, 100), make(chan struct{}, 100)
	school := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached <- struct{}{}
		defer func() { disconnected <- struct{}{} }()
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
	slow := payload("adapter", "snu-xls", "url", school.URL)
	for name, call := range map[string]func(timeout time.Duration) (want codes.Code, text string, err error){
		"the service's timeout": func(timeout time.Duration) (codes.Code, string, error) {
			_, _, err := read(t.Context(), start(t, courses.Config{Timeout: timeout}), slow)
			return codes.Unavailable, "too slow", err
		},
		"the caller's deadline": func(timeout time.Duration) (codes.Code, string, error) {
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			_, _, err := read(ctx, start(t, courses.Config{}), slow)
			return codes.DeadlineExceeded, "", err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for timeout := 100 * time.Millisecond; ; timeout *= 2 {
				want, text, err := call(timeout)
				select {
				case <-reached:
				default:
					continue
				}
				if status.Code(err) != want || !strings.Contains(err.Error(), text) {
					t.Errorf("error %v, want %v: %s", err, want, text)
				}
				<-disconnected // the service closes its connection to the school
				return
			}
		})
	}
}

// TestSchoolDown also checks that the error does not contain the query, which may be secret.
func TestSchoolDown(t *testing.T) {
	school := httptest.NewServer(http.NotFoundHandler())
	school.Close()
	_, _, err := read(t.Context(), start(t, courses.Config{}), payload("adapter", "snu-xls", "url", school.URL+"/?key=secret"))
	if status.Code(err) != codes.Unavailable || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v, want Unavailable without the query", err)
	}
}

// TestSomeBadRows checks that a few bad rows are reported and do not affect the others.
func TestSomeBadRows(t *testing.T) {
	rows := export(300)
	rows[3+7][10] = "월요일 오전"
	rows[3+8][5] = ""
	rows[3+9][18] = "폐강"
	rows[3+11] = rows[3+10]                                 // the same section again
	rows[3+21] = append([]string(nil), rows[3+20]...)       // the same section with another title
	rows[3+21][5], rows[3+21][10] = "다른 강의", "화(9:00~9:50)" //
	school := httptest.NewServer(handler("application/vnd.ms-excel", xlstest.FromStrings(rows)))
	defer school.Close()
	lectures, report := mustRead(t, start(t, courses.Config{}), payload("adapter", "snu-xls", "url", school.URL))
	if report.Rows != 300 || len(lectures) != 295 || report.Merged != 1 || report.Skipped != 4 {
		t.Errorf("report %+v, want 300 rows, 295 lectures, 1 merged, 4 skipped", report)
	}
	for i, want := range []struct{ row, reason string }{
		{"row 11", "월요일 오전"}, {"row 12", "no title"}, {"row 13", "cancelled"}, {"row 25", `already the identifier of "별 보기의 기초 2"`},
	} {
		if e := report.Examples[i]; e.Row != want.row || !strings.Contains(e.Reason, want.reason) || !strings.Contains(e.Text, "G00") {
			t.Errorf("example %d is %+v, want %v", i, e, want)
		}
	}
}

// TestInvalidRequest is long because it is a table of all mistakes in a request.
func TestInvalidRequest(t *testing.T) {
	client := start(t, courses.Config{})
	for _, test := range []struct {
		name    string
		options []string
		want    []string
	}{
		{"no adapter", nil, []string{"snu-xls, snu-html, mju-json, korea, chungang, sheet"}},
		{"unknown adapter", []string{"adapter", "kaist"}, []string{`"kaist"`, "snu-xls"}},
		{"unknown option", []string{"adapter", "mju-json", "url", "https://school.example/x", "path", "/x"}, []string{`no option "path"`, "url"}},
		{"misspelt option", []string{"adapter", "sheet", "url", "http://a", "column.identifer", "code"}, []string{"did you mean column.identifier?"}},
		{"misspelt adapter", []string{"adapter", "sheets"}, []string{"did you mean sheet?"}},
		{"missing option", []string{"adapter", "mju-json"}, []string{"mju-json requires option url"}},
		{"duplicated option", []string{"adapter", "mju-json", "url", "http://a", "url", "http://b"}, []string{`"url" is duplicated`}},
		{"value that is not allowed", []string{"adapter", "snu-xls", "request", "soap"}, []string{"current, 2013, plain"}},
		{"URL without a scheme", []string{"adapter", "mju-json", "url", "school.example/list"}, []string{"https://"}},
		{"unsupported scheme", []string{"adapter", "mju-json", "url", "ftp://school.example/list"}, []string{"https://"}},
		{"URL with a password", []string{"adapter", "mju-json", "url", "https://me:secret@school.example/"}, []string{"login"}},
		{"file: URL without FilesRoot", []string{"adapter", "mju-json", "url", "file:///etc/passwd"}, []string{"not allowed"}},
		{"sheet without an example of times", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "column.times", "c"}, []string{"requires option times"}},
		{"sheet with a meaningless example", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "column.times", "c", "times", "오전"}, []string{"one weekday and one time"}},
		{"sheet with an invalid rule", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "tag.영강", "비고에 ⓔ"}, []string{"HEADER contains TEXT"}},
		{"sheet with an unknown charset", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "charset", "한글"}, []string{"charset"}},
		{"sheet with a long delimiter", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "delimiter", "::"}, []string{"delimiter"}},
		{"sheet with a header row of zero", []string{"adapter", "sheet", "url", "http://a", "column.identifier", "a", "column.title", "b", "header.row", "0"}, []string{"header.row"}},
		{"pages without an address", []string{"adapter", "snu-html"}, []string{"pages or url"}},
		{"relative page without a base URL", []string{"adapter", "snu-html", "pages", "문학 = a.htm"}, []string{"https://"}},
		{"too few words for terms", []string{"adapter", "mju-json", "url", "http://a/{term}", "terms", "1 2"}, []string{"four"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := read(t.Context(), client, payload(test.options...))
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("error %v, want InvalidArgument", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error does not contain %q: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error contains the password: %v", err)
			}
		})
	}
	req := payload("adapter", "mju-json", "url", "http://a")
	req.Year = 0
	if _, _, err := read(t.Context(), client, req); status.Code(err) != codes.InvalidArgument {
		t.Errorf("year 0: %v", err)
	}
}

// TestFilesRoot checks that file: URLs stay below FilesRoot, even through symbolic links.
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

func TestNewRejectsNegativeLimits(t *testing.T) {
	if _, err := courses.New(courses.Config{MaxRows: -1}); err == nil {
		t.Error("New accepted a negative limit")
	}
}
