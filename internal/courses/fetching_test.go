package courses_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/courses/spreadsheet/bombtest"
)

const tinyList = "code,title\nA1,별 보기\n"

func tinyRequest(url string) []string {
	return []string{"adapter", "sheet", "url", url, "column.identifier", "code", "column.title", "title"}
}

// TestRetryAfter checks that a school that asks to be left alone for long gets no second request, and
// that the caller learns how long.
func TestRetryAfter(t *testing.T) {
	date := time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name       string
		code       int
		retryAfter string
		want       time.Duration
		ok         bool
	}{
		{"seconds", 429, "120", 2 * time.Minute, true},
		{"seconds of an overloaded server", 503, "3600", time.Hour, true},
		{"date", 503, date.Add(10 * time.Minute).Format(http.TimeFormat), 10 * time.Minute, true},
		{"date in the old format", 503, date.Add(10 * time.Minute).Format(time.RFC850), 10 * time.Minute, true},
		{"too many requests", 429, "", time.Minute, true},
		{"nonsense", 429, "soon", time.Minute, true},
		{"forever", 503, "99999999999999999999", 0, false},
		{"a year", 503, "31536000", 24 * time.Hour, true},
		{"overflow", 503, "9223372036854775807", 24 * time.Hour, true},
		{"overloaded server", 503, "", 0, false},
		{"negative", 503, "-5", 0, false},
		{"other error", 500, "120", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var requests atomic.Int32
			school := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				w.Header().Set("Date", date.Format(http.TimeFormat))
				if c.retryAfter != "" {
					w.Header().Set("Retry-After", c.retryAfter)
				}
				w.WriteHeader(c.code)
				fmt.Fprint(w, "<html><title>접속자가 많습니다</title>")
			}))
			defer school.Close()
			_, _, err := read(t.Context(), start(t, courses.Config{}), payload(tinyRequest(school.URL)...))
			if status.Code(err) != codes.Unavailable || requests.Load() != 1 || !strings.Contains(err.Error(), "접속자가 많습니다") {
				t.Errorf("%d requests, error %v; want one request, Unavailable and the page's title", requests.Load(), err)
			}
			if wait, ok := courses.RetryDelay(err); wait != c.want || ok != c.ok {
				t.Errorf("delay %v, %v, want %v, %v", wait, ok, c.want, c.ok)
			}
		})
	}
}

// TestShortRetryAfter checks that the service waits itself if a school asks for a moment, and gives up
// after a few times.
func TestShortRetryAfter(t *testing.T) {
	for _, c := range []struct{ refusals, requests int32 }{{2, 3}, {100, 4}} {
		var requests atomic.Int32
		school := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if requests.Add(1) <= c.refusals {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			fmt.Fprint(w, tinyList)
		}))
		lectures, _, err := read(t.Context(), start(t, courses.Config{}), payload(tinyRequest(school.URL)...))
		if ok := c.refusals == 2; requests.Load() != c.requests || (err == nil) != ok || ok && len(lectures) != 1 {
			t.Errorf("%d refusals: %d requests, %d lectures, error %v; want %d requests", c.refusals, requests.Load(), len(lectures), err, c.requests)
		}
		school.Close()
	}
}

// TestRedirectToLogin checks that the error says where the list went.
func TestRedirectToLogin(t *testing.T) {
	sso := httptest.NewServer(handler("text/html", []byte("<!doctype html><title>통합 로그인</title>")))
	defer sso.Close()
	school := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, sso.URL+"/sso/start?ticket=secret", http.StatusFound)
	}))
	defer school.Close()
	_, _, err := read(t.Context(), start(t, courses.Config{}), payload(tinyRequest(school.URL+"/courses/list.csv")...))
	from, to := strings.TrimPrefix(school.URL, "http://")+"/courses/list.csv", strings.TrimPrefix(sso.URL, "http://")+"/sso/start"
	for _, want := range []string{from, "redirected to " + to, "통합 로그인", "require a login"} {
		if !strings.Contains(status.Convert(err).Message(), want) {
			t.Errorf("error does not contain %q: %v", want, err)
		}
	}
	if status.Code(err) != codes.FailedPrecondition || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v, want FailedPrecondition without the query", err)
	}
}

