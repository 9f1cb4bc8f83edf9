package hosting_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/hosting"
	"heek.kr/heektime/emulator/hub"
)

// site writes the files to a folder "public", serves it with the settings, and returns the server's URL.
func site(t *testing.T, settings string, files map[string]string, set ...func(*hosting.Config)) (*hosting.Server, string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, "public", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := parseSite([]byte(settings), dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg := hosting.Config{Site: parsed, Project: "demo-test", Bucket: "demo-bucket", Logger: slog.New(slog.DiscardHandler)}
	for _, f := range set {
		f(&cfg)
	}
	s, err := hosting.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, srv.URL
}

// do sends a request for path exactly as written. It does not follow redirects or decompress.
func do(t *testing.T, method, server, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	path, r.URL.RawQuery, _ = strings.Cut(path, "?")
	r.URL.Opaque = "//" + r.Host + path
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true, ExpectContinueTimeout: time.Minute}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// get returns a response in one line: the body if the status is 200, otherwise the status and Location.
func get(t *testing.T, server, path string) string {
	t.Helper()
	a, body := do(t, "GET", server, path, "")
	if a.StatusCode == 200 {
		return body
	}
	return strings.TrimSpace(fmt.Sprint(a.StatusCode, " ", a.Header.Get("Location")))
}

var pages = map[string]string{
	"index.html": "home", "about.html": "about", "docs/index.html": "docs", "docs/rules.html": "rules", "a.txt": "text",
	"한글 1.txt": "korean", ".well-known/x": "known", "node_modules/m/i.js": "module", "firebase.json": "settings", ".env": "secret",
}

func TestFiles(t *testing.T) {
	const ignore = `"public":"public","ignore":["firebase.json","**/.*","**/node_modules/**"]`
	for _, tc := range []struct{ settings, path, want string }{
		{``, "/", "home"},
		{``, "/index.html", "home"},
		{``, "/a.txt", "text"},
		{``, "/a.txt?x=1", "text"},
		{``, "/a.txt/", "404"},
		{``, "/%ED%95%9C%EA%B8%80%201.txt", "korean"},
		{``, "/.well-known/x", "known"},
		{``, "/.env", "404"},
		{``, "/firebase.json", "404"},
		{``, "/node_modules/m/i.js", "404"},
		{``, "/about", "404"},
		{``, "/docs", "301 /docs/"},
		{``, "/docs?x=1", "301 /docs/?x=1"},
		{``, "/docs/", "docs"},
		{``, "//docs", "301 /docs/"},
		{``, "//evil.example/..//docs", "301 /docs/"},
		{``, "/docs/../a.txt", "text"},
		{``, "/../../a.txt", "text"},
		{``, "/..%2f..%2fetc%2fpasswd", "404"},
		{``, "/a.txt%00", "404"},
		{`"cleanUrls":true`, "/about", "about"},
		{`"cleanUrls":true`, "/about/", "404"},
		{`"cleanUrls":true`, "/about.html", "301 /about"},
		{`"cleanUrls":true`, "/index.html?x=1", "301 /?x=1"},
		{`"cleanUrls":true`, "/index", "301 /"},
		{`"cleanUrls":true`, "/docs", "docs"},
		{`"cleanUrls":true`, "/docs/", "docs"},
		{`"cleanUrls":true`, "/docs/index.html", "301 /docs"},
		{`"cleanUrls":true`, "/docs/index", "301 /docs"},
		{`"cleanUrls":true`, "/docs/rules", "rules"},
		{`"cleanUrls":true,"trailingSlash":true`, "/about", "301 /about/"},
		{`"cleanUrls":true,"trailingSlash":true`, "/about/", "about"},
		{`"cleanUrls":true,"trailingSlash":true`, "/about.html", "301 /about/"},
		{`"cleanUrls":true,"trailingSlash":true`, "/docs/index.html", "301 /docs/"},
		{`"cleanUrls":true,"trailingSlash":true`, "/docs", "301 /docs/"},
		{`"cleanUrls":true,"trailingSlash":false`, "/about/", "301 /about"},
		{`"cleanUrls":true,"trailingSlash":false`, "/about", "about"},
		{`"cleanUrls":true,"trailingSlash":false`, "/docs/", "301 /docs"},
		{`"cleanUrls":true,"trailingSlash":false`, "/", "home"},
		{`"trailingSlash":false`, "/docs/", "301 /docs"},
		{`"trailingSlash":false`, "/docs", "docs"},
		{`"trailingSlash":true`, "/docs", "301 /docs/"},
		{`"trailingSlash":true`, "/a.txt", "text"},
	} {
		settings := "{" + ignore
		if tc.settings != "" {
			settings += "," + tc.settings
		}
		_, url := site(t, settings+"}", pages)
		if got := get(t, url, tc.path); got != tc.want {
			t.Errorf("%s with %s: %q, want %q", tc.path, tc.settings, got, tc.want)
		}
	}
}

// Links within the folder work; links out of it do not.
func TestSymbolicLinks(t *testing.T) {
	dir := t.TempDir()
	public := filepath.Join(dir, "public")
	for _, path := range []string{filepath.Join(public, "real", "file"), filepath.Join(dir, "secret", "file")} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("content"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"out": filepath.Join(dir, "secret", "file"), "outside": "../secret", "in": "real/file", "loop": "loop",
	} {
		if err := os.Symlink(target, filepath.Join(public, name)); err != nil {
			t.Skipf("cannot create symbolic links: %v", err)
		}
	}
	parsed, err := parseSite([]byte(`{"public":"public"}`), dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := hosting.New(hosting.Config{Site: parsed})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s)
	defer srv.Close()
	for path, want := range map[string]string{"/in": "content", "/real/file": "content", "/out": "404", "/outside/file": "404", "/loop": "404", "/real": "404"} {
		if got := get(t, srv.URL, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestPriorityOrder(t *testing.T) {
	const settings = `{"public":"public",
	  "redirects":[{"source":"/old","destination":"/new"},{"source":"/a.txt","destination":"/moved","type":302},
	    {"source":"/blog/:post*","destination":"/posts/:post*"},{"source":"/users/:id/profile","destination":"https://x.example/:id/new"},
	    {"regex":"^/r/(?P<year>\\d+)/(\\w+)$","destination":"/archive/:year/:2"},{"source":"/q","destination":"/q2?a=1"},
	    {"source":"/@(p1|p2)","destination":"/p"},{"source":"/h","destination":"/page#part"}],
	  "rewrites":[{"source":"/app/**","destination":"/index.html"},{"source":"/gone/**","destination":"/nothing.html"},
	    {"regex":"^/v[0-9]+/","destination":"/docs/rules.html"},{"source":"/index.html","destination":"/a.txt"},
	    {"source":"!/@(js|css)/**","destination":"/docs/index.html"}]}`
	_, url := site(t, settings, pages)
	for path, want := range map[string]string{
		"/old":             "301 /new",
		"/old?x=1":         "301 /new?x=1",
		"/old/":            "docs", // a different path: the last rewrite applies
		"/a.txt":           "302 /moved",
		"/q?b=2":           "301 /q2?a=1&b=2",
		"/p1":              "301 /p",
		"/h?b=2":           "301 /page?b=2#part",
		"/blog":            "301 /posts",
		"/blog/2026/a%20b": "301 /posts/2026/a%20b",
		"/blog//evil.com":  "301 /posts/evil.com",
		"/users/7/profile": "301 https://x.example/7/new",
		"/r/2026/nov":      "301 /archive/2026/nov",
		"/app/deep/path":   "home",
		"/index.html":      "home", // a file takes precedence over a rewrite
		"/gone/x":          "404",  // only the first matching rewrite applies
		"/v2/x":            "rules",
		"/js/none.js":      "404",
		"/anything":        "docs",
	} {
		if got := get(t, url, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if a, _ := do(t, "POST", url, "/a-form", "x"); a.StatusCode != 405 || a.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %s", a.Status)
	}
	if a, body := do(t, "HEAD", url, "/app/x", ""); a.StatusCode != 200 || body != "" || a.Header.Get("Content-Length") != "4" {
		t.Errorf("HEAD: %s %q %v", a.Status, body, a.Header)
	}
}

// TestRedirectSegments: named segments of a source match, whether or not the destination refers to them.
func TestRedirectSegments(t *testing.T) {
	const settings = `{"public":"public","cleanUrls":true,"trailingSlash":false,"redirects":[
	  {"source":"/old/:id","destination":"/gone"},{"source":"/deep/:a/:b","destination":"/only/:b"},
	  {"source":"/all/:rest*","destination":"https://x.example/"},{"source":"/maybe/:x?","destination":"/m"},
	  {"source":"/date/:year-:month","destination":"/y/:year?m=:month"},{"source":"/file/:name.html","destination":"/f/:name"},
	  {"source":"/{en,ko}/:page","destination":"/page?lang=:page"},{"source":"/*/wild/:id","destination":"/w/:id"},
	  {"source":"/mid/**/:last","destination":"/l/:last"},{"source":"/port/:id","destination":"https://x.example:8080/:id"},
	  {"regex":"^/rx/(?P<a>[a-z]+)/(?P<b>[0-9]+)$","destination":"/rb/:b"},{"regex":"^/rn/(?P<a>[a-z]+)$","destination":"/none"},
	  {"source":"/temp/:id","destination":"/t","type":302},{"source":"/a","destination":"/unknown/:who"},
	  {"source":"/docs/:page","destination":"/docs2"}]}`
	_, url := site(t, settings, map[string]string{"docs/rules.html": "rules", "old/file.txt": "file", "index.html": "home"})
	for path, want := range map[string]string{
		"/old/7":           "301 /gone",
		"/old/7?x=1":       "301 /gone?x=1",
		"/old/file.txt":    "301 /gone", // before files
		"/old/7/":          "301 /gone",
		"/old":             "404",
		"/old/7/8":         "404",
		"/deep/1/2":        "301 /only/2",
		"/all/a/b/c":       "301 https://x.example/",
		"/all":             "301 https://x.example/",
		"/maybe":           "301 /m",
		"/maybe/1":         "301 /m",
		"/date/2026-11":    "301 /y/2026?m=11",
		"/date/2026":       "404",
		"/file/a.html":     "301 /f/a",
		"/ko/a%26b":        "301 /page?lang=a%26b",
		"/fr/x":            "404",
		"/x/wild/1":        "301 /w/1",
		"/mid/a/b/c":       "301 /l/c",
		"/port/1":          "301 https://x.example:8080/1",
		"/rx/abc/12":       "301 /rb/12",
		"/rn/abc":          "301 /none",
		"/temp/1":          "302 /t",
		"/a":               "301 /unknown/:who",
		"/docs/rules":      "301 /docs2",
		"/docs/rules.html": "301 /docs2", // before cleanUrls
		"/docs/rules/?x=1": "301 /docs2?x=1",
		"/index.html":      "301 /",
	} {
		if got := get(t, url, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	const settings = `{"public":"public","rewrites":[{"source":"**","destination":"/index.html"}],"headers":[
	  {"source":"**","headers":[{"key":"X-Frame-Options","value":"DENY"},{"key":"Cache-Control","value":"no-store"}]},
	  {"source":"**/*.@(js|css)","headers":[{"key":"Cache-Control","value":"max-age=31536000"}]},
	  {"regex":"^/fonts/","headers":[{"key":"Content-Type","value":"font/odd"}]}]}`
	_, url := site(t, settings, map[string]string{"index.html": "home", "app.js": "x", "deep/a.css": "x", "fonts/f": "x"})
	for path, want := range map[string]string{
		"/": "no-store text/html; charset=utf-8", "/any": "no-store text/html; charset=utf-8",
		"/app.js": "max-age=31536000 text/javascript; charset=utf-8", "/deep/a.css": "max-age=31536000 text/css; charset=utf-8",
		"/fonts/f": "no-store font/odd",
	} {
		a, _ := do(t, "GET", url, path, "")
		if got := a.Header.Get("Cache-Control") + " " + a.Header.Get("Content-Type"); got != want || a.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %q, want %q; %v", path, got, want, a.Header)
		}
	}
}

func TestNotFound(t *testing.T) {
	_, url := site(t, `{"public":"public","headers":[{"source":"/404.html","headers":[{"key":"X-Page","value":"404"}]},
	  {"source":"/none*","headers":[{"key":"X-All","value":"1"},{"key":"Cache-Control","value":"immutable"}]}]}`, map[string]string{"404.html": "lost"})
	if a, body := do(t, "GET", url, "/none", ""); a.StatusCode != 404 || body != "lost" ||
		a.Header.Get("X-Page") != "404" || a.Header.Get("X-All") != "1" ||
		a.Header.Get("Cache-Control") != "no-cache" || a.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%s %q %v", a.Status, body, a.Header)
	}
	// Without a folder, a page explains that it is missing, and rewrites to services still work.
	s, url := site(t, `{"public":"dist","rewrites":[{"source":"/api","run":{"serviceId":"api"}},{"source":"**","destination":"/index.html"}]}`, nil,
		func(cfg *hosting.Config) {
			cfg.Emulators = func() map[string]hub.Emulator { return map[string]hub.Emulator{"ui": {Host: "127.0.0.1", Port: 4000}} }
		})
	a, body := do(t, "GET", url, "/", "")
	if a.StatusCode != 404 || !strings.Contains(body, "아직 웹 앱이 없어요") || !strings.Contains(body, "There is no web app yet") || !strings.Contains(body, `href="http://127.0.0.1:4000"`) {
		t.Errorf("%s %s", a.Status, body)
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "api") }))
	defer api.Close()
	if err := s.SetService("api", api.URL); err != nil {
		t.Fatal(err)
	}
	if got := get(t, url, "/api"); got != "api" {
		t.Errorf("response through the rewrite: %q, want api", got)
	}
}

func TestCompressionAndCaching(t *testing.T) {
	long := strings.Repeat("timetable ", 1000)
	_, url := site(t, `{"public":"public"}`, map[string]string{"long.js": long, "short.js": "x", "picture.png": long})
	a, body := do(t, "GET", url, "/long.js", "", "Accept-Encoding", "gzip")
	if a.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(a.Header.Get("Vary"), "Accept-Encoding") {
		t.Fatalf("headers %v", a.Header)
	}
	r, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); err != nil || string(text) != long {
		t.Errorf("decompressed to %d bytes, %v", len(text), err)
	}
	for _, path := range []string{"/short.js", "/picture.png"} {
		if a, _ := do(t, "GET", url, path, "", "Accept-Encoding", "gzip"); a.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s is compressed", path)
		}
	}
	if a, body := do(t, "GET", url, "/long.js", ""); a.Header.Get("Content-Encoding") != "" || body != long {
		t.Errorf("compressed without Accept-Encoding: %v", a.Header)
	}
	if a.Header.Get("Cache-Control") != "no-cache" || a.Header.Get("ETag") == "" {
		t.Errorf("caching: %v", a.Header)
	}
	if a, _ := do(t, "GET", url, "/long.js", "", "If-None-Match", a.Header.Get("ETag")); a.StatusCode != 304 {
		t.Errorf("unchanged file: %s, want 304", a.Status)
	}
	if a, body := do(t, "GET", url, "/long.js", "", "Range", "bytes=0-8"); a.StatusCode != 206 || body != "timetable" {
		t.Errorf("range request: %s %q", a.Status, body)
	}
}

