package api_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/loginthrottle"
)

// What ends a user's sessions: then the refresh token is refused at once, and an access token within a minute.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *world, user){
		"an operator ends them": func(t *testing.T, w *world, u user) { w.afterThisSecond(t, u); w.revoke(t, u) },
		"a new password": func(t *testing.T, w *world, u user) {
			w.afterThisSecond(t, u)
			w.update(t, u, (&firebaseauth.UserToUpdate{}).Password("newer "+secret))
		},
		"the account is disabled": func(t *testing.T, w *world, u user) { w.update(t, u, (&firebaseauth.UserToUpdate{}).Disabled(true)) },
		"the account is gone": func(t *testing.T, w *world, u user) {
			if err := w.admin.DeleteUser(t.Context(), u.id); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u, other := w.signUp(t, "minsu"), w.signUp(t, "other")
			for _, u := range []user{u, other} { // the server has seen them
				if r := call(t, "GET", w.url+"/me", u.access, nil); r.status != 200 {
					t.Fatalf("before: %d %s", r.status, r.body)
				}
			}
			end(t, w, u)
			if r := call(t, "POST", w.url+"/auth/refresh-token", "", map[string]string{"refresh_token": u.refresh}); r.status != 401 || r.code(t) != "AL002" {
				t.Errorf("refresh: %d %s", r.status, r.body)
			}
			w.Clock.Advance(time.Minute)
			for _, c := range [][2]string{{"GET", "/me"}, {"POST", "/me/timetables"}, {"GET", "/users/" + u.id + "/timetables"}} {
				if r := call(t, c[0], w.url+c[1], u.access, nil); r.status != 401 || r.code(t) != "AT003" {
					t.Errorf("%v: %d %s", c, r.status, r.body)
				}
			}
			if r := call(t, "GET", w.url+"/me", other.access, nil); r.status != 200 {
				t.Errorf("another user: %d %s", r.status, r.body)
			}
			w.refreshed(t, other)
		})
	}
}

// afterThisSecond waits until Authentication, which counts in seconds, can tell a session from what ends it.
func (w *world) afterThisSecond(t *testing.T, u user) {
	t.Helper()
	account, err := w.admin.GetUser(t.Context(), u.id)
	if err != nil {
		t.Fatal(err)
	}
	for time.Now().Unix() <= account.TokensValidAfterMillis/1000 {
		time.Sleep(10 * time.Millisecond)
	}
}

func (w *world) revoke(t *testing.T, u user) {
	t.Helper()
	if err := w.admin.RevokeRefreshTokens(t.Context(), u.id); err != nil {
		t.Fatal(err)
	}
}

func (w *world) update(t *testing.T, u user, to *firebaseauth.UserToUpdate) {
	t.Helper()
	if _, err := w.admin.UpdateUser(t.Context(), u.id, to); err != nil {
		t.Fatal(err)
	}
}

// While keys change, tokens of both are taken; new ones are signed with the new key. The key before the last is forgotten.
func TestKeysChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.signUp(t, "minsu") // signed with keyNow
	const newer = "bmV3ZXItbmV3ZXItbmV3ZXItbmV3ZXItbmV3ZXItbmU="
	first := w.url
	w.url = w.serve(t, w.server(t, options{key: newer, old: keyNow}))
	if r := call(t, "GET", w.url+"/me", u.access, nil); r.status != 200 {
		t.Errorf("old access token: %d %s", r.status, r.body)
	}
	fresh := w.refreshed(t, u)
	if r := call(t, "GET", w.url+"/me", fresh, nil); r.status != 200 {
		t.Errorf("new access token: %d %s", r.status, r.body)
	}
	if r := call(t, "GET", first+"/me", fresh, nil); r.status != 401 || r.code(t) != "AT002" {
		t.Errorf("new access token at a server without the new key: %d %s", r.status, r.body)
	}
	third := w.serve(t, w.server(t, options{key: keyBefore, old: newer}))
	if r := call(t, "POST", third+"/auth/refresh-token", "", map[string]string{"refresh_token": u.refresh}); r.status != 401 || r.code(t) != "AL002" {
		t.Errorf("the key before the last: %d %s", r.status, r.body)
	}
}

