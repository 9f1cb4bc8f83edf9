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

// secret is in every password of these tests and in nothing else, so that TestMain finds where one got out.
const secret = "Geheimnis7f3a"

// logged is every line that any service of these tests logs.
var logged logtest.Lines

func TestMain(m *testing.M) {
	os.Exit(logtest.Main(m, &logged, secret, strings.ToLower(secret), hashSalt))
}

// world is everything that the service stands in.
type world struct {
	*emulatortest.Cloud
	fs       *firestore.Client
	accounts *firebaseauth.Client
	now      func() time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Cloud: emulatortest.Start(t)}
	w.fs = w.FirestoreClient(t)
	w.now = w.Clock.Now
	d := w.config(t, w.AuthAddress())
	w.accounts = d.Accounts
	return w
}

// process guards the process's environment, where the Admin SDK looks for the emulator when it is made, and only then.
var process sync.Mutex

func (w *world) config(t testing.TB, authAddress string) auth.Config {
	t.Helper()
	process.Lock()
	defer process.Unlock()
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

// testRounds are the work of a refused login: little, so that tests are fast.
const testRounds = 2000

// service is a process of the service.
func (w *world) service(t testing.TB, change ...func(*auth.Config)) *auth.Service {
	t.Helper()
	d := w.config(t, w.AuthAddress())
	for _, f := range change {
		f(&d)
	}
	s, err := auth.New(d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mortal is a process of the service that a fault hits, and the context that it lives in.
func (w *world) mortal(t testing.TB, kind faulttest.Fault, at int) (*auth.Service, *faulttest.Process, context.Context) {
	t.Helper()
	p, ctx := faulttest.New(t.Context(), kind, at)
	proxy := p.Proxy(w.AuthAddress())
	t.Cleanup(proxy.Close)
	d := w.config(t, strings.TrimPrefix(proxy.URL, "http://"))
	d.Firestore = w.FirestoreClient(t, p.DialOptions()...)
	s, err := auth.New(d)
	if err != nil {
		t.Fatal(err)
	}
	return s, p, ctx
}

const origin = "https://heektime.heek.kr"

// serve gives the URL of a service.
func (w *world) serve(t testing.TB, s *auth.Service) string {
	t.Helper()
	srv := httptest.NewServer(&auth.Handler{Service: s, Deletion: w.deletion(t), Origins: []string{origin}, Hops: 1})
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

// old stores the credential of an old account.
func (w *world) old(t testing.TB, email, uid, hash string) {
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

// reply is an answer over HTTP.
type reply struct {
	status            int
	header            http.Header
	UID, Token        string
	Code, Message     string
	body, contentType string
}

// post calls the service as a client at an address.
func post(t testing.TB, url, client string, body any) reply {
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
	req.Header.Set("X-Forwarded-For", "203.0.113.99, "+client) // the first entry is the caller's own invention
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: answer.StatusCode, header: answer.Header, body: string(raw), contentType: answer.Header.Get("Content-Type")}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatalf("answer %q: %v", raw, err)
		}
	}
	if strings.Contains(r.body, secret) {
		t.Errorf("the answer holds the password: %s", r.body)
	}
	return r
}

type entry struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// direct signs in to Authentication as a client does, and gives the uid, "" when it refuses.
func (w *world) direct(t testing.TB, email, password string) string {
	t.Helper()
	d := w.config(t, w.AuthAddress())
	uid, _, err := d.Passwords.SignIn(t.Context(), email, password)
	if err != nil {
		return ""
	}
	return uid
}

// user is an account of Authentication, nil when there is none.
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
