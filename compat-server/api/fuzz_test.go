package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/internal/loginthrottle"
)

// fuzzed is a server that limits nothing, and a user with a timetable.
func fuzzed(f *testing.F) (*world, *api.Server, user, timetableAnswer) {
	w := newWorld(f)
	u := w.signUp(f, "minsu")
	made := w.makeTimetable(f, u, oldKorea, "시간표")
	limits, free := loginthrottle.DefaultLimits(), api.Limit{PerSecond: 1e9, Burst: 1 << 30}
	limits.Pair.Free, limits.Client.Free, limits.Address.Free = 1<<30, 1<<30, 1<<30
	return w, w.server(f, options{attempts: &limits, limits: api.Limits{User: free, Address: free}}), u, made
}

// check refuses what no answer may be.
func check(t *testing.T, r *http.Request, answer *httptest.ResponseRecorder) {
	t.Helper()
	body := answer.Body.Bytes()
	if answer.Code >= 500 || len(body) > 0 && (answer.Header().Get("Content-Type") != "application/json" || !json.Valid(body)) {
		t.Errorf("%s %q: %d %v %s", r.Method, r.URL, answer.Code, answer.Header(), body)
	}
}

// No body makes the server fail, and what gets through the rules take: the judge looks.
func FuzzBody(f *testing.F) {
	w, s, u, made := fuzzed(f)
	lecture := w.addLecture(f, u, made.ID, dataLecture())
	calls := [][2]string{
		{"POST", "/users"}, {"POST", "/auth/token"}, {"POST", "/auth/refresh-token"}, {"POST", "/me/timetables"},
		{"POST", "/me/timetables/" + made.ID + "/lectures"}, {"PUT", "/me/timetables/" + made.ID + "/lectures/" + lecture.ID},
	}
	text, err := json.Marshal(dataLecture())
	if err != nil {
		f.Fatal(err)
	}
	for i, body := range []string{
		`{"username":"newuser","password":"password","name":"이름"}`, `{"username":"minsu","password":"x"}`, `{"refresh_token":"` + u.refresh + `"}`,
		`{"semester_id":"` + oldKorea + `","title":"x"}`, string(text), `{"title":"x","credit":1e308,"times":[{"weekday":1,"timeBegin":1,"timeEnd":2}],"tags":[{"name":"\ud800"}]}`,
	} {
		f.Add(i, body)
	}
	f.Fuzz(func(t *testing.T, which int, body string) {
		c := calls[uint(which)%uint(len(calls))]
		r := httptest.NewRequest(c[0], "/apis/v2"+c[1], strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+u.access)
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, r)
		check(t, r, answer)
	})
}

// No path, token or name of an app makes the server fail.
func FuzzRequest(f *testing.F) {
	_, s, u, made := fuzzed(f)
	for _, path := range []string{
		"/semesters/" + oldKorea + "/lectures-url", "/username/minsu", "/users/" + u.id + "/timetables", "/me/timetables/" + made.ID + "/lectures/x",
		"/lists/a/b/c.json", "/users/__a__/timetables", "/username/%00%ff", "/semesters//lectures-url",
	} {
		f.Add("GET", path, "Bearer null", "HeekTime/1.0")
		f.Add("DELETE", path, "Bearer "+u.access, "")
	}
	f.Fuzz(func(t *testing.T, method, path, authorization, agent string) {
		target, err := url.ParseRequestURI("/apis/v2" + path)
		if err != nil || method == "" || method == "HEAD" {
			return // net/http does not let it through, and sends no body to HEAD
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.URL, r.RequestURI = method, target, "/apis/v2"+path
		r.Header.Set("Authorization", authorization)
		r.Header.Set("User-Agent", agent)
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, r)
		check(t, r, answer)
	})
}
