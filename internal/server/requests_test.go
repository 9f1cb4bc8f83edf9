package server

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/logging/logtest"
	"heek.kr/heektime/internal/logline"
)

func TestLogRequests(t *testing.T) {
	var log logtest.Lines
	handler := LogRequests(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fails":
			w.WriteHeader(http.StatusServiceUnavailable)
			io.WriteString(w, "later")
		case "/panics":
			panic(http.ErrAbortHandler)
		case "/flushes":
			w.(http.Flusher).Flush()
			w.WriteHeader(http.StatusInternalServerError) // too late
		}
	}), logging.New(&log, "p").With("service", "auth"))
	srv := httptest.NewServer(handler)
	for _, path := range []string{"/works", "/fails", "/panics", "/flushes"} {
		if res, err := http.Post(srv.URL+path, "", nil); err == nil {
			res.Body.Close()
		}
	}
	srv.Close() // a flushed response arrives before its line is written
	var statuses []int
	for text := range strings.Lines(log.String()) {
		var line struct {
			Service     string
			HTTPRequest struct{ Status int }
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.Service != "auth" {
			t.Errorf("line %s: service %q, %v", text, line.Service, err)
		}
		statuses = append(statuses, line.HTTPRequest.Status)
	}
	if want := []int{200, 503, 500, 200}; !slices.Equal(statuses, want) {
		t.Errorf("statuses %v, want %v", statuses, want)
	}
}

// failing responds with the status in the path, or panics.
func failing(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/panics":
		panic("a defect")
	case "/503":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "/500":
		w.WriteHeader(http.StatusInternalServerError)
	case "/429":
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

func TestReportErrors(t *testing.T) {
	const minute = time.Minute
	for name, c := range map[string]struct {
		path       string
		retryOn503 bool
		every      time.Duration
		want       []int // the requests, counted from 1, after which a line is logged
	}{
		"five errors":         {"/500", false, minute, []int{5}},
		"five unavailable":    {"/503", false, minute, []int{5}},
		"five panics":         {"/panics", false, minute, []int{5}},
		"requests to retry":   {"/503", true, minute, nil},
		"others do not retry": {"/500", true, minute, []int{5}},
		"callers' errors":     {"/429", false, minute, nil},
		"no errors":           {"/works", false, minute, nil},
		"rare errors":         {"/500", false, 3 * minute, nil},
		"once an hour":        {"/500", false, 2 * minute, []int{5, 35}},
	} {
		t.Run(name, func(t *testing.T) {
			var log logtest.Lines
			now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
			handler := ReportErrors(http.HandlerFunc(failing), logging.New(&log, "p"), c.retryOn503, func() time.Time { return now })
			var got []int
			for i := range 40 {
				before := log.String()
				func() {
					defer func() { recover() }() // as net/http does
					handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", c.path, nil))
				}()
				if strings.Contains(strings.TrimPrefix(log.String(), before), logline.ServerErrors) {
					got = append(got, i+1)
				}
				now = now.Add(c.every)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("logged after the requests %v, want %v:\n%s", got, c.want, log.String())
			}
		})
	}
}

// An error that no client sees does not count: a client that gives up makes a handler fail.
func TestReportErrorsIgnoresClientsThatAreGone(t *testing.T) {
	var log logtest.Lines
	handler := ReportErrors(http.HandlerFunc(failing), logging.New(&log, "p"), false, time.Now)
	r := httptest.NewRequest("GET", "/500", nil)
	gone, leave := context.WithCancel(r.Context())
	leave()
	for range 10 {
		handler.ServeHTTP(httptest.NewRecorder(), r.WithContext(gone))
	}
	if log.String() != "" {
		t.Errorf("logged %s", log.String())
	}
}

// Serve reports errors of a service that has a log.
func TestServeReportsErrors(t *testing.T) {
	var log logtest.Lines
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, l, &Service{Handler: http.HandlerFunc(failing), Log: logging.New(&log, "p")})
	}()
	for range 5 {
		res, err := http.Get("http://" + l.Addr().String() + "/500")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	stop()
	if err := <-served; err != nil { // all handlers have returned
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), logline.ServerErrors) {
		t.Errorf("logged %q", log.String())
	}
}
