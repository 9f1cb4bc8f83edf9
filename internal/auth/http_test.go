package auth_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/schema"
)

func TestPathsAndOrigins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for name, c := range map[string]struct {
		method, path, origin string
		status               int
		allowed              bool
	}{
		"preflight of login":        {"OPTIONS", "/login/", origin, 204, true},
		"preflight of register":     {"OPTIONS", "/register/", origin, 204, true},
		"preflight of delete":       {"OPTIONS", "/account/delete/", origin, 204, true},
		"preflight of restore":      {"OPTIONS", "/account/restore/", origin, 204, true},
		"delete without token":      {"POST", "/account/delete/", origin, 401, true},
		"another origin deletes":    {"POST", "/account/delete/", "https://evil.example", 403, false},
		"account":                   {"POST", "/account/", origin, 404, false},
		"another origin":            {"OPTIONS", "/login/", "https://evil.example", 403, false},
		"origin with our prefix":    {"OPTIONS", "/login/", origin + ".evil.example", 403, false},
		"null origin":               {"OPTIONS", "/login/", "null", 403, false},
		"without slash":             {"OPTIONS", "/login", origin, 404, false},
		"two slashes":               {"OPTIONS", "//login/", origin, 404, false},
		"subpath":                   {"POST", "/login/x", origin, 404, false},
		"root":                      {"POST", "/", origin, 404, false},
		"GET":                       {"GET", "/login/", origin, 405, true},
		"our origin":                {"POST", "/login/", origin, 400, true},
		"no origin":                 {"POST", "/login/", "", 400, false},
		"login from another origin": {"POST", "/login/", "https://evil.example", 403, false},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, url+c.path, strings.NewReader(`{"email":"a@example.com","password":"`+secret+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		if c.origin != "" {
			req.Header.Set("Origin", c.origin)
		}
		response, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		header := response.Header
		if response.StatusCode != c.status || (header.Get("Access-Control-Allow-Origin") == c.origin && c.origin != "") != c.allowed {
			t.Errorf("%s: %d %v", name, response.StatusCode, header)
		}
		if c.status == 204 && (header.Get("Access-Control-Allow-Methods") != "POST" || !strings.Contains(header.Get("Access-Control-Allow-Headers"), "Content-Type")) {
			t.Errorf("%s: %v", name, header)
		}
		if c.status != 404 && (header.Get("Vary") != "Origin" || header.Get("Cache-Control") != "no-store") {
			t.Errorf("%s: %v", name, header)
		}
	}
}

// No request body makes the service fail.
func FuzzBody(f *testing.F) {
	f.Add(`{"email":"a@b.kr","password":"x"}`)
	f.Add(`{"email":1,"password":null}`)
	f.Add(`[`)
	w := newWorld(f)
	h := &auth.Handler{Service: w.service(f, func(cfg *auth.Config) {
		cfg.Limits.Pair.Free, cfg.Limits.Network.Burst, cfg.Limits.Address.Burst, cfg.Limits.Register.Burst, cfg.Rounds = 1<<30, 1<<30, 1<<30, 1<<30, 1
	})}
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/login/", "/register/"} {
			r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
			response := httptest.NewRecorder()
			h.ServeHTTP(response, r)
			if response.Code >= 500 || response.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s %q: %d %s", path, body, response.Code, response.Body)
			}
		}
	})
}

// TestOpen runs the whole service from environment variables, as its process does. It is not parallel,
// since it sets the process's environment.
func TestOpen(t *testing.T) {
	w := newWorld(t)
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	variables := w.Environment()
	variables["FIREBASE_API_KEY"], variables["ALLOWED_ORIGINS"], variables["PASSWORD_ROUNDS"] = "key", origin, "2000"
	for _, name := range []string{"FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST"} {
		t.Setenv(name, variables[name])
	}
	service, err := auth.Open(t.Context(), environment.Map(variables), logging.New(&logged, w.Project))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(service.Handler)
	defer srv.Close()
	if r := post(t, srv.URL+"/login/", "192.0.2.1", credentials{oldEmail, oldPassword}); r.UID != oldUID || strings.Count(r.Token, ".") != 2 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if err := service.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenNamesInvalidVariables(t *testing.T) {
	t.Parallel()
	good := map[string]string{"GOOGLE_CLOUD_PROJECT": "demo-test", "FIREBASE_API_KEY": "key"}
	for name, value := range map[string]string{
		"GOOGLE_CLOUD_PROJECT": "", "FIREBASE_API_KEY": "", "TRUSTED_PROXIES": "10.0.0.0/33", "PASSWORD_ROUNDS": "many",
		"ALLOWED_ORIGINS": "https://a.example,https://b.example/",
	} {
		variables := map[string]string{name: value}
		for k, v := range good {
			if k != name {
				variables[k] = v
			}
		}
		if _, err := auth.Open(t.Context(), environment.Map(variables), logging.New(&logged, "p")); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	}
}

func TestNewNamesInvalidFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, remove := range map[string]func(*auth.Config){
		"a Firestore client":                     func(cfg *auth.Config) { cfg.Firestore = nil },
		"an Admin SDK client for Authentication": func(cfg *auth.Config) { cfg.Accounts = nil },
		"a sign-in client for Authentication":    func(cfg *auth.Config) { cfg.Passwords = nil },
		"a logger":                               func(cfg *auth.Config) { cfg.Log = nil },
		"limits":                                 func(cfg *auth.Config) { cfg.Limits.Forget = 0 },
		"Rounds":                                 func(cfg *auth.Config) { cfg.Rounds = -1 },
	} {
		d := w.config(t, w.AuthAddress())
		remove(&d)
		if _, err := auth.New(d); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStopped registers and signs in while writes are stopped: new accounts are rejected with the operator's
// message, and are not counted.
func TestStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t).freeze()
	url := w.serve(t, w.service(t))
	if r := post(t, url+"/register/", "192.0.2.1", credentials{"old@example.com", secret}); r.status != 201 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if _, err := schema.StopRef(w.fs).Set(t.Context(), schema.Stop{Since: w.now(), Message: "점검 중이에요."}); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"new@example.com", "old@example.com"} {
		r := post(t, url+"/register/", "192.0.2.1", credentials{email, secret})
		if r.status != 403 || !strings.Contains(r.body, `"code":"stopped"`) || !strings.Contains(r.body, "점검 중이에요.") {
			t.Errorf("%s registers: %d %s", email, r.status, r.body)
		}
	}
	if r := post(t, url+"/login/", "192.0.2.1", credentials{"old@example.com", secret}); r.status != 200 {
		t.Errorf("a login: %d %s", r.status, r.body)
	}
	if r := post(t, url+"/login/", "192.0.2.1", credentials{"new@example.com", secret}); r.status != 400 {
		t.Errorf("a login to an account that was not created: %d %s", r.status, r.body)
	}
	if _, err := schema.StopRef(w.fs).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := post(t, url+"/register/", "192.0.2.1", credentials{"new@example.com", secret}); r.status != 201 {
		t.Errorf("after the start: %d %s", r.status, r.body)
	}
}
