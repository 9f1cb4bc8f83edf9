package passthrough_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/migration/state"
)

// sides is where all kinds are. accounts may have been on the new side before.
type sides struct {
	accounts, timetables state.Side
	wasNew               bool
}

func (fx *fixture) put(t testing.TB, s sides) {
	t.Helper()
	fx.rest(t, state.Schools, state.Old)
	fx.set(t, state.Accounts, state.Phase(s.accounts), s.accounts, s.wasNew)
	fx.rest(t, state.Timetables, s.timetables)
}

// bearers returns the tokens of the matrix. Their names are in its columns.
func (fx *fixture) bearers(t testing.TB) map[string]string {
	t.Helper()
	tokens := map[string]string{
		"none": "null", "forged": "forged", "old": fx.oldAccess(t, minsu), "ours": fx.access(t, minsu),
		"born here": fx.access(t, newOld), "app": fx.access(t, firebase),
		"revoked old": fx.oldAccess(t, jiwoo), "revoked ours": fx.access(t, jiwoo),
	}
	var err error
	if tokens["refresh"], err = fx.oldTokens.Sign(minsu, token.Refresh); err != nil {
		t.Fatal(err)
	}
	if tokens["our refresh"], err = fx.tokens.Sign(token.Session{UID: minsu}, token.Refresh); err != nil {
		t.Fatal(err)
	}
	if tokens["other key"], err = otherKey(t, fx).Sign(minsu, token.Access); err != nil {
		t.Fatal(err)
	}
	return tokens
}

