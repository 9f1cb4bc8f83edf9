package oidcauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/iam"
	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/server"
)

// world is a service on this machine, with or without Cloud Run's front end.
type world struct {
	id      *identity.Identity
	policy  *iam.Policy
	url     string // of the service, and its audience
	public  atomic.Bool
	asked   atomic.Int32 // requests for /health
	checker *oidcauth.Checker
	now     time.Time // moves when a test says so
}

const service = "projects/demo-test/locations/asia-northeast3/services/refresh"

func newWorld(t *testing.T) *world {
	t.Helper()
	id, keys := identityServer(t, clock.New())
	w := &world{id: id, policy: iam.NewPolicy("demo-test"), now: time.Now()}
	for _, account := range []string{tasks, stranger} {
		if err := w.policy.Grant(account, "roles/run.invoker", service); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + l.Addr().String()
	w.checker, err = oidcauth.NewChecker(oidcauth.Config{Audience: w.url, Allowed: []string{tasks}, CertsURL: keys.URL + identity.CertsPath})
	if err != nil {
		t.Fatal(err)
	}
	w.checker.SetClock(func() time.Time { return w.now })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- server.Serve(ctx, l, &server.Service{
			Handler: w.checker.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), slog.New(slog.DiscardHandler)),
			Front: func(next http.Handler) http.Handler {
				private := w.policy.Invokers(service, id, next, w.url)
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/health" {
						w.asked.Add(1)
					}
					if w.public.Load() {
						next.ServeHTTP(rw, r)
					} else {
						private.ServeHTTP(rw, r)
					}
				})
			},
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) token(t *testing.T, email, audience string) string {
	t.Helper()
	token, err := w.id.IDToken(t.Context(), email, audience)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// removed returns a token as Cloud Run passes it on, and as anyone can forge it.
func (w *world) removed(t *testing.T, email, audience string) string {
	token := w.token(t, email, audience)
	return token[:strings.LastIndexByte(token, '.')] + ".SIGNATURE_REMOVED_BY_GOOGLE"
}

// call calls the service and returns the response's status.
func (w *world) call(t *testing.T, header http.Header) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// Behind Cloud Run's front end a service believes the tokens that the front end has checked.
func TestPrivateService(t *testing.T) {
	w := newWorld(t)
	bearer := func(token string) http.Header { return authorization("Bearer " + token) }
	both := bearer(w.removed(t, tasks, w.url)) // forged by a stranger who may invoke the service
	both.Set("X-Serverless-Authorization", "Bearer "+w.token(t, stranger, w.url))
	for name, c := range map[string]struct {
		header http.Header
		want   int
	}{
		"good":                              {bearer(w.token(t, tasks, w.url)), 200},
		"invoker that the service rejects":  {bearer(w.token(t, stranger, w.url)), 403},
		"account that may not invoke":       {bearer(w.token(t, "nobody@demo-test.iam.gserviceaccount.com", w.url)), 403},
		"no token":                          {http.Header{}, 403},
		"other audience":                    {bearer(w.token(t, tasks, "https://other.test")), 401},
		"forged":                            {bearer(w.removed(t, tasks, w.url)), 401},
		"forged, next to one of a stranger": {both, 401},
	} {
		if got := w.call(t, c.header); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if n := w.asked.Load(); n != 1 {
		t.Errorf("the service asked %d times whether IAM checks callers, want once", n)
	}
}

// A public service rejects tokens without a signature and accepts signed ones.
func TestPublicService(t *testing.T) {
	w := newWorld(t)
	w.public.Store(true)
	for range 3 {
		if got := w.call(t, authorization("Bearer "+w.removed(t, tasks, w.url))); got != 401 {
			t.Errorf("forged: %d, want 401", got)
		}
	}
	if got := w.call(t, authorization("Bearer "+w.token(t, tasks, w.url))); got != 200 {
		t.Errorf("signed: %d, want 200", got)
	}
	if n := w.asked.Load(); n != 1 {
		t.Errorf("three forged tokens made the service ask %d times, want once", n)
	}
	_, err := w.checker.Check(t.Context(), authorization("Bearer "+w.removed(t, tasks, w.url)))
	if err == nil || !strings.Contains(err.Error(), "remove allUsers from its invokers") {
		t.Errorf("error %v does not say what to do", err)
	}
}

// A service that somebody makes public stops believing within a minute, or at the first request that IAM
// would have rejected. One that becomes private starts within ten seconds.
func TestServiceBecomesPublic(t *testing.T) {
	for name, hint := range map[string]func(*world){
		"a minute later":               func(w *world) { w.now = w.now.Add(time.Minute) },
		"after a call without a token": func(w *world) { w.call(t, http.Header{}) },
		"after a call with a bad one":  func(w *world) { w.call(t, authorization("Bearer a.b.c")) },
	} {
		w := newWorld(t)
		forged := authorization("Bearer " + w.removed(t, tasks, w.url))
		if got := w.call(t, authorization("Bearer "+w.token(t, tasks, w.url))); got != 200 {
			t.Fatalf("private: %d", got)
		}
		w.public.Store(true)
		hint(w)
		if got := w.call(t, forged); got != 401 {
			t.Errorf("%s: %d to a forged token, want 401", name, got)
		}
		w.public.Store(false)
		w.now = w.now.Add(10 * time.Second)
		if got := w.call(t, authorization("Bearer "+w.token(t, tasks, w.url))); got != 200 {
			t.Errorf("private again: %d, want 200", got)
		}
	}
}

// Only Google's front end with 401 or 403, at the service's own URL, makes a token without a signature
// credible. It is long because of the table.
func TestOtherResponsesProveNothing(t *testing.T) {
	const own, front = "https://refresh-123.asia-northeast3.run.app", "Google Frontend"
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "projects/123/regions/asia-northeast3")
	}))
	defer metadata.Close()
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(metadata.URL, "http://"))
	id, keys := identityServer(t, clock.New())
	response := func(status int, server string, more ...string) *http.Response {
		h := http.Header{"Server": {server}}
		for i := 0; i < len(more); i += 2 {
			h.Set(more[i], more[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader("")), ProtoMajor: 1}
	}
	for name, c := range map[string]struct {
		service, audience string
		response          *http.Response
		want              string // part of the error; "" for none
	}{
		"403":                         {"refresh", own, response(403, front), ""},
		"401":                         {"refresh", own, response(401, front), ""},
		"the service itself":          {"refresh", own, response(200, front), "public"},
		"internal ingress":            {"refresh", own, response(404, front), "404"},
		"a redirect":                  {"refresh", own, response(302, front, "Location", "https://accounts.google.com"), "302"},
		"an overloaded service":       {"refresh", own, response(503, front), "503"},
		"a firewall":                  {"refresh", own, response(403, "squid"), "squid"},
		"the Identity-Aware Proxy":    {"refresh", own, response(401, front, "X-Goog-IAP-Generated-Response", "true"), "Identity-Aware Proxy"},
		"no response":                 {"refresh", own, nil, "no route"},
		"another service's URL":       {"refresh", "https://courses-123.asia-northeast3.run.app", response(403, front), "set OIDC_AUDIENCE to that"},
		"another project's URL":       {"refresh", "https://refresh-124.asia-northeast3.run.app", response(403, front), "set OIDC_AUDIENCE to that"},
		"the URL of a tag":            {"refresh", "https://next---refresh-123.asia-northeast3.run.app", response(403, front), "set OIDC_AUDIENCE to that"},
		"loopback on Cloud Run":       {"refresh", "http://127.0.0.1:8080", response(403, front), "set OIDC_AUDIENCE to that"},
		"a URL outside of Cloud Run":  {"", own, response(403, front), "not Cloud Run"},
		"a name outside of Cloud Run": {"", "http://localhost:8080", response(403, front), "not Cloud Run"},
	} {
		checker, err := oidcauth.NewChecker(oidcauth.Config{
			Audience: c.audience, Allowed: []string{tasks}, CertsURL: keys.URL + identity.CertsPath, Service: c.service,
		})
		if err != nil {
			t.Fatal(err)
		}
		checker.SetTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == strings.TrimPrefix(metadata.URL, "http://") {
				return http.DefaultTransport.RoundTrip(r)
			}
			if r.Header.Get("Authorization") != "" || r.URL.Path != "/health" || r.URL.RawQuery == "" {
				return nil, fmt.Errorf("unexpected request %s %v", r.URL, r.Header)
			}
			if c.response == nil {
				return nil, errors.New("no route to host")
			}
			c.response.Request = r
			return c.response, nil
		}))
		token, err := id.IDToken(t.Context(), tasks, c.audience)
		if err != nil {
			t.Fatal(err)
		}
		token = token[:strings.LastIndexByte(token, '.')] + ".SIGNATURE_REMOVED_BY_GOOGLE"
		_, err = checker.Check(t.Context(), authorization("Bearer "+token))
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, oidcauth.ErrUnauthenticated) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// With two tokens, Cloud Run might have checked the one and the service read the other.
func TestTwoTokens(t *testing.T) {
	w := newWorld(t)
	good := "Bearer " + w.token(t, tasks, w.url)
	if _, err := w.checker.Check(t.Context(), http.Header{"Authorization": {good, good}}); !errors.Is(err, oidcauth.ErrUnauthenticated) {
		t.Errorf("two Authorization headers: error %v", err)
	}
}
