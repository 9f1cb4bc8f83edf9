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

// When a session is revoked, its refresh token is rejected immediately, and its access token within
// a minute.
func TestRevokedSessions(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *fixture, user){
		"revoked by an operator": func(t *testing.T, fx *fixture, u user) { fx.waitForNextSecond(t, u); fx.revoke(t, u) },
		"password changed": func(t *testing.T, fx *fixture, u user) {
			fx.waitForNextSecond(t, u)
			fx.update(t, u, (&firebaseauth.UserToUpdate{}).Password("newer "+secret))
		},
		"account disabled": func(t *testing.T, fx *fixture, u user) {
			fx.update(t, u, (&firebaseauth.UserToUpdate{}).Disabled(true))
		},
		"account deleted": func(t *testing.T, fx *fixture, u user) {
			if err := fx.admin.DeleteUser(t.Context(), u.id); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t)
			u, other := fx.signUp(t, "minsu"), fx.signUp(t, "other")
			for _, u := range []user{u, other} { // puts the sessions into the server's cache
				if r := call(t, "GET", fx.url+"/me", u.access, nil); r.status != 200 {
					t.Fatalf("before: %d %s", r.status, r.body)
				}
			}
			end(t, fx, u)
			if r := call(t, "POST", fx.url+"/auth/refresh-token", "", map[string]string{"refresh_token": u.refresh}); r.status != 401 || r.code(t) != "AL002" {
				t.Errorf("refresh: %d %s", r.status, r.body)
			}
			fx.Clock.Advance(time.Minute)
			for _, c := range [][2]string{{"GET", "/me"}, {"POST", "/me/timetables"}, {"GET", "/users/" + u.id + "/timetables"}} {
				if r := call(t, c[0], fx.url+c[1], u.access, nil); r.status != 401 || r.code(t) != "AT003" {
					t.Errorf("%v: %d %s", c, r.status, r.body)
				}
			}
			if r := call(t, "GET", fx.url+"/me", other.access, nil); r.status != 200 {
				t.Errorf("another user: %d %s", r.status, r.body)
			}
			fx.refreshed(t, other)
		})
	}
}

// waitForNextSecond waits until a revocation will be later than the user's sign-in. Authentication
// stores both in whole seconds.
func (fx *fixture) waitForNextSecond(t *testing.T, u user) {
	t.Helper()
	account, err := fx.admin.GetUser(t.Context(), u.id)
	if err != nil {
		t.Fatal(err)
	}
	for time.Now().Unix() <= account.TokensValidAfterMillis/1000 {
		time.Sleep(10 * time.Millisecond)
	}
}

func (fx *fixture) revoke(t *testing.T, u user) {
	t.Helper()
	if err := fx.admin.RevokeRefreshTokens(t.Context(), u.id); err != nil {
		t.Fatal(err)
	}
}

func (fx *fixture) update(t *testing.T, u user, to *firebaseauth.UserToUpdate) {
	t.Helper()
	if _, err := fx.admin.UpdateUser(t.Context(), u.id, to); err != nil {
		t.Fatal(err)
	}
}

// During a key rotation, tokens signed with the old key are accepted, and new tokens are signed
// with the new key. After another rotation, the oldest key is no longer accepted.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu") // the tokens are signed with currentKey
	const newer = "bmV3ZXItbmV3ZXItbmV3ZXItbmV3ZXItbmV3ZXItbmU="
	first := fx.url
	fx.url = fx.serve(t, fx.server(t, options{key: newer, old: currentKey}))
	if r := call(t, "GET", fx.url+"/me", u.access, nil); r.status != 200 {
		t.Errorf("old access token: %d %s", r.status, r.body)
	}
	fresh := fx.refreshed(t, u)
	if r := call(t, "GET", fx.url+"/me", fresh, nil); r.status != 200 {
		t.Errorf("new access token: %d %s", r.status, r.body)
	}
	if r := call(t, "GET", first+"/me", fresh, nil); r.status != 401 || r.code(t) != "AT002" {
		t.Errorf("new access token on a server without the new key: %d %s", r.status, r.body)
	}
	third := fx.serve(t, fx.server(t, options{key: oldKey, old: newer}))
	if r := call(t, "POST", third+"/auth/refresh-token", "", map[string]string{"refresh_token": u.refresh}); r.status != 401 || r.code(t) != "AL002" {
		t.Errorf("token signed with the oldest key: %d %s", r.status, r.body)
	}
}

