package vite

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
)

const folder = "../../../../web"

// The sources are served as they are, compiled, and the services' paths are forwarded.
func TestStart(t *testing.T) {
	if _, err := os.Stat(folder + "/node_modules/vite"); err != nil {
		if os.Getenv("REQUIRE_SDKS") != "" {
			t.Fatal("run npm install in web/ first, as web/scripts/check.sh does")
		}
		t.Skip("skipped: npm install in web/ was not run")
	}
	hosting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hosting has "+r.URL.Path) }))
	defer hosting.Close()
	var log syncBuffer
	s, err := Start(t.Context(), folder, hosting.URL, t.Logf, &log)
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	for path, want := range map[string]string{
		"/": "/@vite/client", "/src/model/choice.ts": "remembered", "/#search": "/src/main.tsx",
		"/__/firebase/init.json": "hosting has /__/firebase/init.json", "/user/a/timetable/b/": "hosting has /user/a/timetable/b/",
		"/courses/": "hosting has /courses/", "/account/delete/": "hosting has /account/delete/",
	} {
		if got := get(t, s.URL+strings.TrimPrefix(path, "/")); !strings.Contains(got, want) {
			t.Errorf("%s: %.300s, want %q in it", path, got, want)
		}
	}
	s.Close()
	if response, err := http.Get(s.URL); err == nil {
		response.Body.Close()
		t.Error("it still serves after Close")
	}
}

// What is missing is named.
func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for dir, want := range map[string]string{t.TempDir(): "needs the sources", folder: "needs Node"} {
		if _, err := Start(t.Context(), dir, "", t.Logf, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", dir, err, want)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// syncBuffer is a log that Vite writes to while the test reads.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
