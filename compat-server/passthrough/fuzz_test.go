package passthrough_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"heek.kr/heektime/internal/migration/state"
)

// oldServerReadings are the ways in which servers read a path.
var oldServerReadings = []func(string) string{
	func(raw string) string { return raw },
	func(raw string) string { text, _ := url.PathUnescape(raw); return text },
	path.Clean,
	func(raw string) string { text, _ := url.PathUnescape(raw); return path.Clean(text) },
}

// oldServerKind returns the kind of data that an old server takes a path for, by a router of its own.
func oldServerKind(text string) (found state.Kind) {
	mux := http.NewServeMux()
	for pattern, kind := range map[string]state.Kind{
		"/apis/v2/users": state.Accounts, "/apis/v2/auth/token": state.Accounts, "/apis/v2/me": state.Accounts,
		"/apis/v2/username/{name}": state.Accounts, "/apis/v2/schools": state.Schools, "/apis/v2/semesters/{id...}": state.Schools,
		"/apis/v2/users/{id}/timetables": state.Timetables, "/apis/v2/me/timetables": state.Timetables,
		"/apis/v2/me/timetables/{id}/lectures": state.Timetables, "/apis/v2/me/timetables/{id}/lectures/{lecture}": state.Timetables,
	} {
		mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) { found = kind })
	}
	r := &http.Request{Method: "GET", URL: &url.URL{Path: text}, Header: http.Header{}}
	mux.ServeHTTP(httptest.NewRecorder(), r)
	return found
}

// FuzzPath sends any request line. A call that the old server could take for one about data that has moved
// does not reach it, and every other arrives byte by byte.
func FuzzPath(f *testing.F) {
	for _, c := range apiCalls {
		f.Add(base + c.path)
	}
	for _, target := range []string{
		"/apis/v2/%6de", "/apis/v2/%6D%65/timetables", "/apis%2fv2%2fme", "/apis/v2/./me", "/apis/v2/x/../me", "/apis/v2//me", "/apis/v2/me/",
		"/apis/v2/username/..%2f..%2fme", "/apis/v2/username/..%2fme", "/apis/v2/%2e%2e/v2/me", "//apis/v2/me", "/unknown?/apis/v2/me", "/apis/v2/me?x=%zz",
		"/apis/v2/me;x", "/apis/v2/ME", "/apis/v2/users/민수/timetables", "/apis/v2/schools%00", "/apis/v2/me%3Fx", "/a#/apis/v2/me", "http://evil.example/apis/v2/me",
		"/apis/v2/users/" + minsu + "%2ftimetables", "/apis/v2/lists/a/b/c.json", "*", "evil.example:443", "",
	} {
		f.Add(target)
	}
	fx := newFixture(f)
	fx.rest(f, state.Schools, state.Old)
	fx.rest(f, state.Accounts, state.New)
	fx.rest(f, state.Timetables, state.Old)
	old := newRawServer(f, "HTTP/1.1 200 OK\r\nX-Side: old\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	in := fx.instance(f, options{oldURL: "http://" + old.Addr().String()})
	f.Fuzz(func(t *testing.T, target string) {
		if strings.ContainsAny(target, " \r\n\t") || len(target) > 4000 {
			return // another request line
		}
		for len(old.got) > 0 {
			<-old.got
		}
		c, err := net.Dial("tcp", strings.TrimPrefix(in.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", target)
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%q: %v", target, err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.Header.Get("X-Side") != "old" {
			return
		}
		line, _, _ := strings.Cut(<-old.got, "\r\n")
		sent := target
		if !strings.HasPrefix(target, "/") {
			u, err := url.ParseRequestURI(target)
			if err != nil {
				t.Fatalf("%q reached the old server as %q: %v", target, line, err)
			}
			sent = u.RequestURI()
		}
		if line != "GET "+sent+" HTTP/1.1" {
			t.Errorf("%q arrived as %q", target, line)
		}
		raw, _, _ := strings.Cut(sent, "?")
		for _, reading := range oldServerReadings {
			if kind := oldServerKind(reading(raw)); kind == state.Accounts {
				t.Errorf("%q reached the old server, which may take it for %q, although accounts have moved", target, reading(raw))
			}
		}
	})
}