func otherKey(t testing.TB, fx *fixture) *token.OldServer {
	t.Helper()
	o, err := token.NewOldServer("another key", token.OldServerClaims{}, fx.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Where a call goes and which token it has there, by the token that the client sent and the sides of
// accounts and timetables. "same" is the client's own token, "minted" one of the old server's for the user.
// It is long because of its tables.
func TestTokens(t *testing.T) {
	fx := newFixture(t)
	fx.revoked.Store(jiwoo, true)
	in := fx.instance(t, options{})
	before, after := sides{state.Old, state.Old, false}, sides{state.New, state.New, true}
	between, again := sides{state.New, state.Old, true}, sides{state.Old, state.Old, true}
	const mine, others, schools, unknown = "/me/timetables", "/users/" + minsu + "/timetables", "/schools", "/unknown"
	for _, c := range []struct {
		sides sides
		path  string
		want  map[string]string
	}{
		{before, mine, map[string]string{"none": "old same", "forged": "old same", "other key": "old same", "old": "old same", "refresh": "old same",
			"ours": "old minted", "revoked old": "old same", "revoked ours": "495", "expired old": "old same", "expired ours": "493"}},
		{before, others, map[string]string{"none": "old same", "old": "old same", "app": "old none", "born here": "old none"}},
		{between, mine, map[string]string{"none": "old same", "forged": "494", "other key": "494", "refresh": "494", "our refresh": "494",
			"old": "old minted", "ours": "old minted", "born here": "here same", "app": "here same",
			"revoked old": "495", "revoked ours": "495", "expired old": "493", "expired ours": "493"}},
		{between, others, map[string]string{"none": "old same", "forged": "494", "old": "old minted", "ours": "old minted", "born here": "old none", "app": "old none"}},
		{between, schools, map[string]string{"none": "old same", "old": "old minted", "app": "old none", "expired old": "493"}},
		{between, unknown, map[string]string{"none": "old same", "forged": "old same", "old": "old minted", "ours": "old minted", "expired old": "old same", "revoked old": "495"}},
		{after, mine, map[string]string{"none": "here same", "forged": "here same", "old": "here same", "ours": "here same", "app": "here same"}},
		{again, mine, map[string]string{"none": "old same", "forged": "old same", "old": "old same", "ours": "old minted", "born here": "here same", "app": "here same",
			"revoked ours": "495", "expired ours": "493"}},
		{again, "/me", map[string]string{"old": "old same", "ours": "old minted", "born here": "here same", "app": "here same"}},
		{again, others, map[string]string{"app": "old none", "ours": "old minted"}},
	} {
		fx.put(t, c.sides)
		bearers := fx.bearers(t)
		for name, bearer := range bearers {
			if want, ok := c.want[name]; ok {
				fx.checkToken(t, in, c.path, name, bearer, want)
			}
		}
		fx.Clock.Advance(time.Hour)
		for name, bearer := range map[string]string{"expired old": bearers["old"], "expired ours": bearers["ours"]} {
			if want, ok := c.want[name]; ok {
				fx.checkToken(t, in, c.path, name, bearer, want)
			}
		}
	}
}

// checkToken calls a path and checks where it goes and with which token.
func (fx *fixture) checkToken(t testing.TB, in *instance, path, name, bearer, want string) {
	t.Helper()
	fx.old.requests()
	fx.here.requests()
	r := in.call(t, "GET", base+path, bearer, "")
	if r.side == "" {
		if got := fmt.Sprint(r.status); got != want {
			t.Errorf("%s with token %s: %s, want %s", path, name, got, want)
		}
		return
	}
	side := fx.old
	if r.side == "here" {
		side = fx.here
	}
	got, sent := side.requests()[0].authorization, "none"
	session, err := fx.oldTokens.Check(strings.TrimPrefix(got, "Bearer "), token.Access)
	switch {
	case got == "Bearer "+bearer:
		sent = "same"
	case err == nil && session.UID == minsu:
		sent = "minted"
	case got != "":
		sent = "unexpected"
	}
	if r.side+" "+sent != want {
		t.Errorf("%s with token %s: %s %s, want %s", path, name, r.side, sent, want)
	}
}

// Timetables of users who were born on the new side are there, whatever the state of timetables is and
// whoever asks; even a switch does not hold them.
func TestBornOnNewSide(t *testing.T) {
	fx := newFixture(t)
	in := fx.instance(t, options{})
	for _, c := range []struct {
		uid  string
		here bool
	}{
		{minsu, false}, {strings.ToUpper(minsu), false}, {newOld, true}, {firebase, true}, {"ABCDEFGHIJKLMNOPQRSTUVWXY2", true},
		{"unknown", true}, {strings.ReplaceAll(minsu, "-", ""), true}, {strings.Replace(minsu, "0", "%30", 1), false},
		{strings.Replace(minsu, "-4", "-5", 1), true}, {"0f8fad5bXd9cb-469f-a165-70867728950e", true}, {"zf8fad5b-d9cb-469f-a165-70867728950e", true},
	} {
		for _, accounts := range []sides{{state.New, state.Old, true}, {state.Old, state.Old, true}} {
			fx.put(t, accounts)
			want := "old"
			if c.here {
				want = "here"
			}
			if r := in.call(t, "GET", base+"/users/"+c.uid+"/timetables", "null", ""); r.side != want {
				t.Errorf("timetables of %s, accounts %v: %v, want %s", c.uid, accounts, r, want)
			}
		}
		// Before accounts have moved, nobody was born there.
		fx.put(t, sides{state.Old, state.Old, false})
		if r := in.call(t, "GET", base+"/users/"+c.uid+"/timetables", "null", ""); r.side != "old" {
			t.Errorf("timetables of %s before the move: %v", c.uid, r)
		}
	}
	fx.put(t, sides{state.New, state.Old, true})
	fx.set(t, state.Timetables, state.Holding, state.New, false)
	if r := in.call(t, "POST", base+"/me/timetables", fx.access(t, newOld), "{}"); r.side != "here" {
		t.Errorf("a user of the new side is held: %v", r)
	}
}

// After accounts moved back, the old server does not know the passwords, users and tokens of the new side.
func TestFallbacks(t *testing.T) {
	fx := newFixture(t)
	in := fx.instance(t, options{})
	status, body := 401, `{"code": "AL001", "message": "wrong"}`
	fx.old.on(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	fx.here.on(func(w http.ResponseWriter, r *http.Request) {
		// Tokens for users of the old database are the old server's.
		for _, uid := range []string{minsu, newOld} {
			text, err := in.Sign(r.Context(), token.Session{UID: uid}, token.Access)
			_, old := fx.oldTokens.Check(text, token.Access)
			_, ours := fx.tokens.Check(text, token.Access)
			fmt.Fprint(w, err == nil, old == nil, ours == nil, " ")
		}
	})
	ourRefresh, _ := fx.tokens.Sign(token.Session{UID: minsu}, token.Refresh)
	oldRefresh, _ := fx.oldTokens.Sign(minsu, token.Refresh)
	refresh := func(text string) string {
		b, _ := json.Marshal(map[string]string{"refresh_token": text})
		return string(b)
	}
	const forOldSide, forNewSide = "true true false true false true ", "true false true true false true "
	for _, c := range []struct {
		name               string
		sides              sides
		method, path, sent string
		status             int
		code               string
		want               string
	}{
		{"wrong password, never moved", sides{state.Old, state.Old, false}, "POST", "/auth/token", "{}", 401, "AL001", "old"},
		{"wrong password, moved back", sides{state.Old, state.Old, true}, "POST", "/auth/token", "{}", 401, "AL001", forOldSide},
		{"another error, moved back", sides{state.Old, state.Old, true}, "POST", "/auth/token", "{}", 401, "AL009", "old"},
		{"right password, moved back", sides{state.Old, state.Old, true}, "POST", "/auth/token", "{}", 200, "", "old"},
		{"sign-in on the new side", sides{state.New, state.Old, true}, "POST", "/auth/token", "{}", 401, "AL001", forNewSide},
		{"our refresh token, moved back", sides{state.Old, state.Old, true}, "POST", "/auth/refresh-token", refresh(ourRefresh), 401, "AL002", forOldSide},
		{"their refresh token, moved back", sides{state.Old, state.Old, true}, "POST", "/auth/refresh-token", refresh(oldRefresh), 200, "", "old"},
		{"no refresh token", sides{state.Old, state.Old, true}, "POST", "/auth/refresh-token", "[]", 400, "RQ001", "old"},
		{"our refresh token on the new side", sides{state.New, state.Old, true}, "POST", "/auth/refresh-token", refresh(ourRefresh), 401, "AL002", forNewSide},
		{"unknown username, never moved", sides{state.Old, state.Old, false}, "GET", "/username/new", "", 404, "US003", "old"},
		{"unknown username, moved back", sides{state.Old, state.Old, true}, "GET", "/username/new", "", 404, "US003", "here"},
		{"known username, moved back", sides{state.Old, state.Old, true}, "GET", "/username/new", "", 200, "", "old"},
	} {
		fx.put(t, c.sides)
		status, body = c.status, fmt.Sprintf(`{"code": %q, "message": "from the old server"}`, c.code)
		r := in.call(t, c.method, base+c.path, "null", c.sent)
		switch c.want {
		case "old":
			if r.side != "old" || r.status != c.status || r.body != body {
				t.Errorf("%s: %v, want the old server's %d %s", c.name, r, c.status, body)
			}
		case "here":
			if r.side != "here" {
				t.Errorf("%s: %v", c.name, r)
			}
		default:
			if r.side != "here" || r.body != c.want {
				t.Errorf("%s: %v, want %s", c.name, r, c.want)
			}
		}
	}
}
