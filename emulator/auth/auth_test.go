package auth_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"heek.kr/heektime/emulator/auth"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/cors"
)

const project = "demo-test"

const toolkit = "/identitytoolkit.googleapis.com/v1/"

// server is a server with a listener.
type server struct {
	*auth.Server
	clock *clock.Clock
	url   string
	host  string
	logs  *logBuffer
}

// logBuffer is a log that is safe for concurrent use.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start starts a server that stops with the test.
func start(t testing.TB, set ...func(*auth.Config)) *server {
	t.Helper()
	s := &server{clock: clock.New(), logs: &logBuffer{}}
	cfg := auth.Config{
		Clock: s.clock, Project: project,
		Logger: slog.New(slog.NewTextHandler(s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range set {
		f(&cfg)
	}
	var err error
	if s.Server, err = auth.New(cfg); err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(cors.New(nil, nil).Handler(s.Server))
	t.Cleanup(func() {
		listener.Close()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s.url, s.host = listener.URL, strings.TrimPrefix(listener.URL, "http://")
	return s
}

// object is a JSON object.
type object = map[string]any

// call sends a request, as a server if the path contains a project, otherwise with an API key. The
// body is JSON text or a value to encode.
func (s *server) call(t testing.TB, method, path string, body any) (status int, res object) {
	t.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = string(encoded)
	}
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if strings.Contains(path, "/projects/") {
		req.Header.Set("Authorization", "Bearer owner")
	} else {
		req.Header.Set("X-Goog-Api-Key", "key")
	}
	return s.do(t, req)
}

func (s *server) do(t testing.TB, req *http.Request) (status int, res object) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &res); err != nil {
		t.Fatalf("%s %s: %s is not JSON: %v", req.Method, req.URL.Path, text, err)
	}
	return resp.StatusCode, res
}

// client sends a client's request, which must succeed.
func (s *server) client(t testing.TB, verb string, body any) object {
	t.Helper()
	status, res := s.call(t, "POST", toolkit+"accounts:"+verb, body)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %v", verb, status, res)
	}
	return res
}

// admin sends a server's request, which must succeed.
func (s *server) admin(t testing.TB, verb string, body any) object {
	t.Helper()
	status, res := s.call(t, "POST", toolkit+"projects/"+project+"/accounts"+verb, body)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %v", verb, status, res)
	}
	return res
}

// message returns the message of an error response, or "".
func message(res object) string {
	e, _ := res["error"].(object)
	m, _ := e["message"].(string)
	return m
}
