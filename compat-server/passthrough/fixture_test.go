package passthrough_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/compat-server/passthrough"
	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

const base = "/apis/v2"

// Users: two of the old database, and two who were born on the new side.
const (
	minsu    = "0f8fad5b-d9cb-469f-a165-70867728950e"
	jiwoo    = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
	newOld   = "7c9e6679-7425-80de-944b-e07fc1f90ae7" // made by this server
	firebase = "aBcDeFgHiJkLmNoPqRsTuVwXyZ01"         // made by Authentication
)

// fixture is a local cloud, an old server, and instances of the proxy in front of it.
type fixture struct {
	*emulatortest.Cloud
	client    *firestore.Client
	store     *state.Store
	old       *backend
	here      *backend
	oldServer *httptest.Server
	tokens    *token.Signer
	oldTokens *token.OldServer
	revoked   sync.Map     // uids
	held      atomic.Int64 // writes that were recorded as held
}

// options of a fixture. The zero value of each has a default.
type options struct {
	// oldURL replaces the old server.
	oldURL               string
	timeout, holdTimeout time.Duration
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	fx := &fixture{Cloud: emulatortest.Start(t), old: &backend{name: "old"}, here: &backend{name: "here"}}
	fx.client = fx.FirestoreClient(t)
	fx.store = state.NewStore(fx.client, fx.Clock.Now)
	fx.oldServer = httptest.NewServer(fx.old)
	t.Cleanup(fx.oldServer.Close)
	var err error
	if fx.tokens, err = token.New(fx.Project, strings.Repeat("bm93", 11), "", fx.Clock.Now); err != nil {
		t.Fatal(err)
	}
	if fx.oldTokens, err = token.NewOldServer("short key", token.OldServerClaims{}, fx.Clock.Now); err != nil {
		t.Fatal(err)
	}
	return fx
}

// instance is one instance of the proxy.
type instance struct {
	*passthrough.Proxy
	url string
}

func (fx *fixture) instance(t testing.TB, o options) *instance {
	t.Helper()
	if o.oldURL == "" {
		o.oldURL = fx.oldServer.URL
	}
	address, err := passthrough.ParseURL(o.oldURL)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	p, err := passthrough.New(passthrough.Config{
		OldServer: address, Base: base, Views: state.NewViewer(state.NewStore(fx.FirestoreClient(t), fx.Clock.Now), log),
		Here: fx.here, Fail: fx.fail, Passed: func(context.Context, *http.Request, string, int) {},
		Tokens: fx.tokens, OldTokens: fx.oldTokens, Sessions: fx, Log: log,
		Held: func(s state.State, d time.Duration) {
			if s.Resting() && d > 0 {
				fx.held.Add(1)
			}
		},
		Timeout: o.timeout, HoldTimeout: o.holdTimeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return &instance{p, server.URL}
}

// errRevoked is the error of a revoked session.
var errRevoked = errors.New("session revoked")

// Check implements [passthrough.Sessions].
func (fx *fixture) Check(_ context.Context, s token.Session) error {
	if _, ok := fx.revoked.Load(s.UID); ok {
		return errRevoked
	}
	return nil
}

// failures maps errors to the statuses of responses that neither side has given.
var failures = map[error]int{
	passthrough.ErrState: 591, passthrough.ErrHeld: 592, passthrough.ErrUnreachable: 593, passthrough.ErrTimeout: 594,
	passthrough.ErrUnknownOutcome: 595, passthrough.ErrBadPath: 491, passthrough.ErrBadBody: 492,
	token.ErrExpired: 493, token.ErrInvalid: 494, errRevoked: 495,
}

func (fx *fixture) fail(w http.ResponseWriter, _ *http.Request, err error) {
	for known, status := range failures {
		if errors.Is(err, known) {
			w.WriteHeader(status)
			return
		}
	}
	w.WriteHeader(599)
}

// backend is one of the two sides. It responds with its name, and what it got.
type backend struct {
	name string

	mu      sync.Mutex
	handler http.HandlerFunc
	got     []request
}

// request is a request that a side has got.
type request struct {
	method, target, authorization, body string
}

// on replaces what the side does. nil restores the default.
func (b *backend) on(handler http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handler = handler
}

// requests returns what the side has got since the last call.
func (b *backend) requests() []request {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := b.got
	b.got = nil
	return got
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.got = append(b.got, request{r.Method, r.RequestURI, r.Header.Get("Authorization"), string(body)})
	handler := b.handler
	b.mu.Unlock()
	w.Header().Set("X-Side", b.name)
	if handler != nil {
		handler(w, r)
		return
	}
	fmt.Fprintf(w, "%s got %s %s", b.name, r.Method, body)
}

// testLease is the lease in these tests. Held calls wait for it.
const testLease = 100 * time.Millisecond

// set puts a kind into a phase, and lets all views expire.
func (fx *fixture) set(t testing.TB, kind state.Kind, phase state.Phase, toward state.Side, wasNew bool) {
	t.Helper()
	ref := schema.MigrationRef(fx.client, kind)
	var last schema.Migration
	if _, err := schema.Read(t.Context(), ref, &last); err != nil {
		t.Fatal(err)
	}
	_, err := ref.Set(t.Context(), schema.Migration{
		Phase: phase, Toward: toward, Epoch: last.Epoch + 1, WasNew: wasNew,
		LeaseMillis: testLease.Milliseconds(), LimitMillis: time.Minute.Milliseconds(),
	})
	if err != nil {
		t.Fatal(err)
	}
	fx.Clock.Advance(state.QuietLease)
}

// rest puts a kind on a side.
func (fx *fixture) rest(t testing.TB, kind state.Kind, side state.Side) {
	t.Helper()
	fx.set(t, kind, state.Phase(side), side, side == state.New)
}

// reply is a response.
type reply struct {
	status int
	side   string
	header http.Header
	body   string
}

func (r reply) String() string { return fmt.Sprintf("%d from %q: %s", r.status, r.side, r.body) }

// call sends a request to an instance.
func (in *instance) call(t testing.TB, method, path, bearer, body string) reply {
	t.Helper()
	r, err := in.try(t.Context(), method, path, bearer, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (in *instance) try(ctx context.Context, method, path, bearer, body string) (reply, error) {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, in.url+path, reader)
	if err != nil {
		return reply{}, err
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header.Get("X-Side"), response.Header, string(text)}, err
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for !condition() {
		if t.Context().Err() != nil {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// access returns an access token of this server.
func (fx *fixture) access(t testing.TB, uid string) string {
	t.Helper()
	text, err := fx.tokens.Sign(token.Session{UID: uid}, token.Access)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// oldAccess returns an access token of the old server.
func (fx *fixture) oldAccess(t testing.TB, uid string) string {
	t.Helper()
	text, err := fx.oldTokens.Sign(uid, token.Access)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