func TestSignerRejects(t *testing.T) {
	t.Parallel()
	fx := newFixtureWithoutServer(t)
	for name, keys := range map[string][2]string{
		"no key": {"", ""}, "short key": {"c2hvcnQ=", ""}, "not Base64": {strings.Repeat("?", 44), ""}, "short old key": {currentKey, "c2hvcnQ="},
	} {
		if _, err := token.New(fx.Project, keys[0], keys[1], fx.Clock.Now); err == nil || !strings.Contains(err.Error(), "openssl") {
			t.Errorf("%s: %v", name, err)
		}
	}
	signer, err := token.New("other-project", currentKey, "", fx.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signer.Sign(token.Session{UID: strings.Repeat("가", 128)}, token.Access)
	if err != nil || len(text) > token.MaxBytes {
		t.Errorf("token with the longest uid: %d bytes, %v", len(text), err)
	}
	if s, err := signer.Check(text, token.Access); err != nil || s.UID != strings.Repeat("가", 128) {
		t.Errorf("the signer's own token: %v", err)
	}
	if _, err := fx.signer(t, currentKey, "").Check(text, token.Access); err != token.ErrInvalid {
		t.Errorf("another project's token with the same key: %v", err)
	}
	if _, err := signer.Check(text+strings.Repeat("A", token.MaxBytes), token.Access); err != token.ErrInvalid {
		t.Errorf("overlong token: %v", err)
	}
}

// Signing in with an old password migrates the account to Authentication, as in the auth service.
func TestOldAccountIsMigrated(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	fx.addOldAccount(t, "minsu", "11111111-2222-3333-4444-555555555555", secret)
	u := fx.signIn(t, "minsu", secret)
	if u.id != "11111111-2222-3333-4444-555555555555" {
		t.Errorf("signed in as %s", u.id)
	}
	if n, err := credential.Remaining(t.Context(), fx.fs); n != 0 || err != nil {
		t.Errorf("%d old passwords remain, %v", n, err)
	}
	account, err := fx.admin.GetUser(t.Context(), u.id)
	if err != nil || account.Email != "minsu@user.heektime.heek.kr" || account.CustomClaims["legacy"] != true {
		t.Errorf("account: %+v, %v", account, err)
	}
	fx.refreshed(t, u)
	if again := fx.signIn(t, "MINSU", secret); again.id != u.id { // the email address is the same
		t.Errorf("signed in as %s", again.id)
	}
}

// An account that Authentication rejects keeps its old password. Its sessions are valid until it is
// deleted.
func TestAccountThatCannotBeMigrated(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	const short = "123" // Authentication requires six characters
	fx.addOldAccount(t, "minsu", "old-uid", short)
	u := fx.signIn(t, "minsu", short)
	if r := call(t, "GET", fx.url+"/me", u.access, nil); r.status != 200 || u.id != "old-uid" {
		t.Errorf("me: %d %s", r.status, r.body)
	}
	fx.refreshed(t, u)
	if _, err := credential.DeleteAll(t.Context(), fx.fs, u.id); err != nil {
		t.Fatal(err)
	}
	if r := call(t, "POST", fx.url+"/auth/refresh-token", "", map[string]string{"refresh_token": u.refresh}); r.code(t) != "AL002" {
		t.Errorf("after deletion: %d %s", r.status, r.body)
	}
}

// After users delete their account in a new app, others cannot see them, and in old apps they can
// neither sign in nor sign up again with the same username.
func TestAccountPendingDeletion(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	fx.makeTimetable(t, u, oldKorea, "시간표")
	service, err := deletion.New(deletion.Config{
		Firestore: fx.fs, Accounts: fx.admin, Log: fx.authConfig(t, fx.AuthAddress()).Log, Now: fx.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Request(t.Context(), u.id); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/username/minsu", "/users/" + u.id + "/timetables"} {
		if r := call(t, "GET", fx.url+path, "null", nil); r.status != 404 {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	for _, body := range []map[string]string{{"username": "minsu"}, {"username": "minsu@user.heektime.heek.kr"}} {
		body["password"] = secret
		if r := call(t, "POST", fx.url+"/auth/token", "", body); r.status != 403 || r.code(t) != "AL003" {
			t.Errorf("sign in as %s: %d %s", body["username"], r.status, r.body)
		}
	}
	if r := call(t, "POST", fx.url+"/users", "", map[string]string{"username": "minsu", "password": secret, "name": "이름"}); r.status != 409 {
		t.Errorf("sign up again: %d %s", r.status, r.body)
	}
	if err := service.Restore(t.Context(), u.id); err != nil {
		t.Fatal(err)
	}
	if back := fx.signIn(t, "minsu", secret); len(fx.timetables(t, back.id, back.access)) != 1 {
		t.Error("the restored account has lost its timetable")
	}
}

// A blocked user can neither sign in nor renew a session, old password or new, and others do not see them. An
// unblock restores everything but the sessions.
func TestBlockedAccount(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	fx.makeTimetable(t, u, oldKorea, "시간표")
	fx.addOldAccount(t, "jisu", "old-uid", secret)
	service, err := deletion.New(deletion.Config{
		Firestore: fx.fs, Accounts: fx.admin, Log: fx.authConfig(t, fx.AuthAddress()).Log, Now: fx.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	fx.waitForNextSecond(t, u) // Authentication stores revocations in seconds
	for _, uid := range []string{u.id, "old-uid"} {
		if _, err := service.Block(t.Context(), uid, "스팸"); err != nil {
			t.Fatal(err)
		}
	}
	fx.Clock.Advance(2 * time.Minute) // an instance caches a session's check for a minute
	for _, path := range []string{"/username/minsu", "/users/" + u.id + "/timetables"} {
		if r := call(t, "GET", fx.url+path, "null", nil); r.status != 404 {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	for _, name := range []string{"minsu", "jisu"} {
		if r := call(t, "POST", fx.url+"/auth/token", "", map[string]string{"username": name, "password": secret}); r.code(t) != "AL001" {
			t.Errorf("sign in as %s: %d %s", name, r.status, r.body)
		}
	}
	if r := call(t, "GET", fx.url+"/me", u.access, nil); r.code(t) != "AT003" {
		t.Errorf("me: %d %s", r.status, r.body)
	}
	if r := call(t, "POST", fx.url+"/auth/refresh-token", "", map[string]string{"refresh_token": u.refresh}); r.code(t) != "AL002" {
		t.Errorf("refresh: %d %s", r.status, r.body)
	}
	if r := call(t, "POST", fx.url+"/users", "", map[string]string{"username": "minsu", "password": secret, "name": "이름"}); r.status != 409 {
		t.Errorf("sign up again: %d %s", r.status, r.body)
	}
	for _, uid := range []string{u.id, "old-uid"} {
		if _, err := service.Unblock(t.Context(), uid); err != nil {
			t.Fatal(err)
		}
	}
	if back := fx.signIn(t, "minsu", secret); len(fx.timetables(t, back.id, back.access)) != 1 {
		t.Error("the unblocked account has lost its timetable")
	}
	if r := call(t, "POST", fx.url+"/auth/refresh-token", "", map[string]string{"refresh_token": u.refresh}); r.code(t) != "AL002" {
		t.Errorf("refresh with a token from before the block: %d %s", r.status, r.body)
	}
	fx.signIn(t, "jisu", secret)
}

// An account that is blocked while its owner signs in, after Authentication accepted the password.
func TestAccountBlockedDuringSignIn(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	u := fx.signUp(t, "minsu")
	for path, data := range map[string]map[string]any{"deletions/" + u.id: {"block": map[string]any{"reason": "스팸"}, "signedOut": false, "purging": false}} {
		if _, err := fx.fs.Doc(path).Set(t.Context(), data); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fx.fs.Doc("users/" + u.id).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"minsu", "minsu@user.heektime.heek.kr"} {
		if r := call(t, "POST", fx.url+"/auth/token", "", map[string]string{"username": name, "password": secret}); r.status != 403 || r.code(t) != "AL004" {
			t.Errorf("sign in as %s: %d %s", name, r.status, r.body)
		}
	}
}

// Password guessing is throttled across servers.
func TestPasswordGuessingIsThrottled(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	fx.signUp(t, "minsu")
	limits := loginthrottle.DefaultLimits()
	limits.Pair.Free = 2
	for i, want := range []int{401, 401, 401, 429} {
		url := fx.serve(t, fx.server(t, options{attempts: &limits}))
		r := call(t, "POST", url+"/auth/token", "", map[string]string{"username": "minsu", "password": "wrong" + secret})
		if r.status != want || want == 429 && (r.code(t) != "RQ005" || r.header.Get("Retry-After") == "") {
			t.Errorf("attempt %d: %d %s", i, r.status, r.body)
		}
	}
}

// addOldAccount stores the password of an account that has not been migrated.
func (fx *fixture) addOldAccount(t testing.TB, username, uid, password string) {
	t.Helper()
	sum, err := pbkdf2.Key(sha256.New, password, []byte("salt"), 1000, 32)
	if err != nil {
		t.Fatal(err)
	}
	hash := fmt.Sprintf("pbkdf2:sha256:1000$salt$%x", sum)
	if err := credential.Add(t.Context(), fx.fs, credential.Credential{Email: username + "@user.heektime.heek.kr", UID: uid, Hash: hash}); err != nil {
		t.Fatal(err)
	}
}
