package demo_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/demo"
)

// TestFailures is long because it is a table of all failures.
func TestFailures(t *testing.T) {
	s := start(t, 1, 80)
	s.openSearch(t)
	healthy := s.body(t, "2026", "2R")
	count := len(s.list(t, "2026", "2R"))
	// query returns the response and as much of its body as arrives.
	query := func(f demo.Failure) (*http.Response, []byte, error) {
		s.Fail(f)
		res, err := s.query("2026", "2R")
		if err != nil {
			return nil, nil, err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return res, body, err
	}
	tests := map[demo.Failure]func(t *testing.T, res *http.Response, body []byte, err error){
		demo.Silent: func(t *testing.T, res *http.Response, _ []byte, err error) {
			if res != nil || err == nil {
				t.Errorf("got response %v, want none", res)
			}
		},
		demo.Garbage: func(t *testing.T, res *http.Response, body []byte, err error) {
			if err != nil || res.StatusCode != 200 || json.Valid(body) || len(body) == 0 {
				t.Errorf("error %v, got %d bytes, want bytes that are not JSON", err, len(body))
			}
		},
		demo.Broken: func(t *testing.T, _ *http.Response, body []byte, err error) {
			if err == nil || len(body) < len(healthy)/3 || len(body) > len(healthy)*2/3 {
				t.Errorf("error %v after %d of %d bytes", err, len(body), len(healthy))
			}
		},
		demo.Truncated: func(t *testing.T, res *http.Response, body []byte, err error) {
			if err != nil || res.StatusCode != 200 || json.Valid(body) || len(body) < len(healthy)/3 || len(body) > len(healthy)*2/3 {
				t.Errorf("error %v after %d of %d bytes", err, len(body), len(healthy))
			}
		},
		demo.ServerError: func(t *testing.T, res *http.Response, _ []byte, err error) {
			if err != nil || res.StatusCode != 500 {
				t.Errorf("got response %v, error %v; want status 500", res, err)
			}
		},
		demo.ErrorPage: func(t *testing.T, res *http.Response, body []byte, err error) {
			if err != nil || res.StatusCode != 200 || !bytes.Contains(body, []byte("<html")) {
				t.Errorf("error %v, body %s", err, body)
			}
		},
		demo.Huge: func(t *testing.T, _ *http.Response, body []byte, err error) {
			if len(body) < 9*len(healthy) || err != nil {
				t.Errorf("error %v after %d bytes, want nine times %d or more", err, len(body), len(healthy))
			}
			if got := len(s.list(t, "2026", "2R")); got != 10*count {
				t.Errorf("got %d lectures, want ten times %d", got, count)
			}
		},
		demo.Empty: func(t *testing.T, _ *http.Response, body []byte, err error) {
			if string(body) != `{"code":"200","rows":[]}` || err != nil {
				t.Errorf("error %v, body %s", err, body)
			}
		},
		demo.HalfLost: func(t *testing.T, _ *http.Response, _ []byte, err error) {
			if got := len(s.list(t, "2026", "2R")); got != count/2 || err != nil {
				t.Errorf("error %v, got %d lectures, want half of %d", err, got, count)
			}
		},
	}
	for _, f := range demo.Failures() {
		if f == demo.Healthy || f == demo.Hanging || f == demo.Slow {
			continue // covered by the other tests
		}
		t.Run(string(f), func(t *testing.T) {
			check, ok := tests[f]
			if !ok {
				t.Fatal("no test for this failure")
			}
			res, body, err := query(f)
			check(t, res, body, err)
			s.Fail(demo.Healthy)
			if got := len(s.list(t, "2026", "2R")); got != count {
				t.Errorf("got %d lectures after the failure, want %d", got, count)
			}
		})
	}
}
