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
	"heek.kr/heektime/internal/ratelimit"
)

// newFuzzTarget returns a server without rate limits and a user with a timetable.
func newFuzzTarget(f *testing.F) (*fixture, *api.Server, user, timetableResponse) {
	fx := newFixture(f)
	u := fx.signUp(f, "minsu")
	made := fx.makeTimetable(f, u, oldKorea, "시간표")
	limits, unlimited := loginthrottle.DefaultLimits(), ratelimit.Limit{PerSecond: 1e9, Burst: 1 << 30}
	limits.Pair.Free, limits.Network.Burst, limits.Address.Burst, limits.Register.Burst = 1<<30, 1<<30, 1<<30, 1<<30
	return fx, fx.server(f, options{attempts: &limits, limits: api.Limits{User: unlimited, Address: unlimited}}), u, made
}

// checkResponse fails the test if a response is a server error or not JSON.
func checkResponse(t *testing.T, r *http.Request, response *httptest.ResponseRecorder) {
	t.Helper()
	body := response.Body.Bytes()
	if response.Code >= 500 || len(body) > 0 && (response.Header().Get("Content-Type") != "application/json" || !json.Valid(body)) {
		t.Errorf("%s %q: %d %v %s", r.Method, r.URL, response.Code, response.Header(), body)
	}
}

// No request body makes the server fail, and the security rules allow every write that results; see
// [ruleChecker].
func FuzzBody(f *testing.F) {
	fx, s, u, made := newFuzzTarget(f)
	lecture := fx.addLecture(f, u, made.ID, dataLecture())
	calls := [][2]string{
		{"POST", "/users"}, {"POST", "/auth/token"}, {"POST", "/auth/refresh-token"}, {"POST", "/me/timetables"},
		{"POST", "/me/timetables/" + made.ID + "/lectures"}, {"PUT", "/me/timetables/" + made.ID + "/lectures/" + lecture.ID},
	}
	text, err := json.Marshal(dataLecture())
	if err != nil {
		f.Fatal(err)
	}
	for i, body := range []string{
		`{"username":"newuser","password":"password","name":"이름"}`, `{"username":"minsu","password":"x"}`,
		`{"refresh_token":"` + u.refresh + `"}`, `{"semester_id":"` + oldKorea + `","title":"x"}`, string(text),
		`{"title":"x","credit":1e308,"times":[{"weekday":1,"timeBegin":1,"timeEnd":2}],"tags":[{"name":"\ud800"}]}`,
	} {
		f.Add(i, body)
	}
	f.Fuzz(func(t *testing.T, which int, body string) {
		c := calls[uint(which)%uint(len(calls))]
		r := httptest.NewRequest(c[0], "/apis/v2"+c[1], strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+u.access)
		response := httptest.NewRecorder()
		s.ServeHTTP(response, r)
		checkResponse(t, r, response)
	})
}

// No path, token or User-Agent makes the server fail.
func FuzzRequest(f *testing.F) {
	_, s, u, made := newFuzzTarget(f)
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
			return // net/http rejects such URLs, and sends no body to HEAD
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.URL, r.RequestURI = method, target, "/apis/v2"+path
		r.Header.Set("Authorization", authorization)
		r.Header.Set("User-Agent", agent)
		response := httptest.NewRecorder()
		s.ServeHTTP(response, r)
		checkResponse(t, r, response)
	})
}
