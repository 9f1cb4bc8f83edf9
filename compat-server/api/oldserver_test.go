package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"
	"github.com/google/uuid"

	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/compat-server/passthrough"
	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// oldServerKey signs the old server's tokens, and movedUser is a user of the old database.
const (
	oldServerKey = "the old server's key"
	movedUser    = "0f8fad5b-d9cb-469f-a165-70867728950e"
)

// oldServer returns the settings of a server that stands in front of an old one, nil without an address.
func (fx *fixture) oldServer(t testing.TB, address string) *api.OldServer {
	t.Helper()
	if address == "" {
		return nil
	}
	u, err := passthrough.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	return &api.OldServer{URL: u, Tokens: fx.oldTokens(t), Timeout: 200 * time.Millisecond}
}

func (fx *fixture) oldTokens(t testing.TB) *token.OldServer {
	t.Helper()
	tokens, err := token.NewOldServer(oldServerKey, token.OldServerClaims{}, fx.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// oldToken returns a token as the old server issues it.
func (fx *fixture) oldToken(t testing.TB, uid string, purpose token.Purpose) string {
	t.Helper()
	text, err := fx.oldTokens(t).Sign(uid, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// newMove starts a server in front of an old server with the handler, or one that does not exist, and puts
// accounts and timetables on the given sides.
func newMove(t *testing.T, old http.HandlerFunc, accounts, timetables state.Side) *fixture {
	t.Helper()
	fx := newFixtureWithoutServer(t)
	address := "http://127.0.0.1:1"
	if old != nil {
		server := httptest.NewServer(old)
		t.Cleanup(server.Close)
		address = server.URL
	}
	fx.move(t, state.Accounts, accounts, accounts == state.New)
	fx.move(t, state.Timetables, timetables, timetables == state.New)
	fx.url = fx.serve(t, fx.server(t, options{oldServer: address}))
	return fx
}

func (fx *fixture) move(t testing.TB, kind state.Kind, side state.Side, wasNew bool) {
	t.Helper()
	_, err := schema.MigrationRef(fx.fs, kind).Set(t.Context(), schema.Migration{
		Phase: state.Phase(side), Toward: side, Epoch: time.Now().UnixNano(), LeaseMillis: state.QuietLease.Milliseconds(), WasNew: wasNew,
	})
	if err != nil {
		t.Fatal(err)
	}
	fx.Clock.Advance(state.QuietLease)
}

// Sessions of the old server go on after accounts moved: access tokens are accepted, refresh tokens give
// access tokens of this server, and the owner's first sign-in with a new app does not end them.
func TestOldSessions(t *testing.T) {
	t.Parallel()
	fx := newMove(t, nil, state.New, state.New)
	fx.addOldAccount(t, "minsu", movedUser, secret)
	fx.set(t, "users/"+movedUser, map[string]any{"username": "minsu"})
	access, refresh := fx.oldToken(t, movedUser, token.Access), fx.oldToken(t, movedUser, token.Refresh)
	check := func(when string, ok bool) {
		t.Helper()
		status, code := 200, ""
		if !ok {
			fx.Clock.Advance(2 * time.Minute) // checked sessions are cached for one
			status, code = 401, "AT003"
		}
		r := call(t, "GET", fx.url+"/me", access, nil)
		if r.status != status || !ok && r.code(t) != code || ok && !strings.Contains(r.body, movedUser) {
			t.Errorf("%s: me: %d %s", when, r.status, r.body)
		}
		r = call(t, "POST", fx.url+"/auth/refresh-token", "", map[string]string{"refresh_token": refresh})
		if ok != (r.status == 200) || !ok && r.code(t) != "AL002" {
			t.Errorf("%s: refresh: %d %s", when, r.status, r.body)
		}
		if ok {
			var tokens struct {
				Access string `json:"access_token"`
			}
			r.into(t, &tokens)
			if r := call(t, "POST", fx.url+"/me/timetables", tokens.Access, map[string]string{"semester_id": oldKorea, "title": when}); r.status != 201 {
				t.Errorf("%s: with the refreshed token: %d %s", when, r.status, r.body)
			}
		}
	}
	check("before the first sign-in", true)
	u := fx.signIn(t, "minsu", secret) // migrates the account
	check("after the first sign-in", true)
	fx.update(t, u, (&firebaseauth.UserToUpdate{}).Password("newer "+secret))
	fx.waitForRevocation(t, u)
	check("after a new password", false)
	for name, c := range map[string]struct{ bearer, code string }{
		"refresh token": {refresh, "AT002"}, "another key": {"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x", "AT002"},
		"nobody's": {fx.oldToken(t, "7c9e6679-7425-40de-944b-e07fc1f90ae7", token.Access), "AT003"},
	} {
		if r := call(t, "GET", fx.url+"/me", c.bearer, nil); r.status != 401 || r.code(t) != c.code {
			t.Errorf("%s as an access token: %d %s", name, r.status, r.body)
		}
	}
	fx.Clock.Advance(time.Hour)
	if r := call(t, "GET", fx.url+"/me", access, nil); r.status != 401 || r.code(t) != "AT003" {
		t.Errorf("expired: %d %s", r.status, r.body)
	}
	if r := call(t, "GET", fx.url+"/schools", "null", nil); r.status != 502 {
		t.Errorf("schools have not moved: %d %s", r.status, r.body)
	}
}

// waitForRevocation waits until Authentication says that sessions were revoked after the account's creation.
func (fx *fixture) waitForRevocation(t *testing.T, u user) {
	t.Helper()
	for {
		account, err := fx.admin.GetUser(t.Context(), u.id)
		if err != nil {
			t.Fatal(err)
		}
		if account.TokensValidAfterMillis > account.UserMetadata.CreationTimestamp+1000 {
			return
		}
		time.Sleep(10 * time.Millisecond) // Authentication stores seconds of the machine's clock
		fx.revoke(t, u)
	}
}

// A user who cannot sign in at the old server after accounts moved back signs in here, and gets tokens that
// both sides accept; and this server's refresh tokens give such tokens.
func TestSignInAfterMovingBack(t *testing.T) {
	t.Parallel()
	asked := 0
	fx := newMove(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(401)
		fmt.Fprint(w, `{"code": "AL001", "message": "from the old server"}`)
	}, state.New, state.New)
	fx.addOldAccount(t, "minsu", movedUser, secret)
	fx.set(t, "users/"+movedUser, map[string]any{"username": "minsu"})
	ours := fx.signIn(t, "minsu", secret)
	born := fx.signUp(t, "jiwoo")
	if id, err := uuid.Parse(born.id); err != nil || id.Version() != 8 {
		t.Errorf("a new user's uid is %s", born.id)
	}
	if asked > 0 {
		t.Fatalf("the old server was asked %d times", asked)
	}
	fx.move(t, state.Timetables, state.Old, true)
	fx.move(t, state.Accounts, state.Old, true)
	signIn := func(name, password string) reply {
		return call(t, "POST", fx.url+"/auth/token", "", map[string]string{"username": name, "password": password})
	}
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	r := signIn("minsu", secret)
	if r.into(t, &tokens); r.status != 200 || asked != 1 {
		t.Fatalf("sign in after moving back: %d %s; the old server was asked %d times", r.status, r.body, asked)
	}
	for text, purpose := range map[string]token.Purpose{tokens.Access: token.Access, tokens.Refresh: token.Refresh} {
		if s, err := fx.oldTokens(t).Check(text, purpose); err != nil || s.UID != movedUser {
			t.Errorf("the %s token is not the old server's: %+v, %v", purpose, s, err)
		}
	}
	r = call(t, "POST", fx.url+"/auth/refresh-token", "", map[string]string{"refresh_token": ours.refresh})
	r.into(t, &tokens)
	if s, err := fx.oldTokens(t).Check(tokens.Access, token.Access); r.status != 200 || err != nil || s.UID != movedUser {
		t.Errorf("refresh after moving back: %d, %+v, %v", r.status, s, err)
	}
	// Who was born here stays here.
	if again := fx.signIn(t, "jiwoo", secret); again.id != born.id {
		t.Errorf("signed in as %s", again.id)
	}
	if r := call(t, "GET", fx.url+"/me", born.access, nil); r.status != 200 || !strings.Contains(r.body, born.id) {
		t.Errorf("me of a user born here: %d %s", r.status, r.body)
	}
	made := fx.makeTimetable(t, born, oldKorea, "여기서")
	added := fx.addLecture(t, born, made.ID, dataLecture())
	if _, err := uuid.Parse(added.ID); err != nil || len(made.ID) != 32 {
		t.Errorf("timetable %s, lecture %s: they have no place in the old database", made.ID, added.ID)
	}
	if r := signIn("minsu", "wrong"+secret); r.status != 401 || r.code(t) != "AL001" {
		t.Errorf("wrong password: %d %s", r.status, r.body)
	}
}

// If the old server gives no response, or the state cannot be read, the client gets an error of this API,
// which pages may read.
func TestOldServerDown(t *testing.T) {
	t.Parallel()
	fx := newMove(t, nil, state.Old, state.Old)
	for _, path := range []string{"/schools", "/me", "/unknown"} {
		r := call(t, "GET", fx.url+path, "null", nil)
		if r.status != 502 || r.code(t) != "SV003" || r.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s %v", path, r.status, r.body, r.header)
		}
	}
	release := make(chan bool)
	defer close(release)
	slow := newMove(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}, state.Old, state.Old)
	if r := call(t, "GET", slow.url+"/me", "null", nil); r.status != 504 || r.code(t) != "SV004" {
		t.Errorf("slow: %d %s", r.status, r.body)
	}
	broken := newMove(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, state.Old, state.Old)
	if r := call(t, "POST", broken.url+"/users", "null", map[string]string{}); r.status != 502 || r.code(t) != "SV005" || r.header.Get("Retry-After") != "" {
		t.Errorf("broken: %d %s", r.status, r.body)
	}
	fx.set(t, "migrations/accounts", map[string]any{"phase": "damaged"})
	fx.Clock.Advance(state.QuietLease)
	if r := call(t, "GET", fx.url+"/schools", "null", nil); r.status != 503 || r.code(t) != "SV002" || r.header.Get("Retry-After") == "" {
		t.Errorf("no state: %d %s", r.status, r.body)
	}
}

// Without an old server, the migration's state is never read; with one, once in a lease.
func TestCostOfMoving(t *testing.T) {
	t.Parallel()
	documented := documentedCosts(t)["`GET /me`"]
	fx := newMove(t, nil, state.New, state.New)
	u := fx.signUp(t, "minsu")
	withOld, without := fx.url, fx.serve(t, fx.server(t, options{}))
	fx.Clock.Advance(state.QuietLease)
	get := func(url string) emulatortest.Cost {
		return fx.billed(t, func() {
			if r := call(t, "GET", url+"/me", u.access, nil); r.status != 200 {
				t.Errorf("me: %d %s", r.status, r.body)
			}
		})
	}
	if got := get(without); fmt.Sprintf("%d | %d | %d", got.Reads, got.Writes, got.Deletes) != documented {
		t.Errorf("without an old server: %v, want %s", got, documented)
	}
	if got := get(withOld); got != (emulatortest.Cost{Reads: 1 + 3}) {
		t.Errorf("the first call in a lease: %v", got)
	}
	if got := get(withOld); got != (emulatortest.Cost{Reads: 1}) {
		t.Errorf("the next call in a lease: %v", got)
	}
}

func TestOpenNamesInvalidOldServer(t *testing.T) {
	t.Parallel()
	for _, c := range []map[string]string{
		{"OLD_SERVER_URL": "old.example"}, {"OLD_SERVER_URL": "https://u:" + oldServerKey + "@old.example"},
		{"OLD_TOKEN_KEY": ""}, {"OLD_TOKEN_SUBJECT_CLAIM": "type"}, {"OLD_TOKEN_TYPE_CLAIM": "exp"}, {"OLD_TOKEN_ACCESS_TYPE": "refresh"},
	} {
		variables := settings()
		variables["OLD_SERVER_URL"], variables["OLD_TOKEN_KEY"] = "https://old.example", oldServerKey
		name := ""
		for key, value := range c {
			variables[key], name = value, key
		}
		if strings.HasPrefix(name, "OLD_TOKEN_") && name != "OLD_TOKEN_KEY" {
			name = "OLD_TOKEN_*"
		}
		_, err := api.Open(t.Context(), environment.Map(variables), logging.New(&logged, "p"))
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), oldServerKey) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// The names of claims are settings, and a token that lacks one of them is invalid.
func TestOldTokenClaims(t *testing.T) {
	t.Parallel()
	fx := newFixtureWithoutServer(t)
	custom, err := token.NewOldServer(oldServerKey, token.OldServerClaims{Subject: "identity", Purpose: "kind", AccessValue: "a", RefreshValue: "r"}, fx.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	standard := fx.oldTokens(t)
	for _, purpose := range []token.Purpose{token.Access, token.Refresh} {
		text, err := custom.Sign(movedUser, purpose)
		if err != nil {
			t.Fatal(err)
		}
		for _, checked := range []token.Purpose{token.Access, token.Refresh} {
			s, err := custom.Check(text, checked)
			if (err == nil) != (purpose == checked) || err == nil && (s.UID != movedUser || s.IssuedAt == 0) {
				t.Errorf("%s token as %s: %+v, %v", purpose, checked, s, err)
			}
			if _, err := standard.Check(text, checked); err != token.ErrInvalid {
				t.Errorf("%s token with other claims as %s: %v", purpose, checked, err)
			}
			if _, err := fx.signer(t, currentKey, "").Check(text, checked); err != token.ErrInvalid {
				t.Errorf("%s token of the old server as one of this server: %v", purpose, err)
			}
		}
	}
	ahead, err := token.NewOldServer(oldServerKey, token.OldServerClaims{}, func() time.Time { return fx.Clock.Now().Add(5 * time.Minute) })
	if err != nil {
		t.Fatal(err)
	}
	if text, err := ahead.Sign(movedUser, token.Access); err != nil {
		t.Fatal(err)
	} else if _, err := standard.Check(text, token.Access); err != nil {
		t.Errorf("a token of an old server whose clock is ahead: %v", err)
	}
	ours, err := fx.signer(t, currentKey, "").Sign(token.Session{UID: movedUser}, token.Access)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := standard.Check(ours, token.Access); err != token.ErrInvalid {
		t.Errorf("a token of this server as one of the old server: %v", err)
	}
}
