package refresh_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/refresh"
)

const audience = "https://refresh.test"

// serve starts the service as deployed, with its caller check, and returns its URL.
func serve(t *testing.T, w *world) string {
	t.Helper()
	checker, err := oidcauth.NewChecker(oidcauth.Config{Audience: audience, Allowed: []string{tasksEmail}, CertsURL: w.CertsURL()})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(w.service(t, semesterID).Handler(checker))
	t.Cleanup(srv.Close)
	return srv.URL
}

func (w *world) token(t *testing.T, email, audience string) string {
	t.Helper()
	token, err := w.Identity.IDToken(t.Context(), email, audience)
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}

func post(t *testing.T, url, authorization string, body any) (int, []byte) {
	t.Helper()
	data, isBytes := body.([]byte)
	if !isBytes {
		var err error
		if data, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, text
}

func TestOnlyAllowedCallers(t *testing.T) {
	w := newWorld(t)
	w.createQueue(t)
	w.school.offer(semesterID, titles("판", 30)...)
	url := serve(t, w)
	for _, c := range []struct {
		name, authorization string
		want                int
	}{
		{"no token", "", 401},
		{"invalid token", "Bearer x", 401},
		{"other audience", w.token(t, tasksEmail, "https://other.test"), 401},
		{"other account", w.token(t, "stranger@demo-test.iam.gserviceaccount.com", audience), 403},
		{"Cloud Tasks", w.token(t, tasksEmail, audience), 200},
	} {
		for _, path := range []string{"/refresh", "/schedule"} {
			if status, body := post(t, url+path, c.authorization, w.task(semesterID)); status != c.want {
				t.Errorf("%s, %s: %d %s, want %d", c.name, path, status, body, c.want)
			}
		}
	}
	if n := w.school.requests(); n != 1 {
		t.Errorf("the school received %d requests, want 1", n)
	}
}

func TestStatusTellsCloudTasksWhetherToRetry(t *testing.T) {
	w := newWorld(t)
	w.school.offer(semesterID, titles("판", 30)...)
	url, token := serve(t, w), w.token(t, tasksEmail, audience)
	refused := func(body []byte) bool {
		var run refresh.Run
		return json.Unmarshal(body, &run) == nil && run.Outcome == refresh.Refused && run.Reason != ""
	}
	for name, body := range map[string]any{
		"malformed JSON": []byte("{"),
		"empty":          []byte(""),
		"unknown field":  []byte(`{"school":"a","semester":"2026-0900","slot":"2026-01-01T00:00:00Z","publish":true}`),
		"no slot":        []byte(`{"school":"a","semester":"2026-0900"}`),
		"no semester":    []byte(`{"school":"a","slot":"2026-01-01T00:00:00Z"}`),
		"too large":      []byte(`{"school":"` + strings.Repeat("a", 1<<20) + `"}`),
		"unknown school": refresh.Task{School: "없는대학교", Semester: semesterID, Slot: w.Clock.Now()},
	} {
		if status, response := post(t, url+"/refresh", token, body); status != 200 || !refused(response) {
			t.Errorf("%s: %d %s, want 200 and a reason", name, status, response)
		}
	}
	w.school.misbehave(func(w http.ResponseWriter, _ []byte) { http.Error(w, "down", http.StatusServiceUnavailable) })
	if status, response := post(t, url+"/refresh", token, w.task(semesterID)); status != 503 {
		t.Errorf("school down: %d %s, want 503", status, response)
	}
	w.school.misbehave(func(w http.ResponseWriter, _ []byte) { io.WriteString(w, "<html>") })
	if status, response := post(t, url+"/refresh", token, w.task(semesterID)); status != 200 {
		t.Errorf("error page: %d %s, want 200", status, response)
	}
	if status, _ := post(t, url+"/refresh/", token, w.task(semesterID)); status != 404 {
		t.Errorf("unknown path: %d, want 404", status)
	}
}
