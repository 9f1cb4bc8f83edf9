package auth_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/logging/logtest"
	"heek.kr/heektime/internal/loginthrottle"
)

// secret is part of every password in these tests and of nothing else, so that TestMain can detect a
// leaked password.
const secret = "Geheimnis7f3a"

// logged collects the log lines of all services in these tests.
var logged logtest.Lines

func TestMain(m *testing.M) {
	os.Exit(logtest.Main(m, &logged, secret, strings.ToLower(secret), hashSalt))
}

// world is the environment of a service under test: a local cloud and clients for it.
type world struct {
	*emulatortest.Cloud
	fs       *firestore.Client
	accounts *firebaseauth.Client
	now      func() time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	indexes, err := os.ReadFile("../../firestore.indexes.json")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Cloud: emulatortest.Start(t, func(c *emulator.Config) { c.Indexes = indexes })}
	w.fs = w.FirestoreClient(t)
	w.now = w.Clock.Now
	w.accounts = w.config(t, w.AuthAddress()).Accounts
	return w
}

// freeze stops the clock of services that are created later, so that limits do not depend on the speed of
// the machine.
func (w *world) freeze() *world {
	now := w.Clock.Now()
	w.now = func() time.Time { return now }
	return w
}

// environmentMutex guards the process's environment. The Admin SDK reads the emulator's address from it,
// but only while a client is created.
var environmentMutex sync.Mutex

// config returns the configuration of a service that finds Authentication at an address.
func (w *world) config(t testing.TB, authAddress string) auth.Config {
	t.Helper()
	environmentMutex.Lock()
	defer environmentMutex.Unlock()
	os.Setenv("FIREBASE_AUTH_EMULATOR_HOST", authAddress)
	defer os.Unsetenv("FIREBASE_AUTH_EMULATOR_HOST")
	accounts, err := gcp.Authentication(context.Background(), w.Project, "")
	if err != nil {
		t.Fatal(err)
	}
	passwords, err := auth.Passwords("any-key")
	if err != nil {
		t.Fatal(err)
	}
	limits := loginthrottle.DefaultLimits()
	return auth.Config{
		Firestore: w.fs, Accounts: accounts, Passwords: passwords, Limits: limits, Rounds: testRounds, Now: w.now,
		Log: logging.New(&logged, w.Project),
	}
}

// testRounds is the work of a rejected login, low to keep the tests fast.
const testRounds = 2000

// service creates a service, as a process does.
func (w *world) service(t testing.TB, change ...func(*auth.Config)) *auth.Service {
	t.Helper()
	cfg := w.config(t, w.AuthAddress())
	for _, f := range change {
		f(&cfg)
	}
	s, err := auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// faultyService creates a service with a fault at one of its calls, and returns the context of its
// process.
func (w *world) faultyService(
	t testing.TB, kind faulttest.Fault, at int,
) (*auth.Service, *faulttest.Process, context.Context) {
	t.Helper()
	p, ctx := faulttest.New(t.Context(), kind, at)
	proxy := p.Proxy(w.AuthAddress())
	t.Cleanup(proxy.Close)
	cfg := w.config(t, strings.TrimPrefix(proxy.URL, "http://"))
	cfg.Firestore = w.FirestoreClient(t, p.DialOptions()...)
	s, err := auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, p, ctx
}

const origin = "https://heektime.heek.kr"

// serve serves s over HTTP and returns its URL.
func (w *world) serve(t testing.TB, s *auth.Service) string {
	t.Helper()
	srv := httptest.NewServer(&auth.Handler{Service: s, Deletion: w.deletion(t), Origins: []string{origin}})
	t.Cleanup(srv.Close)
	return srv.URL
}

func (w *world) deletion(t testing.TB) *deletion.Service {
	t.Helper()
	d, err := deletion.New(deletion.Config{Firestore: w.fs, Accounts: w.accounts, Log: logging.New(&logged, w.Project), Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// addOldAccount stores the credential of an old account.
func (w *world) addOldAccount(t testing.TB, email, uid, hash string) {
	t.Helper()
	if err := credential.Add(t.Context(), w.fs, credential.Credential{Email: email, UID: uid, Hash: hash}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) remaining(t testing.TB) int64 {
	t.Helper()
	n, err := auth.Remaining(t.Context(), w.fs)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// response is a response of the service.
type response struct {
	status            int
	header            http.Header
	UID, Token        string
	Code, Message     string
	body, contentType string
}

// post calls the service as a client with an IP address.
func post(t testing.TB, url, client string, body any) response {
	t.Helper()
	text, ok := body.(string)
	if !ok {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		text = string(encoded)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", "203.0.113.99, "+client) // the first entry is forged
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := response{
		status: resp.StatusCode, header: resp.Header, body: string(raw),
		contentType: resp.Header.Get("Content-Type"),
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatalf("response %q: %v", raw, err)
		}
	}
	if strings.Contains(r.body, secret) {
		t.Errorf("the response contains the password: %s", r.body)
	}
	return r
}

// credentials is the body of a login or registration.
type credentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// signInDirectly signs in to Authentication as a client does. It returns the uid, or "" if the password
// is rejected.
func (w *world) signInDirectly(t testing.TB, email, password string) string {
	t.Helper()
	uid, _, err := w.config(t, w.AuthAddress()).Passwords.SignIn(t.Context(), email, password)
	if err != nil {
		return ""
	}
	return uid
}

// user returns an account in Authentication, or nil if there is none.
func (w *world) user(t testing.TB, uid string) *firebaseauth.UserRecord {
	t.Helper()
	user, err := w.accounts.GetUser(t.Context(), uid)
	if firebaseauth.IsUserNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return user
}
