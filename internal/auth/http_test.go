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
)

func TestBrowsersAndPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for name, c := range map[string]struct {
		method, path, origin string
		status               int
		allowed              bool
	}{
		"preflight of login":    {"OPTIONS", "/login/", origin, 204, true},
		"preflight of register": {"OPTIONS", "/register/", origin, 204, true},
		"preflight of delete":   {"OPTIONS", "/account/delete/", origin, 204, true},
		"preflight of restore":  {"OPTIONS", "/account/restore/", origin, 204, true},
		"delete without token":  {"POST", "/account/delete/", origin, 401, true},
		"another page deletes":  {"POST", "/account/delete/", "https://evil.example", 403, false},
		"account":               {"POST", "/account/", origin, 404, false},
		"another page":          {"OPTIONS", "/login/", "https://evil.example", 403, false},
		"a page like ours":      {"OPTIONS", "/login/", origin + ".evil.example", 403, false},
		"no page":               {"OPTIONS", "/login/", "null", 403, false},
		"without slash":         {"OPTIONS", "/login", origin, 404, false},
		"two slashes":           {"OPTIONS", "//login/", origin, 404, false},
		"below":                 {"POST", "/login/x", origin, 404, false},
		"root":                  {"POST", "/", origin, 404, false},
		"a read":                {"GET", "/login/", origin, 405, true},
		"our page":              {"POST", "/login/", origin, 400, true},
		"an app":                {"POST", "/login/", "", 400, false},
		"another page's login":  {"POST", "/login/", "https://evil.example", 403, false},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, url+c.path, strings.NewReader(`{"email":"a@example.com","password":"`+secret+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		if c.origin != "" {
			req.Header.Set("Origin", c.origin)
		}
		answer, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		header := answer.Header
		if answer.StatusCode != c.status || (header.Get("Access-Control-Allow-Origin") == c.origin && c.origin != "") != c.allowed {
			t.Errorf("%s: %d %v", name, answer.StatusCode, header)
		}
		if c.status == 204 && (header.Get("Access-Control-Allow-Methods") != "POST" || !strings.Contains(header.Get("Access-Control-Allow-Headers"), "Content-Type")) {
			t.Errorf("%s: %v", name, header)
		}
		if c.status != 404 && (header.Get("Vary") != "Origin" || header.Get("Cache-Control") != "no-store") {
			t.Errorf("%s: %v", name, header)
		}
	}
}

func TestClient(t *testing.T) {
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		hops      int
		want      string
	}{
		"Cloud Run":               {"169.254.1.1:4000", []string{"192.0.2.1"}, 1, "192.0.2.1"},
		"a lie before":            {"169.254.1.1:4000", []string{"10.0.0.1, 192.0.2.1"}, 1, "192.0.2.1"},
		"two headers":             {"169.254.1.1:4000", []string{"10.0.0.1", "192.0.2.1"}, 1, "192.0.2.1"},
		"behind a load balancer":  {"169.254.1.1:4000", []string{"10.0.0.1, 192.0.2.1, 203.0.113.1"}, 2, "192.0.2.1"},
		"fewer than hops":         {"192.0.2.7:4000", []string{"192.0.2.1"}, 2, "192.0.2.7"},
		"no header":               {"127.0.0.1:4000", nil, 1, "127.0.0.1"},
		"no proxy":                {"192.0.2.7:4000", []string{"10.0.0.1"}, 0, "192.0.2.7"},
		"no address":              {"169.254.1.1:4000", []string{"x"}, 1, "unknown"},
		"empty":                   {"192.0.2.7:4000", []string{""}, 1, "192.0.2.7"},
		"a household":             {"169.254.1.1:4000", []string{"2001:db8:1:2:aaaa::1"}, 1, "2001:db8:1:2::/64"},
		"the same":                {"169.254.1.1:4000", []string{"2001:db8:1:2:bbbb::2"}, 1, "2001:db8:1:2::/64"},
		"version 4 in version 6":  {"169.254.1.1:4000", []string{"::ffff:192.0.2.1"}, 1, "192.0.2.1"},
		"version 6 opened it all": {"[2001:db8:1:2::3%eth0]:4000", nil, 1, "2001:db8:1:2::/64"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/login/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := auth.ClientIP(r, c.hops); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// No body makes the service fail, and none is quoted in the answer.
func FuzzBody(f *testing.F) {
	f.Add(`{"email":"a@b.kr","password":"x"}`)
	f.Add(`{"email":1,"password":null}`)
	f.Add(`[`)
	w := newWorld(f)
	h := &auth.Handler{Hops: 1, Service: w.service(f, func(cfg *auth.Config) {
		cfg.Limits.Pair.Free, cfg.Limits.Client.Free, cfg.Limits.Address.Free, cfg.Rounds = 1<<30, 1<<30, 1<<30, 1
	})}
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/login/", "/register/"} {
			r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, r)
			if answer.Code >= 500 || answer.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s %q: %d %s", path, body, answer.Code, answer.Body)
			}
		}
	})
}

// The whole service, as its process is made: it finds the cloud in the environment. Not parallel, as the environment is the
// process's.
func TestOpen(t *testing.T) {
	w := newWorld(t)
	w.old(t, oldEmail, oldUID, oldHash(t, quick, oldPassword))
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
	if r := post(t, srv.URL+"/login/", "192.0.2.1", entry{oldEmail, oldPassword}); r.UID != oldUID || strings.Count(r.Token, ".") != 2 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if err := service.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := map[string]string{"GOOGLE_CLOUD_PROJECT": "demo-test", "FIREBASE_API_KEY": "key"}
	for name, value := range map[string]string{
		"GOOGLE_CLOUD_PROJECT": "", "FIREBASE_API_KEY": "", "FORWARDED_HOPS": "-1", "PASSWORD_ROUNDS": "many",
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

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, remove := range map[string]func(*auth.Config){
		"a Firestore client":                    func(cfg *auth.Config) { cfg.Firestore = nil },
		"an Admin client of Authentication":     func(cfg *auth.Config) { cfg.Accounts = nil },
		"a sign-in client of Authentication":    func(cfg *auth.Config) { cfg.Passwords = nil },
		"a logger":                              func(cfg *auth.Config) { cfg.Log = nil },
		"limits":                                func(cfg *auth.Config) { cfg.Limits.Forget = 0 },
		"a work of rejected logins from 1 to 2": func(cfg *auth.Config) { cfg.Rounds = -1 },
	} {
		d := w.config(t, w.AuthAddress())
		remove(&d)
		if _, err := auth.New(d); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