func TestSignerRefuses(t *testing.T) {
	t.Parallel()
	w := bareWorld(t)
	for name, keys := range map[string][2]string{
		"no key": {"", ""}, "a short key": {"c2hvcnQ=", ""}, "no Base64": {strings.Repeat("?", 44), ""}, "a short old key": {keyNow, "c2hvcnQ="},
	} {
		if _, err := token.New(w.Project, keys[0], keys[1], w.Clock.Now); err == nil || !strings.Contains(err.Error(), "openssl") {
			t.Errorf("%s: %v", name, err)
		}
	}
	one, err := token.New("one", keyNow, "", w.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	text, err := one.Sign(token.Session{UID: strings.Repeat("가", 128)}, token.Access)
	if err != nil || len(text) > token.MaxBytes {
		t.Errorf("the longest uid makes a token of %d bytes, %v", len(text), err)
	}
	if s, err := one.Check(text, token.Access); err != nil || s.UID != strings.Repeat("가", 128) {
		t.Errorf("one's own: %v", err)
	}
	if _, err := w.signer(t, keyNow, "").Check(text, token.Access); err != token.ErrInvalid {
		t.Errorf("a token of another project with the same key: %v", err)
	}
	if _, err := one.Check(text+strings.Repeat("A", token.MaxBytes), token.Access); err != token.ErrInvalid {
		t.Errorf("a very long text: %v", err)
	}
}

// An old account signs in with its old password, and is moved to Authentication on the way, as by the auth service.
func TestOldAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.old(t, "minsu", "11111111-2222-3333-4444-555555555555", secret)
	u := w.signIn(t, "minsu", secret)
	if u.id != "11111111-2222-3333-4444-555555555555" {
		t.Errorf("signed in as %s", u.id)
	}
	if n, err := credential.Remaining(t.Context(), w.fs); n != 0 || err != nil {
		t.Errorf("%d old passwords remain, %v", n, err)
	}
	account, err := w.admin.GetUser(t.Context(), u.id)
	if err != nil || account.Email != "minsu@user.heektime.heek.kr" || account.CustomClaims["legacy"] != true {
		t.Errorf("account: %+v, %v", account, err)
	}
	w.refreshed(t, u)
	if again := w.signIn(t, "MINSU", secret); again.id != u.id { // the address is the same
		t.Errorf("signed in as %s", again.id)
	}
}

// An old account that Authentication does not take stays an old one; its sessions are good until it goes.
func TestOldAccountThatStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const short = "123" // Authentication wants six characters
	w.old(t, "minsu", "old-uid", short)
	u := w.signIn(t, "minsu", short)
	if r := call(t, "GET", w.url+"/me", u.access, nil); r.status != 200 || u.id != "old-uid" {
		t.Errorf("%d %s", r.status, r.body)
	}
	w.refreshed(t, u)
	if _, err := credential.DeleteAll(t.Context(), w.fs, u.id); err != nil {
		t.Fatal(err)
	}
	if r := call(t, "POST", w.url+"/auth/refresh-token", "", map[string]string{"refresh_token": u.refresh}); r.code(t) != "AL002" {
		t.Errorf("after it went: %d %s", r.status, r.body)
	}
}

// Whoever deletes his account in a new app is gone for others, and cannot sign in to an old app, nor get the name again there.
func TestAccountOnItsWayOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.signUp(t, "minsu")
	w.makeTimetable(t, u, oldKorea, "시간표")
	service, err := deletion.New(deletion.Config{Firestore: w.fs, Accounts: w.admin, Log: w.authentication(t, w.AuthAddress()).Log, Now: w.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Request(t.Context(), u.id); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/username/minsu", "/users/" + u.id + "/timetables"} {
		if r := call(t, "GET", w.url+path, "null", nil); r.status != 404 {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	for _, body := range []map[string]string{{"username": "minsu"}, {"username": "minsu@user.heektime.heek.kr"}} {
		body["password"] = secret
		if r := call(t, "POST", w.url+"/auth/token", "", body); r.status != 403 || r.code(t) != "AL003" {
			t.Errorf("sign in as %s: %d %s", body["username"], r.status, r.body)
		}
	}
	if r := call(t, "POST", w.url+"/users", "", map[string]string{"username": "minsu", "password": secret, "name": "이름"}); r.status != 409 {
		t.Errorf("sign up again: %d %s", r.status, r.body)
	}
	if err := service.Restore(t.Context(), u.id); err != nil {
		t.Fatal(err)
	}
	if back := w.signIn(t, "minsu", secret); len(w.timetables(t, back.id, back.access)) != 1 {
		t.Error("taken back, and the timetable is gone")
	}
}

// Wrong passwords make their sender wait, however many servers there are.
func TestGuessing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signUp(t, "minsu")
	limits := loginthrottle.DefaultLimits()
	limits.Pair.Free = 2
	for i, want := range []int{401, 401, 401, 429} {
		url := w.serve(t, w.server(t, options{attempts: &limits}))
		r := call(t, "POST", url+"/auth/token", "", map[string]string{"username": "minsu", "password": "wrong" + secret})
		if r.status != want || want == 429 && (r.code(t) != "RQ005" || r.header.Get("Retry-After") == "") {
			t.Errorf("%d: %d %s", i, r.status, r.body)
		}
	}
}

// old stores the password of an account from before the migration.
func (w *world) old(t testing.TB, username, uid, password string) {
	t.Helper()
	sum, err := pbkdf2.Key(sha256.New, password, []byte("salt"), 1000, 32)
	if err != nil {
		t.Fatal(err)
	}
	hash := fmt.Sprintf("pbkdf2:sha256:1000$salt$%x", sum)
	if err := credential.Add(t.Context(), w.fs, credential.Credential{Email: username + "@user.heektime.heek.kr", UID: uid, Hash: hash}); err != nil {
		t.Fatal(err)
	}
}
