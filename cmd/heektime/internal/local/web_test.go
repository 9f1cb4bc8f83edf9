package local

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/demo"
	"heek.kr/heektime/cmd/heektime/internal/firebase"
)

// TestWebAppAndServicesShareAnOrigin checks that the project's own firebase.json forwards the services'
// paths, and serves the web app in web/dist for all others.
func TestWebAppAndServicesShareAnOrigin(t *testing.T) {
	b := startProject(t, io.Discard)
	for _, tc := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/", 200, "<title>HeekTime"},
		{"GET", "/timetables/1", 200, "<title>HeekTime"},
		{"GET", "/assets/missing.js", 404, ""},
		{"POST", "/login/", 400, "email"},
		{"POST", "/register/", 400, "email"},
		{"GET", "/apis/v2/schools", 502, "compat-server"}, // which this test does not start
		{"GET", "/__/firebase/init.json", 200, b.Cloud.FirestoreAddress()},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tc.method, "http://"+b.Cloud.HostingAddress()+tc.path, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != tc.status || !strings.Contains(string(body), tc.want) {
			t.Errorf("%s %s: %s, %v, %s", tc.method, tc.path, response.Status, err, body)
		}
		if csp := response.Header.Get("Content-Security-Policy"); tc.path == "/" && !(strings.Contains(csp, "default-src 'none'; script-src 'self'; style-src 'self'") && strings.Contains(csp, " http://"+b.Cloud.FirestoreAddress())) {
			t.Errorf("the page's Content-Security-Policy is %q", csp)
		}
	}
}

// TestLocalPagesCallServices sends what a browser sends for a page at an origin that no configuration
// names. A page of the internet must reach no service, not even to have its token rejected.
func TestLocalPagesCallServices(t *testing.T) {
	b := startProject(t, io.Discard)
	const local, foreign = "http://127.0.0.1:5055", "https://evil.example.com"
	for _, name := range slices.Sorted(maps.Keys(b.URLs)) {
		if got := send(t, "POST", b.URLs[name]+"/", foreign, nil); got.StatusCode != http.StatusForbidden || got.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s responds to a page of %s with %s %v", name, foreign, got.Status, got.Header)
		}
		rebound := func(r *http.Request) { r.Host = "evil.example.com" }
		if got := send(t, "GET", b.URLs[name]+"/", "", rebound); got.StatusCode != http.StatusForbidden {
			t.Errorf("%s responds to a name of the internet with %s", name, got.Status)
		}
	}
	preflight := func(r *http.Request) {
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "content-type")
	}
	for _, origin := range []string{local, "http://192.168.0.7:3000", "capacitor://localhost", "https://app.example.com", webOrigin} {
		got := send(t, "OPTIONS", b.URLs["auth"]+"/login/", origin, preflight)
		if h := got.Header; got.StatusCode != 204 || h.Get("Access-Control-Allow-Origin") != origin || h.Get("Access-Control-Allow-Headers") != "Content-Type" {
			t.Errorf("preflight of %s: %s %v", origin, got.Status, h)
		}
		got = send(t, "POST", b.URLs["auth"]+"/login/", origin, nil)
		if h := got.Header; got.StatusCode != 400 || h.Get("Access-Control-Allow-Origin") != origin || h.Get("Access-Control-Expose-Headers") != "Retry-After" {
			t.Errorf("login from %s: %s %v", origin, got.Status, h)
		}
	}
	// A service without CORS has none for local pages either. IAM rejects a call without a token.
	if got := send(t, "POST", b.URLs["refresh"]+"/refresh", local, nil); got.StatusCode != http.StatusForbidden || got.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("refresh from %s: %s %v", local, got.Status, got.Header)
	}
}

func TestRejectedPagesAreLogged(t *testing.T) {
	var log bytes.Buffer
	b := startProject(t, &log)
	for range 3 {
		send(t, "POST", b.URLs["auth"]+"/login/", "https://evil.example.com", nil)
	}
	b.Close()
	if n := strings.Count(log.String(), "https://evil.example.com"); n != 1 {
		t.Errorf("three rejected requests are logged %d times, want once:\n%s", n, log.String())
	}
}

// send sends a request with an Origin header, unless origin is empty, and an empty body.
func send(t *testing.T, method, url, origin string, change func(*http.Request)) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	if change != nil {
		change(r)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response
}

// startProject starts a copy of the project, which writes its log to log.
func startProject(t *testing.T, log io.Writer) *Backend {
	t.Helper()
	dir := copyProject(t)
	found, err := firebase.Find(filepath.Join(dir, "firebase.json"))
	if err != nil {
		t.Fatal(err)
	}
	schools := filepath.Join(dir, "schools.yaml")
	write(t, schools, []byte(demo.SchoolFile()))
	seed := filepath.Join(dir, "seed.json")
	write(t, seed, []byte(`{"notes/imported": {"n": 1}}`))
	b, err := Start(t.Context(), Config{
		Firebase: found, Project: "demo-web", Bucket: "demo-web", SchoolsFile: schools, Import: seed,
		AllowedOrigins: []string{"https://app.example.com"}, Log: slog.New(slog.NewTextHandler(log, nil)),
		Variables: map[string]string{demo.URLVariable: "http://127.0.0.1:1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	db, err := b.Cloud.Firestore.Database("demo-web", "(default)")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := db.Get("notes/imported"); !ok {
		t.Error("what was to be imported is missing")
	}
	return b
}

// copyProject copies the project's firebase.json, heektime.json and web app to a new folder, with free
// ports and without rules and indexes.
func copyProject(t *testing.T) (dir string) {
	t.Helper()
	project, err := firebase.Find("")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(project.Path)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	delete(file, "firestore")
	delete(file, "storage")
	emulators := file["emulators"].(map[string]any)
	for name := range emulators {
		emulators[name] = map[string]int{"port": 0}
	}
	services := map[string]any{}
	for name := range project.Services {
		services[name] = map[string]int{"port": 0}
	}
	dir = t.TempDir()
	for name, value := range map[string]any{"firebase.json": file, "heektime.json": map[string]any{"services": services}} {
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), data)
	}
	if err := os.CopyFS(filepath.Join(dir, "web", "dist"), os.DirFS(project.Hosting[0].Public)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
