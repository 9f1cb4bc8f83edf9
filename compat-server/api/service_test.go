package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/compat-server/account"
	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/compat-server/catalog"
	"heek.kr/heektime/compat-server/courselist"
	"heek.kr/heektime/compat-server/timetable"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/ratelimit"
)

// A caller that exceeds its limit must wait; others need not.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u, other := fx.signUp(t, "minsu"), fx.signUp(t, "other")
	now := fx.Clock.Now()
	limits := api.Limits{User: ratelimit.Limit{PerSecond: 0.5, Burst: 3}, Address: ratelimit.Limit{PerSecond: 1, Burst: 2}}
	fx.url = fx.serve(t, fx.server(t, options{now: func() time.Time { return now }, limits: limits}))
	from := func(address, bearer string) reply {
		req, err := http.NewRequestWithContext(t.Context(), "GET", fx.url+"/schools", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", "203.0.113.99, "+address) // the caller forged the first
		req.Header.Set("Authorization", "Bearer "+bearer)
		return send(t, req)
	}
	for name, c := range map[string]struct {
		address, bearer string
		allowed         int
		wait            string
	}{
		"signed out":                 {"192.0.2.1", "null", 2, "1"},
		"another address":            {"192.0.2.2", "null", 2, "1"},
		"bad token":                  {"192.0.2.3", "x", 2, "1"},
		"user":                       {"192.0.2.1", u.access, 3, "2"},
		"another user, same address": {"192.0.2.1", other.access, 3, "2"},
	} {
		for i := range c.allowed + 1 {
			r := from(c.address, c.bearer)
			limited := i == c.allowed
			if (r.status == 429) != limited || limited && (r.code(t) != "RQ005" || r.header.Get("Retry-After") != c.wait) {
				t.Errorf("%s, call %d: %d %s, Retry-After %s", name, i, r.status, r.body, r.header.Get("Retry-After"))
			}
		}
	}
	now = now.Add(2 * time.Second)
	if r := from("192.0.2.1", u.access); r.status != 200 {
		t.Errorf("after the wait: %d %s", r.status, r.body)
	}
}

// A long list counts as several calls.
func TestManyDocumentsCountAsManyCalls(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	fx.fill(t, u.id, 50, 10, 0) // 550 documents: 1 call, plus 5
	now := fx.Clock.Now()
	limits := api.Limits{User: ratelimit.Limit{PerSecond: 1, Burst: 13}, Address: api.PerSecond(1)}
	fx.url = fx.serve(t, fx.server(t, options{now: func() time.Time { return now }, limits: limits}))
	for i, want := range []int{200, 200, 200, 429} {
		r := call(t, "GET", fx.url+"/users/"+u.id+"/timetables", u.access, nil)
		if r.status != want || want == 429 && r.header.Get("Retry-After") != "6" {
			t.Errorf("call %d: %d, Retry-After %s", i, r.status, r.header.Get("Retry-After"))
		}
	}
}

// logLines parses log lines.
func logLines(t *testing.T, text string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		all = append(all, fields)
	}
	return all
}

// The log shows which versions of which apps still make calls.
func TestCallsByClientVersion(t *testing.T) {
	t.Parallel()
	fx := newFixtureWithoutServer(t)
	var log bytes.Buffer // not locked: the calls are sequential
	unlimited := ratelimit.Limit{PerSecond: 1e6, Burst: 1e6}
	s := fx.server(t, options{log: logging.New(&log, fx.Project), limits: api.Limits{User: unlimited, Address: unlimited}})
	do := func(agent string) {
		r := httptest.NewRequest("GET", "/apis/v2/schools", nil)
		r.Header.Set("User-Agent", agent)
		r.Header.Set("X-Request-Id", "abc-1")
		response := httptest.NewRecorder()
		s.ServeHTTP(response, r)
		header := response.Header()
		if header.Get("X-Request-Id") != "abc-1" || header.Get("X-HeekTime-Deprecated") != "2027-08-31" {
			t.Errorf("headers: %v", header)
		}
	}
	for agent, want := range map[string]string{
		"HeekTime/1.4.2 CFNetwork/711.3.18 Darwin/14.0.0": "HeekTime/1.4.2",
		"Mozilla/5.0 (Windows NT 10.0) Chrome/99":         "browser",
		"":                       "none",
		"curl":                   "curl",
		strings.Repeat("x", 500): "other",
		"a\nb/1":                 "other",
		"한글/1":                   "other",
		"okhttp/4.9":             "okhttp/4.9",
	} {
		log.Reset()
		do(agent)
		got := logLines(t, log.String())
		if len(got) != 1 || got[0]["client"] != want || got[0]["call"] != "GET /apis/v2/schools" ||
			got[0]["status"] != 200.0 || got[0]["request"] != "abc-1" {
			t.Errorf("User-Agent %q: %v", agent, got)
		}
	}
	for i := range 200 {
		do(fmt.Sprintf("App%d/1.0", i))
	}
	log.Reset()
	fx.Clock.Advance(11 * time.Minute)
	do("HeekTime/1.4.2")
	got := logLines(t, log.String())
	counts, _ := got[0]["calls"].(map[string]any)
	total := 0.0
	for _, n := range counts {
		total += n.(float64)
	}
	if len(counts) > 51 || total != 209 || counts["HeekTime/1.4.2"] != 2.0 || counts["other"].(float64) < 100 {
		t.Errorf("counts: %v", counts)
	}
	do("HeekTime/1.4.2")
	log.Reset()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := logLines(t, log.String()); len(got) != 1 || got[0]["calls"].(map[string]any)["HeekTime/1.4.2"] != 1.0 {
		t.Errorf("after Close: %v", got)
	}
}

