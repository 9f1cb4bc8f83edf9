package local

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"heek.kr/heektime/cmd/heektime/internal/demo"
	"heek.kr/heektime/cmd/heektime/internal/firebase"
)

// TestWebAppAndServicesShareAnOrigin checks that the project's own firebase.json forwards the services'
// paths, and serves the web app in web/dist for all others.
func TestWebAppAndServicesShareAnOrigin(t *testing.T) {
	dir := copyProject(t)
	found, err := firebase.Find(filepath.Join(dir, "firebase.json"))
	if err != nil {
		t.Fatal(err)
	}
	schools := filepath.Join(dir, "schools.yaml")
	write(t, schools, []byte(demo.SchoolFile()))
	b, err := Start(t.Context(), Config{
		Firebase: found, Project: "demo-web", Bucket: "demo-web", SchoolsFile: schools, Log: slog.New(slog.DiscardHandler),
		Variables: map[string]string{demo.URLVariable: "http://127.0.0.1:1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
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
		if csp := response.Header.Get("Content-Security-Policy"); tc.path == "/" && csp != "frame-ancestors 'none'" {
			t.Errorf("the page's Content-Security-Policy is %q", csp)
		}
	}
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
	if err := os.CopyFS(filepath.Join(dir, "web", "dist"), os.DirFS(project.Hosting.Public)); err != nil {
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
