package shadowread_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"heek.kr/heektime/internal/migration/shadowread"
)

// server responds to requests with fixed bodies, as compat-server if deprecated is true.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	bodies map[string]string // by path, or by path and token
	calls  []string
}

const (
	schools    = `[{"id":"korea","name":"고려대학교","semesters":[{"id":"korea/2022-2학기","year":2022,"term":"2학기"}]}]`
	user       = `{"id":"u1","username":"minsu"}`
	timetables = `[{"id":"t1","title":"1학기","user":{"id":"u1"},"semester":{"id":"korea/2022-2학기","year":2022,"term":"2학기",
		"school":{"id":"korea","name":"고려대학교"}},"lectures":[
		{"id":"l1","identifier":"A-01","title":"데이터베이스","professor":null,"credit":3,"category":["전공","필수"],"tags":[{"name":"영강"},{"name":"온라인"}],
		 "times":[{"weekday":1,"timeBegin":540,"timeEnd":615,"room":null,"periodBegin":1,"periodEnd":1},{"weekday":0,"timeBegin":540,"timeEnd":615,"room":"1"}]},
		{"id":"l2","identifier":"B-01","title":"운영체제","professor":"정","credit":3,"category":[],"tags":[],"times":[]}]}]`
	// The same without what may differ.
	newSchools    = `[{"id":"korea","semesters":[{"term":"2학기","id":"korea/2022-0900","year":2022}],"name":"고려대학교"}]`
	newTimetables = `[{"id":"t1","title":"1학기","user":{"id":"u1"},"semester":{"id":"korea/2022-0900","year":2022,"term":"2학기",
		"school":{"id":"korea","name":"고려대학교"}},"lectures":[
		{"id":"l2","identifier":"B-01","title":"운영체제","professor":"정","credit":3.0,"category":[],"tags":[],"times":[]},
		{"id":"l1","identifier":"A-01","title":"데이터베이스","professor":"","credit":3,"category":["전공","필수"],"tags":[{"name":"온라인"},{"name":"영강"}],
		 "times":[{"weekday":0,"timeBegin":540,"timeEnd":615,"room":"1","periodBegin":1,"periodEnd":1},{"weekday":1,"timeBegin":540,"timeEnd":615,"room":""}]}]}]`
)