// TestOpen runs the service as in production, configured by environment variables. It is not
// parallel because the client libraries read the process's environment.
func TestOpen(t *testing.T) {
	fx := newFixtureWithoutServer(t)
	variables := fx.Environment()
	for name, value := range settings() {
		variables[name] = value
	}
	for _, name := range []string{"FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST", "STORAGE_EMULATOR_HOST"} {
		t.Setenv(name, variables[name])
	}
	variables["GOOGLE_CLOUD_PROJECT"] = fx.Project
	service, err := api.Open(t.Context(), environment.Map(variables), logging.New(&logged, fx.Project))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(service.Handler)
	defer srv.Close()
	fx.url = srv.URL + "/apis/v2"
	u := fx.signUp(t, "minsu")
	fx.addLecture(t, u, fx.makeTimetable(t, u, oldKorea, "시간표").ID, dataLecture())
	if r := get(t, fx.url+fx.listPath(t), nil); r.status != 200 {
		t.Errorf("course list: %d %s", r.status, r.body)
	}
	if err := service.Close(); err != nil {
		t.Error(err)
	}
}

// settings returns valid settings.
func settings() map[string]string {
	return map[string]string{
		"GOOGLE_CLOUD_PROJECT": "demo-test", "FIREBASE_API_KEY": "key", "TOKEN_KEY": currentKey, "TOKEN_KEY_OLD": oldKey,
		"PUBLIC_URL": publicURL, "END_DATE": "2027-08-31", "PASSWORD_ROUNDS": "1000",
	}
}

// Open's errors name the invalid variable and do not leak keys.
func TestOpenNamesInvalidVariable(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"GOOGLE_CLOUD_PROJECT": {""}, "FIREBASE_API_KEY": {""}, "TOKEN_KEY": {"", "short"}, "TOKEN_KEY_OLD": {"short"},
		"PUBLIC_URL": {"", "heektime.example", "https://heektime.example/"}, "END_DATE": {"", "31.8.2027"}, "TRUSTED_PROXIES": {"x", "0.0.0.0/0"},
		"CALLS_PER_USER": {"0"}, "CALLS_PER_ADDRESS": {"-1"}, "PASSWORD_ROUNDS": {"0"},
	} {
		for _, value := range values {
			variables := settings()
			variables[name] = value
			_, err := api.Open(t.Context(), environment.Map(variables), logging.New(&logged, "p"))
			if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), currentKey) {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
	}
}

func TestNewNamesMissingDependency(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		errOf(account.New(account.Config{})), errOf(catalog.New(nil, nil, nil)), errOf(courselist.New(nil)), errOf(timetable.New(nil, nil)),
		errOf(api.New(api.Config{})),
		errOf(api.New(api.Config{PublicURL: publicURL, EndDate: time.Now(), Limits: api.DefaultLimits()})),
	} {
		if err == nil || !strings.Contains(err.Error(), "need") {
			t.Errorf("error %v does not name the missing dependency", err)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

// A panic or an unexpected error still produces a response, which does not leak its text.
func TestUnexpectedErrors(t *testing.T) {
	t.Parallel()
	fx := newFixtureWithoutServer(t)
	s := fx.server(t, options{})
	s.Add("GET", "/panics", func() error { panic("internal detail") })
	s.Add("GET", "/fails", func() error { return errors.New("internal detail") })
	s.Add("GET", "/waits", func() error { return fmt.Errorf("internal detail: %w", context.DeadlineExceeded) })
	fx.url = fx.serve(t, s)
	for path, want := range map[string]string{"/panics": "500 SV001", "/fails": "500 SV001", "/waits": "503 SV002"} {
		r := call(t, "GET", fx.url+path, "", nil)
		if got := fmt.Sprint(r.status, " ", r.code(t)); got != want || strings.Contains(r.body, "internal detail") {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}

// Retry-After is a whole number of seconds, rounded up.
func TestRetryAfterIsRoundedUp(t *testing.T) {
	t.Parallel()
	fx := newFixtureWithoutServer(t)
	now := fx.Clock.Now()
	limits := api.Limits{User: ratelimit.Limit{PerSecond: 1, Burst: 1}, Address: ratelimit.Limit{PerSecond: 0.3, Burst: 1}}
	fx.url = fx.serve(t, fx.server(t, options{now: func() time.Time { return now }, limits: limits}))
	call(t, "GET", fx.url+"/schools", "", nil)
	r := call(t, "GET", fx.url+"/schools", "", nil)
	if n, err := strconv.Atoi(r.header.Get("Retry-After")); err != nil || n != 4 {
		t.Errorf("Retry-After is %q, want 4", r.header.Get("Retry-After"))
	}
}
