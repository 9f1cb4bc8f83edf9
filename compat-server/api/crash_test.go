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

// A sign-up dies, or one of its calls fails, at each of its calls. The next one, or a sign-in, completes it: one account, with its
// two documents.
func TestSignUpDying(t *testing.T) {
	t.Parallel()
	for _, kind := range faulttest.Faults() {
		for _, next := range []string{"/users", "/auth/token"} {
			t.Run(kind.String()+", then "+next, func(t *testing.T) {
				t.Parallel()
				for at := 0; ; at++ {
					if calls := signUpDyingAt(t, kind, at, next); at >= len(calls) {
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

func signUpDyingAt(t *testing.T, kind faulttest.Fault, at int, next string) (calls []string) {
	t.Helper()
	w := bareWorld(t)
	p, ctx := faulttest.New(t.Context(), kind, at)
	proxy := p.Proxy(w.AuthAddress())
	defer proxy.Close()
	dying := w.server(t, options{authAddress: strings.TrimPrefix(proxy.URL, "http://"), dial: p.DialOptions()})
	body := map[string]string{"username": "minsu", "password": secret, "name": "김민수"}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRecorder()
	dying.ServeHTTP(r, httptest.NewRequestWithContext(ctx, "POST", "/apis/v2/users", bytes.NewReader(text)))
	calls = p.Calls()
	where := fmt.Sprintf("%v at call %d", kind, at)
	if at < len(calls) {
		where += " (" + calls[at] + ")"
	}
	if r.Code != 201 && r.Code != 503 && r.Code != 500 {
		t.Errorf("%s: %d %s", where, r.Code, r.Body)
	}
	w.url = w.serve(t, w.server(t, options{}))
	again := call(t, "POST", w.url+next, "", body)
	switch {
	case next == "/users" && again.status != 201 && again.status != 409:
		t.Errorf("%s: then %d %s", where, again.status, again.body)
	case next == "/auth/token" && again.status != 200 && again.status != 401:
		t.Errorf("%s: then %d %s", where, again.status, again.body)
	}
	if next == "/auth/token" && again.status == 401 { // no account was made
		call(t, "POST", w.url+"/users", "", body)
	}
	u := w.signIn(t, "minsu", secret)
	if users := w.Auth.Users(w.Project); len(users) != 1 {
		t.Errorf("%s: accounts %v", where, users)
	}
	account, err := w.admin.GetUser(t.Context(), u.id)
	if err != nil || next == "/users" && account.DisplayName != "김민수" {
		t.Errorf("%s: name is %+v, %v", where, account, err)
	}
	if r := call(t, "GET", w.url+"/me", u.access, nil); r.status != 200 || !strings.Contains(r.body, `"minsu"`) {
		t.Errorf("%s: me %d %s", where, r.status, r.body)
	}
	index, err := w.fs.Doc("indices/user/usernames/minsu").Get(t.Context())
	if err != nil || index.Data()["value"] != u.id {
		t.Errorf("%s: the index is %v, %v", where, index.Data(), err)
	}
	return calls
}

// Authentication does not answer, or answers nonsense: nobody is let in or turned out for it, and clients may try again.
func TestAuthenticationMisbehaves(t *testing.T) {
	t.Parallel()
	for name, misbehave := range map[string]http.HandlerFunc{
		"fails":      func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, `{}`, http.StatusInternalServerError) },
		"is no JSON": func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, "<html>") },
		"is forbidden": func(rw http.ResponseWriter, _ *http.Request) {
			http.Error(rw, `{"error":{"message":"PERMISSION_DENIED"}}`, http.StatusForbidden)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := w.signUp(t, "minsu")
			bad := httptest.NewServer(misbehave)
			defer bad.Close()
			url := w.serve(t, w.server(t, options{authAddress: strings.TrimPrefix(bad.URL, "http://")}))
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

// When Firestore stops answering, what is known of schools is still told.
func TestFirestoreMisbehaves(t *testing.T) {
	t.Parallel()
	w := bareWorld(t)
	p, _ := faulttest.New(t.Context(), faulttest.KillBefore, 2)
	w.url = w.serve(t, w.server(t, options{dial: p.DialOptions()}))
	if r := call(t, "GET", w.url+"/schools", "", nil); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	w.Clock.Advance(1 << 40) // 18 minutes: what is known is old
	if r := call(t, "GET", w.url+"/schools", "", nil); r.status != 200 {
		t.Errorf("with what was known: %d %s", r.status, r.body)
	}
	if r := call(t, "GET", w.url+"/username/minsu", "", nil); r.status/100 != 5 || !strings.HasPrefix(r.code(t), "SV") {
		t.Errorf("%d %s", r.status, r.body)
	}
}