func start(t *testing.T, deprecated bool, schools, timetables string) *server {
	t.Helper()
	s := &server{bodies: map[string]string{
		"/apis/v2/schools": schools, "/apis/v2/username/minsu": user, "/apis/v2/me": user,
		"/apis/v2/semesters/korea/2022-2%ED%95%99%EA%B8%B0/lectures-url": `{"url":"https://lists.example/` + fmt.Sprint(deprecated) + `"}`,
		"/apis/v2/users/u1/timetables":                                   timetables,
	}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		s.mu.Lock()
		s.calls = append(s.calls, path+" "+r.Header.Get("Authorization"))
		body, ok := s.bodies[path]
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if deprecated {
			w.Header().Set("X-HeekTime-Deprecated", "2027-02-28")
		}
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			body = fmt.Sprintf(`{"code":"%v","message":"none"}`, deprecated)
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) set(path, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies[path] = body
}

func config(older, newer *server) shadowread.Config {
	return shadowread.Config{
		Old: older.URL, New: newer.URL + "/apis/v2", Users: []shadowread.User{{ID: "u1", Username: "minsu"}, {ID: "gone", Username: "a/b?"}},
		Tokens: func(_ context.Context, uid string) (shadowread.Tokens, error) {
			return shadowread.Tokens{Old: "token-" + uid, New: "new-" + uid}, nil
		},
	}
}

func run(t *testing.T, cfg shadowread.Config) *shadowread.Report {
	t.Helper()
	report, err := shadowread.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// Order, ids of semesters, the places of lists, null and periods may differ.
func TestEqual(t *testing.T) {
	older, newer := start(t, false, schools, timetables), start(t, true, newSchools, newTimetables)
	report := run(t, config(older, newer))
	if report.Requests != 10 || report.Equal != 10 || len(report.Groups) != 0 {
		text, _ := json.MarshalIndent(report, "", " ")
		t.Errorf("equal responses: %s", text)
	}
	for token, s := range map[string]*server{"token-": older, "new-": newer} {
		calls := strings.ReplaceAll(strings.Join(s.calls, "\n"), token, "token-")
		for _, want := range []string{"/users/u1/timetables Bearer token-u1", "/users/u1/timetables Bearer null", "/users/gone/timetables Bearer token-u1",
			"/username/a%2Fb%3F Bearer null", "/me Bearer token-gone"} {
			if !strings.Contains(calls, want) {
				t.Errorf("no call %s in\n%s", want, calls)
			}
		}
	}
}

// Each kind of difference is found, and only that.
func TestDifferences(t *testing.T) {
	older, newer := start(t, false, schools, timetables), start(t, true, newSchools, newTimetables)
	const list = "/apis/v2/users/u1/timetables"
	for _, c := range []struct{ name, path, from, to, field, was, is string }{
		{"a title", list, "데이터베이스", "데이터 베이스", "lecture.title", `"데이터베이스"`, `"데이터 베이스"`},
		{"a number as text", list, `"credit":3,`, `"credit":"3",`, "lecture.credit", "3", `"3"`},
		{"another order of categories", list, `["전공","필수"]`, `["필수","전공"]`, "lecture.category", `["전공","필수"]`, `["필수","전공"]`},
		{"a lost tag", list, `,{"name":"영강"}`, "", "lecture.tags", `["영강","온라인"]`, `["온라인"]`},
		{"another minute", list, `"timeEnd":615,"room":"1"`, `"timeEnd":616,"room":"1"`, "lecture.times", "615", "616"},
		{"a lost lecture", list, `"id":"l2"`, `"id":"l3"`, "lecture", "운영체제", "nothing"},
		{"null lectures", list, newTimetables, `[{"id":"t1","title":"1학기","lectures":null}]`, "timetable.lectures", "a list", "null"},
		{"a lost timetable", list, newTimetables, `[]`, "timetable", "1학기", "nothing"},
		{"a timetable of somebody else", list, `"user":{"id":"u1"}`, `"user":{"id":"u2"}`, "timetable.user.id", `"u1"`, `"u2"`},
		{"another term", list, `"term":"2학기"`, `"term":"가을학기"`, "timetable.semester.term", `"2학기"`, `"가을학기"`},
		{"a semester of another school", list, `"id":"korea/2022-0900"`, `"id":"x/2022-0900"`, "timetable.semester.id", `"korea"`, `"x"`},
		{"a renamed user", "/apis/v2/username/minsu", "minsu", "minsu-1", "username", `"minsu"`, `"minsu-1"`},
		{"a lost semester", "/apis/v2/schools", `"year":2022`, `"year":2023`, "semester", "korea", "nothing"},
		{"a lost list", "/apis/v2/semesters/korea/2022-2%ED%95%99%EA%B8%B0/lectures-url", "https://lists.example/true", "", "url", "true", "false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := newer.bodies[c.path]
			changed := strings.Replace(body, c.from, c.to, 1)
			newer.set(c.path, changed)
			defer newer.set(c.path, body)
			report := run(t, config(older, newer))
			for _, g := range report.Groups {
				if semester := "korea/2022-2학기"; (c.field == "semester" || c.field == "url") && g.Field == c.field && g.Example.Object != semester {
					continue // the rule that explains it depends on the id
				}
				if g.Field == c.field && strings.Contains(g.Example.Old, c.was) && strings.Contains(g.Example.New, c.is) {
					return
				}
			}
			t.Errorf("no %s %s → %s in %+v", c.field, c.was, c.is, report.Groups)
		})
	}
}

// A difference that has disappeared, or has become another one, does not count.
func TestSettle(t *testing.T) {
	older, newer := start(t, false, schools, timetables), start(t, true, newSchools, newTimetables)
	newer.set("/apis/v2/users/u1/timetables", `[]`)
	newer.set("/apis/v2/username/minsu", `{"id":"u1","username":"stays"}`)
	cfg := config(older, newer)
	var settled atomic.Int32
	cfg.Settle = func(context.Context) error {
		settled.Add(1)
		newer.set("/apis/v2/users/u1/timetables", newTimetables)
		return nil
	}
	cfg.Explain = func(d shadowread.Difference) string {
		if d.Field == "username" && d.UID == "u1" {
			return "renamed"
		}
		return ""
	}
	report := run(t, cfg)
	if len(report.Groups) != 1 || report.Groups[0].Rule != "renamed" || report.Groups[0].Count != 1 || report.Unexplained() != 0 {
		t.Errorf("groups: %+v", report.Groups)
	}
	if n := int(settled.Load()); n != report.Settled || report.Equal+report.Settled+1 != report.Requests {
		t.Errorf("settled %d times: %+v", n, report)
	}
}

// A compat-server that passes requests through would make the old server equal to itself.
func TestPassThrough(t *testing.T) {
	older := start(t, false, schools, timetables)
	if _, err := shadowread.Run(t.Context(), config(older, older)); err == nil || !strings.Contains(err.Error(), "OLD_SERVER_URL") {
		t.Errorf("comparing the old server with itself: %v", err)
	}
	cfg := config(older, older)
	cfg.Old = "example.com"
	if _, err := shadowread.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "https://host") {
		t.Errorf("an address without a scheme: %v", err)
	}
}

// A request that a server rejects for now is repeated.
func TestTooManyRequests(t *testing.T) {
	older, newer := start(t, false, schools, timetables), start(t, true, newSchools, newTimetables)
	var calls atomic.Int32
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1)%3 == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		newer.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(busy.Close)
	cfg := config(older, newer)
	cfg.New, cfg.Users = busy.URL, nil
	if report := run(t, cfg); report.Equal != 2 || report.Requests != 2 {
		t.Errorf("with a busy server: %+v", report)
	}
}
