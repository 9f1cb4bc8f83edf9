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
)

// Whoever calls too often waits; others do not.
func TestLimitsOfCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, other := w.signUp(t, "minsu"), w.signUp(t, "other")
	now := w.Clock.Now()
	w.url = w.serve(t, w.server(t, options{now: func() time.Time { return now }, limits: api.Limits{User: api.Limit{PerSecond: 0.5, Burst: 3}, Address: api.Limit{PerSecond: 1, Burst: 2}}}))
	from := func(address, bearer string) reply {
		req, err := http.NewRequestWithContext(t.Context(), "GET", w.url+"/schools", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", "203.0.113.99, "+address) // the first is the caller's own invention
		req.Header.Set("Authorization", "Bearer "+bearer)
		return send(t, req)
	}
	for name, c := range map[string]struct {
		address, bearer string
		free            int
		wait            string
	}{
		"nobody":              {"192.0.2.1", "null", 2, "1"},
		"elsewhere":           {"192.0.2.2", "null", 2, "1"},
		"with a bad token":    {"192.0.2.3", "x", 2, "1"},
		"a user":              {"192.0.2.1", u.access, 3, "2"},
		"another, from there": {"192.0.2.1", other.access, 3, "2"},
	} {
		for i := range c.free + 1 {
			r := from(c.address, c.bearer)
			limited := i == c.free
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

// A list of very many documents counts as several calls.
func TestManyDocumentsCountAsManyCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.signUp(t, "minsu")
	w.fill(t, u.id, 50, 10, 0) // 550 documents: 1 call and 5 more
	now := w.Clock.Now()
	w.url = w.serve(t, w.server(t, options{now: func() time.Time { return now }, limits: api.Limits{User: api.Limit{PerSecond: 1, Burst: 13}, Address: api.PerSecond(1)}}))
	for i, want := range []int{200, 200, 200, 429} {
		if r := call(t, "GET", w.url+"/users/"+u.id+"/timetables", u.access, nil); r.status != want || want == 429 && r.header.Get("Retry-After") != "6" {
			t.Errorf("%d: %d, Retry-After %s", i, r.status, r.header.Get("Retry-After"))
		}
	}
}

// lines are log lines.
func lines(t *testing.T, text string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, fields)
	}
	return all
}

// The log says which versions of which apps still call.
func TestCallsByClientVersion(t *testing.T) {
	t.Parallel()
	w := bareWorld(t)
	var log bytes.Buffer // one call after the other writes it
	s := w.server(t, options{log: logging.New(&log, w.Project), limits: api.Limits{User: api.Limit{PerSecond: 1e6, Burst: 1e6}, Address: api.Limit{PerSecond: 1e6, Burst: 1e6}}})
	do := func(agent string) {
		r := httptest.NewRequest("GET", "/apis/v2/schools", nil)
		r.Header.Set("User-Agent", agent)
		r.Header.Set("X-Request-Id", "abc-1")
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, r)
		if answer.Header().Get("X-Request-Id") != "abc-1" || answer.Header().Get("X-HeekTime-Deprecated") != "2027-08-31" {
			t.Errorf("headers: %v", answer.Header())
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
		got := lines(t, log.String())
		if len(got) != 1 || got[0]["client"] != want || got[0]["call"] != "GET /apis/v2/schools" || got[0]["status"] != 200.0 || got[0]["request"] != "abc-1" {
			t.Errorf("%q: %v", agent, got)
		}
	}
	for i := range 200 {
		do(fmt.Sprintf("App%d/1.0", i))
	}
	log.Reset()
	w.Clock.Advance(11 * time.Minute)
	do("HeekTime/1.4.2")
	got := lines(t, log.String())
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
	if got := lines(t, log.String()); len(got) != 1 || got[0]["calls"].(map[string]any)["HeekTime/1.4.2"] != 1.0 {
		t.Errorf("at the end: %v", got)
	}
}

