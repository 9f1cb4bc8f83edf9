package main

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"heek.kr/heektime/emulator"
)

// TestPagesMayNotControlTheDemo checks that the demo university, which obeys anyone, is guarded from web
// pages as every other port is, and that dev's screen shows the reason.
func TestPagesMayNotControlTheDemo(t *testing.T) {
	var shown bytes.Buffer
	cloud, err := emulator.Open(emulator.Config{Logger: slog.New(&screen{out: &shown})})
	if err != nil {
		t.Fatal(err)
	}
	defer cloud.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &demoServer{listener: l, server: &http.Server{}}
	ended := make(chan struct{})
	go func() { s.serve(cloud); close(ended) }()
	for origin, want := range map[string]int{"": 400, "http://127.0.0.1:5055": 400, "https://evil.example.com": 403} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+l.Addr().String()+"/demo/fail", nil)
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("origin %q: %s, want %d", origin, response.Status, want)
		}
	}
	s.server.Close()
	<-ended
	if text := shown.String(); !strings.Contains(text, "https://evil.example.com") || strings.Contains(text, "5055") {
		t.Errorf("the screen shows:\n%s", text)
	}
}

// What nobody means in rules is on dev's screen; that everybody may read something is not.
func TestMistakesInRulesAreShown(t *testing.T) {
	var shown bytes.Buffer
	cloud, err := emulator.Open(emulator.Config{Logger: slog.New(&screen{out: &shown}), Rules: []byte(`rules_version = '2';
service cloud.firestore { match /databases/{d}/documents {
  match /a/{id} { allow get: if isOwner(); }
  match /b/{id} { allow get: if true; }
} }`)})
	if err != nil {
		t.Fatal(err)
	}
	defer cloud.Close()
	if text := shown.String(); !strings.Contains(text, "firestore.rules:3:33: warning: Invalid function name: isOwner") || strings.Contains(text, "everyone") {
		t.Errorf("the screen shows:\n%s", text)
	}
}
