package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"heek.kr/heektime/internal/faulttest"
)

// TestInterruptedSignUp kills a sign-up, or fails a call of it, at each of its calls to the cloud.
// The next sign-up or sign-in must complete it, leaving one account with two documents.
func TestInterruptedSignUp(t *testing.T) {
	t.Parallel()
	for _, kind := range faulttest.Faults() {
		for _, next := range []string{"/users", "/auth/token"} {
			t.Run(kind.String()+", then "+next, func(t *testing.T) {
				t.Parallel()
				for at := 0; ; at++ {
					if calls := interruptSignUp(t, kind, at, next); at >= len(calls) {
						if at < 7 {
							t.Errorf("a sign-up made only %d calls: %v", at, calls)
						}
						return
					}
				}
			})
		}
	}
}

func interruptSignUp(t *testing.T, kind faulttest.Fault, at int, next string) (calls []string) {
	t.Helper()
	fx := newFixtureWithoutServer(t)
	p, ctx := faulttest.New(t.Context(), kind, at)
	proxy := p.Proxy(fx.AuthAddress())
	defer proxy.Close()
	interrupted := fx.server(t, options{authAddress: strings.TrimPrefix(proxy.URL, "http://"), dial: p.DialOptions()})
	body := map[string]string{"username": "minsu", "password": secret, "name": "김민수"}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRecorder()
	interrupted.ServeHTTP(r, httptest.NewRequestWithContext(ctx, "POST", "/apis/v2/users", bytes.NewReader(text)))
	calls = p.Calls()
	where := fmt.Sprintf("%v at call %d", kind, at)
	if at < len(calls) {
		where += " (" + calls[at] + ")"
	}
	if r.Code != 201 && r.Code != 503 && r.Code != 500 {
		t.Errorf("%s: %d %s", where, r.Code, r.Body)
	}
	fx.url = fx.serve(t, fx.server(t, options{}))
	again := call(t, "POST", fx.url+next, "", body)
	switch {
	case next == "/users" && again.status != 201 && again.status != 409:
		t.Errorf("%s: retry: %d %s", where, again.status, again.body)
	case next == "/auth/token" && again.status != 200 && again.status != 401:
		t.Errorf("%s: retry: %d %s", where, again.status, again.body)
	}
	if next == "/auth/token" && again.status == 401 { // the account was not created
		call(t, "POST", fx.url+"/users", "", body)
	}
	u := fx.signIn(t, "minsu", secret)
	if users := fx.Auth.Users(fx.Project); len(users) != 1 {
		t.Errorf("%s: accounts: %v", where, users)
	}
	account, err := fx.admin.GetUser(t.Context(), u.id)
	if err != nil || next == "/users" && account.DisplayName != "김민수" {
		t.Errorf("%s: account: %+v, %v", where, account, err)
	}
	if r := call(t, "GET", fx.url+"/me", u.access, nil); r.status != 200 || !strings.Contains(r.body, `"minsu"`) {
		t.Errorf("%s: /me: %d %s", where, r.status, r.body)
	}
	index, err := fx.fs.Doc("indices/user/usernames/minsu").Get(t.Context())
	if err != nil || index.Data()["value"] != u.id {
		t.Errorf("%s: username index: %v, %v", where, index.Data(), err)
	}
	return calls
}

// When Authentication fails or sends nonsense, nobody is signed in or out, and clients are asked to
// retry.
func TestAuthenticationFails(t *testing.T) {
	t.Parallel()
	for name, misbehave := range map[string]http.HandlerFunc{
		"internal error": func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, `{}`, http.StatusInternalServerError) },
		"not JSON":       func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, "<html>") },
		"forbidden": func(rw http.ResponseWriter, _ *http.Request) {
			http.Error(rw, `{"error":{"message":"PERMISSION_DENIED"}}`, http.StatusForbidden)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t)
			u := fx.signUp(t, "minsu")
			bad := httptest.NewServer(misbehave)
			defer bad.Close()
			url := fx.serve(t, fx.server(t, options{authAddress: strings.TrimPrefix(bad.URL, "http://")}))
			for _, c := range []struct {
				method, path string
				body         any
			}{
				{"POST", "/users", map[string]string{"username": "newuser", "password": secret, "name": "이름"}},
				{"POST", "/auth/token", map[string]string{"username": "minsu", "password": secret}},
				{"POST", "/auth/refresh-token", map[string]string{"refresh_token": u.refresh}},
				{"GET", "/me", nil},
			} {
				r := call(t, c.method, url+c.path, u.access, c.body)
				if r.status != 503 || r.code(t) != "SV002" || r.header.Get("Retry-After") == "" {
					t.Errorf("%s: %d %s", c.path, r.status, r.body)
				}
			}
			for _, path := range []string{"/schools", "/users/" + u.id + "/timetables"} {
				if r := call(t, "GET", url+path, "null", nil); r.status != 200 {
					t.Errorf("%s: %d %s", path, r.status, r.body)
				}
			}
		})
	}
}

// When Firestore is unavailable, the cached schools are still served.
func TestFirestoreFails(t *testing.T) {
	t.Parallel()
	fx := newFixtureWithoutServer(t)
	p, _ := faulttest.New(t.Context(), faulttest.KillBefore, 2)
	fx.url = fx.serve(t, fx.server(t, options{dial: p.DialOptions()}))
	if r := call(t, "GET", fx.url+"/schools", "", nil); r.status != 200 {
		t.Fatalf("schools: %d %s", r.status, r.body)
	}
	fx.Clock.Advance(1 << 40) // 18 minutes: the cache has expired
	if r := call(t, "GET", fx.url+"/schools", "", nil); r.status != 200 {
		t.Errorf("with an expired cache: %d %s", r.status, r.body)
	}
	if r := call(t, "GET", fx.url+"/username/minsu", "", nil); r.status/100 != 5 || !strings.HasPrefix(r.code(t), "SV") {
		t.Errorf("user by username: %d %s", r.status, r.body)
	}
}
