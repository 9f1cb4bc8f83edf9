package auth_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"heek.kr/heektime/internal/auth"
)

// quote returns a handler that quotes the request in its response.
func quote(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(status)
		w.Write([]byte(`{"error":{"message":` + string(body) + `}}` + string(body)))
	}
}

// text returns a handler with a fixed response.
func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// Authentication fails, returns nonsense, or quotes the request in its response. Nobody is signed in or
// rejected because of it, no account is lost, and no password gets into a log, which TestMain checks.
func TestAuthenticationFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path   string // the suffix of the paths that fail; "" for all
		handle http.HandlerFunc
		status int
	}{
		"quotes with 200":   {"", quote(200), 503},
		"quotes with 400":   {"", quote(400), 503},
		"quotes with 500":   {"", quote(500), 503},
		"not JSON":          {"", text(200, "<html>"), 503},
		"empty":             {"", text(200, ""), 503},
		"another's account": {":signInWithPassword", text(200, `{"localId":"victim","email":"other@example.com","idToken":"a.e30.c"}`), 503},
		// Counts as rejected by Authentication, but the old hash matches.
		"no token":          {":signInWithPassword", text(200, `{"localId":"victim","email":"`+oldEmail+`","mfaPendingCredential":"x"}`), 200},
		"a malformed token": {":signInWithPassword", text(200, `{"localId":"victim","email":"`+oldEmail+`","idToken":"x"}`), 503},
		"no uid":            {":signInWithPassword", text(200, `{"email":"`+oldEmail+`","idToken":"a.e30.c"}`), 503},
		"a redirect": {":signInWithPassword", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, 503},
		"throttles":            {":signInWithPassword", text(400, `{"error":{"message":"TOO_MANY_ATTEMPTS_TRY_LATER : Later."}}`), 429},
		"429":                  {":signInWithPassword", text(429, `{}`), 429},
		"provider disabled":    {":signInWithPassword", text(400, `{"error":{"message":"OPERATION_NOT_ALLOWED"}}`), 503},
		"bad key":              {":signInWithPassword", text(400, `{"error":{"message":"API key not valid. Please pass a valid API key."}}`), 503},
		"lookups fail":         {":lookup", text(500, `{}`), 503},
		"lookups quote":        {":lookup", quote(400), 503},
		"creation quotes":      {"/accounts", quote(500), 503},
		"creation is denied":   {"/accounts", text(403, `{"error":{"message":"PERMISSION_DENIED"}}`), 503},
		"setting claims fails": {":update", quote(500), 503},
		"creation is rejected": {"/accounts", text(400, `{"error":{"message":"INVALID_EMAIL"}}`), 200}, // signed in without migrating
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
			bad := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, c.path) {
					c.handle(rw, r)
					return
				}
				w.Auth.ServeHTTP(rw, r)
			}))
			defer bad.Close()
			s, err := auth.New(w.config(t, strings.TrimPrefix(bad.URL, "http://")))
			if err != nil {
				t.Fatal(err)
			}
			r := post(t, w.serve(t, s)+"/login/", "192.0.2.1", credentials{oldEmail, oldPassword})
			if r.status != c.status || r.status == 200 && r.UID != oldUID || r.status >= 429 && r.header.Get("Retry-After") == "" {
				t.Errorf("%d %s, want %d", r.status, r.body, c.status)
			}
			w.checkMigrated(t, name, oldPassword)
		})
	}
}

// Errors from Authentication while registering map to the documented errors.
func TestRegisterWhenAuthenticationFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for message, want := range map[string]error{
		"EMAIL_EXISTS": auth.ErrTaken, "INVALID_EMAIL": auth.ErrInvalid, "WEAK_PASSWORD : " + secret: auth.ErrInvalid, "": auth.ErrUnavailable,
	} {
		status := 400
		if message == "" {
			status = 500
		}
		bad := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/accounts") {
				rw.WriteHeader(status)
				io.WriteString(rw, `{"error":{"message":"`+message+`"}}`)
				return
			}
			w.Auth.ServeHTTP(rw, r)
		}))
		s, err := auth.New(w.config(t, strings.TrimPrefix(bad.URL, "http://")))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Register(t.Context(), auth.SignIn{Email: "new@example.com", Password: secret, ClientIP: message}); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", message, err, want)
		}
		bad.Close()
	}
}

// The response to the creation is lost and the Admin SDK retries: the account that now has the address
// is recognized as the one just created.
func TestRegisterAfterLostResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var lost atomic.Bool
	flaky := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/accounts") && lost.CompareAndSwap(false, true) {
			w.Auth.ServeHTTP(httptest.NewRecorder(), r)
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Auth.ServeHTTP(rw, r)
	}))
	t.Cleanup(flaky.Close)
	s, err := auth.New(w.config(t, strings.TrimPrefix(flaky.URL, "http://")))
	if err != nil {
		t.Fatal(err)
	}
	uid, err := s.Register(t.Context(), auth.SignIn{Email: "new@example.com", Password: secret, ClientIP: "c"})
	if err != nil || uid == "" || w.signInDirectly(t, "new@example.com", secret) != uid || !lost.Load() {
		t.Errorf("%q, %v", uid, err)
	}
}