// TestFailedPageIsNamed checks that the error says which of several pages failed.
func TestFailedPageIsNamed(t *testing.T) {
	school := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("p") == "2" {
			http.Error(w, "gone", http.StatusNotFound)
			return
		}
		fmt.Fprint(w, "<html><table><tr>"+strings.Join([]string{"<td>교과목번호<td>강좌번호<td>교과목명<td>학점-강의-실습<td>교과구분<td>교시<td>강의실<td>담당교수"}, "")+"</table></html>")
	}))
	defer school.Close()
	_, _, err := read(t.Context(), start(t, courses.Config{}),
		payload("adapter", "snu-html", "url", school.URL, "pages", "문학과 예술 = ?p=1\n역사와 철학 = ?p=2"))
	if err == nil || !strings.Contains(err.Error(), "of 2 (") {
		t.Errorf("error %v does not say which page failed", err)
	}
}

// TestUnrequestedEncoding checks that a school that compresses as nobody asked it to is not called
// damaged.
func TestUnrequestedEncoding(t *testing.T) {
	school := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		w.Write([]byte("\x0b\x02\x80"))
	}))
	defer school.Close()
	_, _, err := read(t.Context(), start(t, courses.Config{}), payload(tinyRequest(school.URL)...))
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "content encoding br") {
		t.Errorf("error %v, want one that names the encoding", err)
	}
}

// TestInvalidByteIsNamed checks that a list in another charset than the option says fails with the
// place of the first byte that does not fit.
func TestInvalidByteIsNamed(t *testing.T) {
	school := httptest.NewServer(handler("text/csv", []byte("code,title\nA1,\xba\xb0\n")))
	defer school.Close()
	_, _, err := read(t.Context(), start(t, courses.Config{}), payload(append(tinyRequest(school.URL), "charset", "utf-8")...))
	if err == nil || !strings.Contains(err.Error(), "byte 0xba at position 14 (line 2)") {
		t.Errorf("error %v does not name the byte", err)
	}
}

// TestBombs reads files that take a careless reader gigabytes or minutes, with the adapter that suits
// them. Package spreadsheet measures the memory of its own readers.
func TestBombs(t *testing.T) {
	client := start(t, courses.Config{})
	for _, bomb := range bombtest.All(bombtest.Size) {
		adapter := []string{"adapter", "mju-json"}
		if bomb.Format != "json" {
			adapter = append(tinyRequest(""), "column.times", "times", "times", "월3 | 월(11:00~12:15)")
		}
		if bomb.Format != "json" && bomb.Format != "csv" {
			continue
		}
		t.Run(bomb.Format+" "+bomb.Name, func(t *testing.T) {
			data := bombtest.Gzip(bomb.Data())
			school := httptest.NewServer(handler("application/octet-stream", data))
			defer school.Close()
			req := payload(adapter...)
			for _, o := range options("url", school.URL) {
				if bomb.Format == "json" {
					req.Options = append(req.Options, o)
				}
			}
			for _, o := range req.Options {
				if o.GetKey() == "url" {
					o.Value = school.URL
				}
			}
			var err error
			peak := bombtest.HeapPeak(func() { _, _, err = read(t.Context(), client, req) })
			t.Logf("%d bytes, %.0f MB: %.150v", len(data), float64(peak)/1e6, err)
			empty := bomb.Name == "blank lines" // a list without rows
			if peak > 200e6 || err == nil && !empty {
				t.Errorf("peak of %.0f MB, error %v; want at most 200 MB and an error", float64(peak)/1e6, err)
			}
		})
	}
}

// TestCallerGone checks that the service stops reading a long list when nobody waits for it any more.
func TestCallerGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	school := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		fmt.Fprint(w, tinyList+strings.Repeat("A1,별 보기\n", 1_000_000))
	}))
	defer school.Close()
	_, _, err := read(ctx, start(t, courses.Config{MaxRows: 10_000_000}), payload(tinyRequest(school.URL)...))
	if status.Code(err) != codes.Canceled {
		t.Errorf("error %v, want Canceled", err)
	}
}