// service starts a service that the site in TestServices forwards to. It returns the service's URL and a
// function that returns the last request it received.
func service(t *testing.T) (address string, last func() *http.Request) {
	var got *http.Request
	release := make(chan struct{})
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r
		switch r.URL.Path {
		case "/api/slow":
			select {
			case <-release:
			case <-r.Context().Done():
			}
		case "/api/public":
			w.Header().Set("Cache-Control", "public, max-age=60")
			fallthrough
		case "/api/cookie":
			http.SetCookie(w, &http.Cookie{Name: "__session", Value: "new"})
		case "/api/away":
			http.Redirect(w, r, server.URL+"/api/there?x=1", http.StatusFound)
			return
		case "/api/far":
			http.Redirect(w, r, "https://far.example/x", http.StatusFound)
			return
		}
		fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.RequestURI(), body)
	})
	server.Start()
	t.Cleanup(func() { close(release); server.Close() })
	return server.URL, func() *http.Request { return got }
}

func TestServices(t *testing.T) {
	address, last := service(t)
	s, url := site(t, `{"public":"public","headers":[{"source":"/api/**","headers":[{"key":"X-Site","value":"1"}]}],
	  "rewrites":[{"source":"/api/**","run":{"serviceId":"api","region":"asia-northeast3"}},{"source":"/f","function":"fn"},
	    {"source":"/g","function":{"functionId":"fn","region":"x"}},{"source":"/down","run":{"serviceId":"down"}}]}`,
		map[string]string{"api/file": "a file"}, func(cfg *hosting.Config) { cfg.Timeout = 3 * time.Second })
	for name, at := range map[string]string{"api": address, "fn": address, "down": "http://127.0.0.1:1"} {
		if err := s.SetService(name, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SetService("bad", "nowhere"); err == nil {
		t.Error("SetService accepted an invalid address")
	}
	a, body := do(t, "PUT", url, "/api/v2/a%2Fb?q=1", "the body", "Cookie", "a=1; __session=mine; b=2", "Authorization", "Bearer t", "X-Forwarded-Host", "spoofed", "X-Forwarded-For", "192.0.2.1")
	host := strings.TrimPrefix(url, "http://")
	if a.StatusCode != 200 || body != "PUT /api/v2/a%2Fb?q=1 the body" {
		t.Errorf("%s %s", a.Status, body)
	}
	got := last()
	if c := got.Header.Get("Cookie"); c != "__session=mine" {
		t.Errorf("cookies %q", c)
	}
	if got.Header.Get("X-Forwarded-Host") != host || got.Header.Get("X-Forwarded-Proto") != "http" || got.Header.Get("X-Forwarded-For") != "192.0.2.1, 127.0.0.1" ||
		got.Host == host || got.Header.Get("Authorization") != "Bearer t" {
		t.Errorf("host %s, headers %v", got.Host, got.Header)
	}
	if a.Header.Get("Cache-Control") != "private" || a.Header.Get("X-Site") != "1" || !strings.Contains(strings.Join(a.Header.Values("Vary"), ","), "Authorization") {
		t.Errorf("headers %v", a.Header)
	}
	for path, cookie := range map[string]bool{"/api/cookie": true, "/api/public": false} {
		if a, _ := do(t, "GET", url, path, ""); (a.Header.Get("Set-Cookie") != "") != cookie {
			t.Errorf("%s: headers %v", path, a.Header)
		}
	}
	for path, want := range map[string]string{
		"/api/file": "a file", "/api/away": "302 /api/there?x=1", "/api/far": "302 https://far.example/x", "/f": "GET /f ", "/g": "GET /g ",
		"/down": "502", "/api/slow": "504",
	} {
		if got := get(t, url, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if a, _ := do(t, "POST", url, "/api/x", strings.Repeat("x", 33<<20), "Expect", "100-continue"); a.StatusCode != 413 {
		t.Errorf("a body above the limit: %s, want 413", a.Status)
	}
	_, other := site(t, `{"public":"public","rewrites":[{"source":"**","run":{"serviceId":"nobody"}}]}`, nil)
	if a, body := do(t, "GET", other, "/x", ""); a.StatusCode != 502 || !strings.Contains(body, "nobody") {
		t.Errorf("a service that is not running: %s %s, want 502 with its name", a.Status, body)
	}
}

// A partial response of a service that crashed must not look complete.
func TestServiceCrashesDuringResponse(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("bytes"))
		if r.URL.Query().Has("length") {
			w.Header().Set("Content-Length", strconv.Itoa(2*n))
		}
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, strings.Repeat("x", n))
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer service.Close()
	s, url := site(t, `{"public":"public","rewrites":[{"source":"**","run":{"serviceId":"api"}}]}`, nil)
	if err := s.SetService("api", service.URL); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"?bytes=10", "?bytes=10&length", "?bytes=100000", "?bytes=100000&length"} {
		for _, encoding := range []string{"gzip", "identity"} {
			r, err := http.NewRequestWithContext(t.Context(), "GET", url+"/x"+query, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept-Encoding", encoding)
			a, err := http.DefaultClient.Do(r)
			if err == nil {
				_, err = io.Copy(io.Discard, a.Body)
				a.Body.Close()
			}
			if err == nil {
				t.Errorf("%s, %s: a partial response looks complete: %s, %v", query, encoding, a.Status, a.Header)
			}
		}
	}
}

func TestReservedURLs(t *testing.T) {
	_, url := site(t, `{"public":"public","redirects":[{"source":"/__/**","destination":"/x"}]}`, map[string]string{"__/firebase/init.json": "mine"}, func(cfg *hosting.Config) {
		cfg.Emulators = func() map[string]hub.Emulator {
			return map[string]hub.Emulator{"firestore": {Host: "127.0.0.1", Port: 8080}, "auth": {Host: "::1", Port: 9099}, "messaging": {Host: "127.0.0.1", Port: 9599}, "tasks": {Host: "127.0.0.1", Port: 9499}}
		}
	})
	_, body := do(t, "GET", url, "/__/firebase/init.json", "")
	var app struct {
		ProjectID, StorageBucket, APIKey string
		Emulators                        map[string]struct{ HostAndPort string }
	}
	if err := json.Unmarshal([]byte(body), &app); err != nil || app.ProjectID != "demo-test" || app.StorageBucket != "demo-bucket" || app.APIKey == "" ||
		len(app.Emulators) != 3 || app.Emulators["messaging"].HostAndPort != "127.0.0.1:9599" || app.Emulators["firestore"].HostAndPort != "127.0.0.1:8080" || app.Emulators["auth"].HostAndPort != "[::1]:9099" {
		t.Errorf("%v: %s", err, body)
	}
	if _, body := do(t, "GET", url, "/__/firebase/init.js", ""); !strings.Contains(body, `"projectId":"demo-test"`) || !strings.Contains(body, "firebaseEmulators = undefined") {
		t.Error(body)
	}
	if _, body := do(t, "GET", url, "/__/firebase/init.js?useEmulator=true", ""); !strings.Contains(body, `"hostAndPort":"127.0.0.1:8080"`) {
		t.Error(body)
	}
	if got := get(t, url, "/__/auth/handler"); got != "404" {
		t.Errorf("a reserved URL that is not served: %s, want 404", got)
	}
}

// A site has the policy of production, and its pages can connect to the emulators all the same.
func TestContentSecurityPolicyNamesEmulators(t *testing.T) {
	settings := `{"public":"public","headers":[{"source":"**","headers":[{"key":"Content-Security-Policy",
		"value":"default-src 'self'; connect-src 'self' https://identitytoolkit.googleapis.com https://securetoken.googleapis.com https://firestore.googleapis.com https://fcmregistrations.googleapis.com; img-src *"}]}]}`
	_, url := site(t, settings, map[string]string{"index.html": "page"}, func(cfg *hosting.Config) {
		cfg.Emulators = func() map[string]hub.Emulator {
			return map[string]hub.Emulator{"firestore": {Host: "127.0.0.1", Port: 8080}, "auth": {Host: "::1", Port: 9099}, "messaging": {Host: "127.0.0.1", Port: 9599}, "storage": {Host: "127.0.0.1", Port: 9199}}
		}
	})
	response, _ := do(t, "GET", url, "/", "")
	const want = "default-src 'self'; connect-src 'self' https://identitytoolkit.googleapis.com https://securetoken.googleapis.com https://firestore.googleapis.com" +
		" https://fcmregistrations.googleapis.com http://[::1]:9099 http://127.0.0.1:8080 http://127.0.0.1:9599; img-src *"
	if got := response.Header.Get("Content-Security-Policy"); got != want {
		t.Errorf("the policy is %q, want %q", got, want)
	}
}

func TestParseErrorsNameTheEntry(t *testing.T) {
	for settings, want := range map[string]string{
		`[]`:             "no site",
		`"hosting.json"`: "hosting: must be an object",
		`[1]`:            "hosting[0]: must be an object",
		`{"public":1}`:   "hosting",
		`{"public":"p","rewrites":[{"source":"a","destination":"/x"},{"destination":"/x"}]}`: "rewrites[1]: needs a source",
		`{"public":"p","rewrites":[{"source":"**","destinatoin":"/x"}]}`:                     "rewrites[0]: needs a destination",
		`{"public":"p","rewrites":[{"regex":"(","destination":"/x"}]}`:                       "rewrites[0]: regex",
		`{"public":"p","rewrites":[{"regex":"a","source":"b","destination":"/x"}]}`:          "not both",
		`{"public":"p","redirects":[{"source":"/a","destination":"/b","type":200}]}`:         "redirects[0]: type",
		`{"public":"p","redirects":[{"source":"/a"}]}`:                                       "redirects[0]: destination",
		`{"public":"p","headers":[{"headers":[]}]}`:                                          "headers[0]",
		`{"public":"p","ignore":["[z-a]"]}`:                                                  "ignore[0]",
		`{"public":"p","ignore":["!(a)!(b)!(c)!(d)!(e)"]}`:                                   "ignore[0]",
	} {
		if _, err := parseSite([]byte(settings), "."); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", settings, err, want)
		}
	}
	for settings, want := range map[string]int{`{}`: 0, `{"source":"app"}`: 0, `[{"site":"a","public":"p"},{"site":"b"}]`: 1} {
		if sites, err := hosting.ParseSites([]byte(settings), "."); err != nil || len(sites) != want {
			t.Errorf("%s: %d sites, %v, want %d", settings, len(sites), err, want)
		}
	}
	if _, err := hosting.New(hosting.Config{}); err == nil {
		t.Error("New without a site returned no error")
	}
}

// parseSite parses a section with one site.
func parseSite(settings []byte, dir string) (*hosting.Site, error) {
	sites, err := hosting.ParseSites(settings, dir)
	if err != nil {
		return nil, err
	}
	return sites[0], nil
}