// The whole service, as its process is made: it finds the cloud in the environment. Not parallel, as the environment is the
// process's.
func TestOpen(t *testing.T) {
	w := bareWorld(t)
	variables := w.Environment()
	for name, value := range settings() {
		variables[name] = value
	}
	for _, name := range []string{"FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST", "STORAGE_EMULATOR_HOST"} {
		t.Setenv(name, variables[name])
	}
	variables["GOOGLE_CLOUD_PROJECT"] = w.Project
	service, err := api.Open(t.Context(), environment.Map(variables), logging.New(&logged, w.Project))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(service.Handler)
	defer srv.Close()
	w.url = srv.URL + "/apis/v2"
	u := w.signUp(t, "minsu")
	w.addLecture(t, u, w.makeTimetable(t, u, oldKorea, "시간표").ID, dataLecture())
	if r := get(t, w.url+w.listPath(t), nil); r.status != 200 {
		t.Errorf("list: %d %s", r.status, r.body)
	}
	if err := service.Close(); err != nil {
		t.Error(err)
	}
}

// settings are good ones.
func settings() map[string]string {
	return map[string]string{
		"GOOGLE_CLOUD_PROJECT": "demo-test", "FIREBASE_API_KEY": "key", "TOKEN_KEY": keyNow, "TOKEN_KEY_OLD": keyBefore,
		"PUBLIC_URL": publicURL, "END_DATE": "2027-08-31", "PASSWORD_ROUNDS": "1000",
	}
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"GOOGLE_CLOUD_PROJECT": {""}, "FIREBASE_API_KEY": {""}, "TOKEN_KEY": {"", "short"}, "TOKEN_KEY_OLD": {"short"},
		"PUBLIC_URL": {"", "heektime.example", "https://heektime.example/"}, "END_DATE": {"", "31.8.2027"}, "FORWARDED_HOPS": {"x"}, "CALLS_PER_USER": {"0"}, "CALLS_PER_ADDRESS": {"-1"}, "PASSWORD_ROUNDS": {"0"},
	} {
		for _, value := range values {
			variables := settings()
			variables[name] = value
			_, err := api.Open(t.Context(), environment.Map(variables), logging.New(&logged, "p"))
			if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), keyNow) {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		second(account.New(account.Config{})), second(catalog.New(nil, nil, nil)), second(courselist.New(nil)), second(timetable.New(nil, nil)),
		second(api.New(api.Config{})),
		second(api.New(api.Config{PublicURL: publicURL, EndDate: time.Now(), Limits: api.DefaultLimits()})),
	} {
		if err == nil || !strings.Contains(err.Error(), "need") {
			t.Error(err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// A call that panics, or ends in an error that nobody thought of, is answered, and tells nothing of it.
func TestUnforeseenErrors(t *testing.T) {
	t.Parallel()
	w := bareWorld(t)
	s := w.server(t, options{})
	s.Add("GET", "/panics", func() error { panic("the inside") })
	s.Add("GET", "/fails", func() error { return errors.New("the inside") })
	s.Add("GET", "/waits", func() error { return fmt.Errorf("the inside: %w", context.DeadlineExceeded) })
	w.url = w.serve(t, s)
	for path, want := range map[string]string{"/panics": "500 SV001", "/fails": "500 SV001", "/waits": "503 SV002"} {
		r := call(t, "GET", w.url+path, "", nil)
		if got := fmt.Sprint(r.status, " ", r.code(t)); got != want || strings.Contains(r.body, "inside") {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}

// Retry-After is a whole number of seconds, and not too early.
func TestRetryAfterIsANumber(t *testing.T) {
	t.Parallel()
	w := bareWorld(t)
	now := w.Clock.Now()
	w.url = w.serve(t, w.server(t, options{now: func() time.Time { return now }, limits: api.Limits{User: api.Limit{PerSecond: 1, Burst: 1}, Address: api.Limit{PerSecond: 0.3, Burst: 1}}}))
	call(t, "GET", w.url+"/schools", "", nil)
	r := call(t, "GET", w.url+"/schools", "", nil)
	if n, err := strconv.Atoi(r.header.Get("Retry-After")); err != nil || n != 4 {
		t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
	}
}
