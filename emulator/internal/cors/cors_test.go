package cors

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHandler is long because of its table.
func TestHandler(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, c := range []struct {
		name, method, origin, preflight string
		origins                         []string
		status                          int
		allowed                         bool
	}{
		{"no browser", "GET", "", "", nil, 418, false},
		{"this machine", "GET", "http://localhost:5173", "", nil, 418, true},
		{"this machine by address", "GET", "http://127.0.0.1", "", nil, 418, true},
		{"this machine by IPv6", "GET", "http://[::1]:80", "", nil, 418, true},
		{"this machine, a name below", "GET", "https://app.localhost", "", nil, 418, true},
		{"a name of this network", "GET", "http://laptop.local:5173", "", nil, 418, true},
		{"a name without a domain", "GET", "http://laptop", "", nil, 418, true},
		{"an address of the internet", "GET", "http://8.8.8.8", "", nil, 403, false},
		{"a number as a name", "GET", "http://2130706433.example.com", "", nil, 403, false},
		{"an app's web view", "GET", "capacitor://localhost", "", nil, 418, true},
		{"a phone in the same network", "GET", "http://192.168.0.7:3000", "", nil, 418, true},
		{"the internet", "GET", "https://a.example.com", "", nil, 403, false},
		{"the internet, disguised", "GET", "https://localhost.a.example.com", "", nil, 403, false},
		{"a sandboxed frame", "GET", "null", "", nil, 403, false},
		{"our own page", "GET", "http://example.com", "", nil, 418, true}, // httptest's Host
		{"any origin", "GET", "https://a.example.com", "", []string{"*"}, 418, true},
		{"allowed origin", "GET", "https://a.example.com", "", []string{"https://a.example.com"}, 418, true},
		{"other origin", "GET", "https://b.example.com", "", []string{"https://a.example.com"}, 403, false},
		{"this machine beside a list", "GET", "http://localhost", "", []string{"https://a.example.com"}, 418, true},
		{"preflight", "OPTIONS", "http://localhost", "PUT", nil, 204, true},
		{"preflight of another origin", "OPTIONS", "https://b.example.com", "PUT", []string{"https://a.example.com"}, 403, false},
		{"OPTIONS that is not a preflight", "OPTIONS", "http://localhost", "", nil, 418, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/", nil)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.preflight != "" {
				r.Header.Set("Access-Control-Request-Method", c.preflight)
				r.Header.Set("Access-Control-Request-Headers", "authorization")
				r.Header.Set("Access-Control-Request-Private-Network", "true")
			}
			w := httptest.NewRecorder()
			New(c.origins, nil).Handler(next).ServeHTTP(w, r)
			h := w.Header()
			want := ""
			if c.allowed {
				want = c.origin
			}
			if got := h.Get("Access-Control-Allow-Origin"); w.Code != c.status || got != want {
				t.Errorf("%d, allowed %q; want %d, %q", w.Code, got, c.status, want)
			}
			if c.allowed && c.preflight != "" && (h.Get("Access-Control-Allow-Methods") != "PUT" ||
				h.Get("Access-Control-Allow-Headers") != "authorization" || h.Get("Access-Control-Allow-Private-Network") != "true") {
				t.Errorf("preflight response has %v", h)
			}
			if h.Get("Vary") == "" {
				t.Error("a cache would mix up origins")
			}
		})
	}
}

// To the browser, a page whose name was pointed to this machine after it was loaded has our origin.
func TestRebinding(t *testing.T) {
	for _, c := range []struct {
		host, listens string
		origins       []string
		status        int
	}{
		{"localhost:8080", "127.0.0.1", nil, 200},
		{"127.0.0.1:8080", "127.0.0.1", nil, 200},
		{"[::1]:8080", "::1", nil, 200},
		{"app.localhost", "127.0.0.1", nil, 200},
		{"host.docker.internal:8080", "127.0.0.1", nil, 200}, // how some containers reach their host
		{"emulator:8080", "127.0.0.1", nil, 200},
		{"evil.example.com:8080", "127.0.0.1", nil, 403},
		{"localhost.example.com", "127.0.0.1", nil, 403},
		{"evil.example.com:8080", "127.0.0.1", []string{"*"}, 200},
		{"dev.example.com", "127.0.0.1", []string{"https://dev.example.com"}, 200},
		{"Dev.Example.com.:8080", "127.0.0.1", []string{"https://dev.example.com"}, 200},
		{"dev.example.com:8080", "127.0.0.1", []string{"http://dev.example.com:9099"}, 200},
		{"metadata.google.internal", "127.0.0.1", nil, 200},
		{"127.0.0.1.example.com", "127.0.0.1", nil, 403},
		{"emulator:8080", "172.17.0.2", nil, 200}, // a container's network gives it names
		{"192.168.0.2:8080", "192.168.0.2", nil, 200},
		{"evil.example.com:8080", "192.168.0.2", nil, 403},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = c.host
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(c.listens)}))
		w := httptest.NewRecorder()
		New(c.origins, nil).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s at %s, allowed %v: %d, want %d", c.host, c.listens, c.origins, w.Code, c.status)
		}
	}
}

// A guarded server rejects pages as Handler does, and lets none read its responses.
func TestGuard(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for origin, want := range map[string]int{
		"": 418, "http://localhost:5173": 418, "https://a.example.com": 418, "https://b.example.com": 403, "null": 403,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		New([]string{"https://a.example.com"}, nil).Guard(next).ServeHTTP(w, r)
		if w.Code != want || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("origin %q: %d with headers %v, want %d", origin, w.Code, w.Header(), want)
		}
	}
}

func TestRejectionsAreLogged(t *testing.T) {
	var log bytes.Buffer
	p := New(nil, slog.New(slog.NewTextHandler(&log, nil)))
	send := func(origin string) {
		r := httptest.NewRequest("POST", "/login/?secret=1", nil)
		r.Header.Set("Origin", origin)
		p.Guard(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
	}
	send("http://localhost:5055")
	if log.Len() > 0 {
		t.Errorf("an allowed request is logged: %s", log.String())
	}
	for range 3 {
		send("https://a.example.com")
	}
	if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "https://a.example.com") ||
		!strings.Contains(got, "/login/") || strings.Contains(got, "secret") {
		t.Errorf("three requests of one page are logged as: %s", got)
	}
	for i := range 1000 {
		send(fmt.Sprintf("https://%d.example.com", i))
	}
	send("https://" + strings.Repeat("x", 60_000) + ".example.com")
	if n := strings.Count(log.String(), "\n"); n > maxReasons || log.Len() > maxReasons*1000 {
		t.Errorf("a thousand origins are logged in %d lines, %d bytes", n, log.Len())
	}
	p.rejections.began = p.rejections.began.Add(-rejectionWindow)
	before := log.Len()
	send("https://" + strings.Repeat("x", 60_000) + ".example.com")
	if n := log.Len() - before; n == 0 || n > 2000 {
		t.Errorf("a minute later, a request with a long origin is logged in %d bytes", n)
	}
}

// A name that firebase.json tells one server to listen on is a name of this machine at every port.
func TestOwnOrigins(t *testing.T) {
	origins := OwnOrigins([]string{"https://web.example.com"}, []string{"", "Dev.example.com:4000"})
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	server := httptest.NewServer(New(origins, nil).Guard(ok))
	defer server.Close()
	for host, want := range map[string]int{
		"dev.example.com:9499": 200, "web.example.com": 200, "127.0.0.1:1": 200, "evil.example.com:4000": 403,
	} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("Host %s: %s, want %d", host, response.Status, want)
		}
	}
}
