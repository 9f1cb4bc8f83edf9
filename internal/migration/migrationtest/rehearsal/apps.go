package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"heek.kr/heektime/internal/migration/migrationtest/olddata"
)

const (
	// numberOfApps write all the time, each a moment after its last request.
	numberOfApps = 5
	appPause     = 200 * time.Millisecond
	// reportInterval is how often the state of the apps is printed.
	reportInterval = time.Second
)

// statistics is what happened since the last report.
type statistics struct {
	mu       sync.Mutex
	total    int
	failed   int
	old, new int // responses of the old server and of others
	slowest  time.Duration
	last     string // the last failure
}

// runApps uses the legacy API of a server as old apps do, until ctx ends. An app that sees an error says so and
// goes on.
func runApps(ctx context.Context, w io.Writer, url string, data *olddata.Generator) error {
	s := &statistics{}
	var wg sync.WaitGroup
	for _, u := range cleanUsers(data, numberOfApps) {
		a := &app{url: url + "/apis/v2", s: s, user: u}
		wg.Go(func() { a.live(ctx) })
	}
	ticker := time.NewTicker(reportInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			wg.Wait()
			return nil
		case <-ticker.C:
			s.report(w)
		}
	}
}

func (s *statistics) report(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(w, "%s  %d requests, %d failed; now %d by the old server, %d by compat-server, the slowest in %d ms\n",
		time.Now().Format(time.TimeOnly), s.total, s.failed, s.old, s.new, s.slowest.Milliseconds())
	if s.last != "" {
		fmt.Fprintf(w, "          %s\n", s.last)
	}
	s.old, s.new, s.slowest, s.last = 0, 0, 0, ""
}

// app is an old app of a user.
type app struct {
	url           string
	s             *statistics
	user          *olddata.User
	access, table string // an access token, and the id of a timetable of the user's
	lecture       string // the last one that was added
	n             int
}

func (a *app) live(ctx context.Context) {
	for ctx.Err() == nil {
		a.step(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(appPause):
		}
	}
}

// step signs in, makes a timetable, or adds, changes and deletes a lecture in turn.
func (a *app) step(ctx context.Context) {
	a.n++
	title := fmt.Sprintf("rehearsal %d", a.n)
	switch {
	case a.access == "":
		var tokens struct {
			Access string `json:"access_token"`
		}
		a.call(ctx, "POST", "/auth/token", map[string]string{"username": *a.user.Username, "password": a.user.Password}, &tokens)
		a.access = tokens.Access
	case a.table == "":
		var created struct{ ID string }
		a.call(ctx, "POST", "/me/timetables", map[string]string{"semester_id": "korea_univ_anam/2022-2학기", "title": title}, &created)
		a.table = created.ID
	case a.lecture == "":
		var created struct{ ID string }
		a.call(ctx, "POST", a.lectures(), lectureTitled(title), &created)
		a.lecture = created.ID
	case a.n%3 == 0:
		a.call(ctx, "DELETE", a.lectures()+"/"+a.lecture, nil, nil)
		a.lecture = ""
	default:
		a.call(ctx, "PUT", a.lectures()+"/"+a.lecture, lectureTitled(title), nil)
	}
}

func (a *app) lectures() string { return "/me/timetables/" + a.table + "/lectures" }

func lectureTitled(title string) map[string]any {
	return map[string]any{
		"identifier": "COSE101", "title": title, "professor": "홍길동", "credit": 3, "category": []string{"전공"}, "tags": []any{},
		"times": []map[string]any{{"weekday": 1, "timeBegin": 630, "timeEnd": 705, "room": "정보관"}},
	}
}

// call makes a request and decodes the response, unless into is nil. When the access token has expired, the next
// step signs in again.
func (a *app) call(ctx context.Context, method, path string, body, into any) {
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, a.url+path, bytes.NewReader(text))
	if err != nil {
		a.s.count("", 0, err)
		return
	}
	r.Header.Set("Content-Type", "application/json")
	if a.access != "" {
		r.Header.Set("Authorization", "Bearer "+a.access)
	}
	began := time.Now()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		if ctx.Err() == nil {
			a.s.count("", time.Since(began), err)
		}
		return
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
	case response.StatusCode == http.StatusUnauthorized && a.access != "":
		a.access = ""
	case response.StatusCode >= 300:
		err = fmt.Errorf("%s %s: %s %s", method, path, response.Status, bytes.TrimSpace(got))
	case into != nil:
		err = json.Unmarshal(got, into)
	}
	a.s.count(response.Header.Get("X-Old-Server"), time.Since(began), err)
}

// count counts a response. oldServer is not empty if it is the old server's.
func (s *statistics) count(oldServer string, took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total++
	s.slowest = max(s.slowest, took)
	switch {
	case err != nil:
		s.failed++
		s.last = err.Error()
	case oldServer != "":
		s.old++
	default:
		s.new++
	}
}
