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

// server is one that listens.
type server struct {
	*auth.Server
	clock *clock.Clock
	url   string
	host  string
	logs  *logBuffer
}

// logBuffer takes lines while it is read.
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
	listener := httptest.NewServer(cors.Handler(s.Server, nil))
	t.Cleanup(func() {
		listener.Close()
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s.url, s.host = listener.URL, strings.TrimPrefix(listener.URL, "http://")
	return s
}

// object is JSON.
type object = map[string]any

// call makes a request with an API key, or as a server when the path is that of a project. body is JSON text or a value.
func (s *server) call(t testing.TB, method, path string, body any) (status int, answer object) {
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

func (s *server) do(t testing.TB, req *http.Request) (status int, answer object) {
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
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s %s: %s is no JSON: %v", req.Method, req.URL.Path, text, err)
	}
	return resp.StatusCode, answer
}

// client makes a client's call that must succeed.
func (s *server) client(t testing.TB, verb string, body any) object {
	t.Helper()
	status, answer := s.call(t, "POST", toolkit+"accounts:"+verb, body)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %v", verb, status, answer)
	}
	return answer
}

// admin makes a server's call that must succeed.
func (s *server) admin(t testing.TB, verb string, body any) object {
	t.Helper()
	status, answer := s.call(t, "POST", toolkit+"projects/"+project+"/accounts"+verb, body)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %v", verb, status, answer)
	}
	return answer
}

// message is that of an error.
func message(answer object) string {
	e, _ := answer["error"].(object)
	m, _ := e["message"].(string)
	return m
}
