package auth_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/schema"
)

// session holds a client's tokens after it signed in to Authentication.
type session struct {
	IDToken      string `json:"idToken"`
	RefreshToken string `json:"refreshToken"`
}

// signIn signs in to Authentication as a client does: with "email" and "password", or with a custom
// "token".
func (w *world) signIn(t testing.TB, method string, body map[string]any) session {
	t.Helper()
	body["returnSecureToken"] = true
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + w.AuthAddress() + "/identitytoolkit.googleapis.com/v1/accounts:" + method + "?key=any"
	response, err := http.Post(url, "application/json", bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var s session
	if err := json.NewDecoder(response.Body).Decode(&s); err != nil || s.IDToken == "" {
		t.Fatalf("%s: %d, %v", method, response.StatusCode, err)
	}
	return s
}

// accountCall calls an /account/ path with an Authorization header.
func accountCall(t testing.TB, url, authorization string) (status int, body map[string]string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

// A user deletes the account, signs in again in both ways, sees the pending deletion in the token, and
// restores the account.
func TestDeleteAndRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	const email, password = "a@example.com", "right " + secret
	uid := post(t, url+"/register/", "192.0.2.1", credentials{email, password}).UID
	passwordLogin := func() map[string]any { return map[string]any{"email": email, "password": password} }
	other := w.signIn(t, "signInWithPassword", passwordLogin()) // another device
	s := w.signIn(t, "signInWithPassword", passwordLogin())
	status, body := accountCall(t, url+"/account/delete/", "Bearer "+s.IDToken)
	until, err := time.Parse(time.RFC3339, body["until"])
	if status != http.StatusOK || err != nil || until.Sub(w.now()) > deletion.Grace || until.Sub(w.now()) < deletion.Grace-time.Minute {
		t.Fatalf("delete: %d %v", status, body)
	}
	pending, err := deletion.ReadPending(t.Context(), w.fs, uid)
	if err != nil || pending == nil || !pending.SignedOut {
		t.Fatalf("pending deletion is %+v, %v", pending, err)
	}
	// All sessions on all devices have ended. Authentication compares whole seconds, so a token issued
	// in the same second may still be valid.
	if w.user(t, uid).TokensValidAfterMillis == 0 {
		t.Error("no session was ended")
	}
	w.Clock.Advance(2 * time.Second)
	if r := refresh(t, w, other.RefreshToken); r == http.StatusOK {
		t.Error("another device is still signed in")
	}
	for name, claims := range map[string]map[string]any{
		"with the password":   w.claims(t, w.signIn(t, "signInWithPassword", passwordLogin())),
		"with a custom token": w.claims(t, w.signIn(t, "signInWithCustomToken", map[string]any{"token": post(t, url+"/login/", "192.0.2.1", credentials{email, password}).Token})),
	} {
		if claims[deletion.Claim] != float64(until.Unix()) {
			t.Errorf("%s: the token's claim is %v, want %d", name, claims[deletion.Claim], until.Unix())
		}
	}
	again := w.signIn(t, "signInWithPassword", passwordLogin())
	for range 2 {
		if status, body := accountCall(t, url+"/account/restore/", "Bearer "+again.IDToken); status != http.StatusOK || body["uid"] != uid {
			t.Errorf("restore: %d %v", status, body)
		}
	}
	if pending, err := deletion.ReadPending(t.Context(), w.fs, uid); err != nil || pending != nil {
		t.Errorf("pending deletion is %+v, %v; want none", pending, err)
	}
	if claims := w.claims(t, w.signIn(t, "signInWithPassword", passwordLogin())); claims[deletion.Claim] != nil {
		t.Errorf("the token still has the claim %v", claims[deletion.Claim])
	}
	if _, err := w.deletion(t).Request(t.Context(), uid); err != nil {
		t.Fatal(err)
	}
	w.fs.Doc("deletions/"+uid).Set(t.Context(), schema.PendingDeletion{Purging: true})
	if status, body := accountCall(t, url+"/account/restore/", "Bearer "+w.signIn(t, "signInWithPassword", passwordLogin()).IDToken); status != http.StatusGone || body["code"] != "too-late" {
		t.Errorf("restore too late: %d %v", status, body)
	}
}

// An operator deletes an old account before it has migrated. Its first sign-in migrates it together with
// the deletion claim.
func TestMigrationSetsDeletionClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	const email, uid, password = "old@user.heektime.heek.kr", "uid-of-old", "right " + secret
	w.addOldAccount(t, email, uid, oldHash(t, "pbkdf2:sha256:1000", password))
	pending, err := w.deletion(t).Request(t.Context(), uid)
	if err != nil {
		t.Fatal(err)
	}
	r := post(t, url+"/login/", "192.0.2.1", credentials{email, password})
	for name, claims := range map[string]map[string]any{
		"with a custom token": w.claims(t, w.signIn(t, "signInWithCustomToken", map[string]any{"token": r.Token})),
		"with the password":   w.claims(t, w.signIn(t, "signInWithPassword", map[string]any{"email": email, "password": password})),
	} {
		if claims[deletion.Claim] != float64(pending.Until.Unix()) || claims[auth.LegacyClaim] != true {
			t.Errorf("%s: the token's claim is %v, want %d", name, claims, pending.Until.Unix())
		}
	}
}

// Deleting and restoring require a recent sign-in and an active session.
func TestAccountCallsRequireFreshSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	const email, password = "a@example.com", "right " + secret
	uid := post(t, url+"/register/", "192.0.2.1", credentials{email, password}).UID
	good := func() string {
		return "Bearer " + w.signIn(t, "signInWithPassword", map[string]any{"email": email, "password": password}).IDToken
	}
	old := good()
	for name, c := range map[string]struct {
		authorization, code string
		before              func()
	}{
		"no token":               {"", "signed-out", nil},
		"no scheme":              {good()[len("Bearer "):], "signed-out", nil},
		"garbage":                {"Bearer a.b.c", "signed-out", nil},
		"emulator's owner token": {"Bearer owner", "signed-out", nil},
	} {
		for _, path := range []string{"/account/delete/", "/account/restore/"} {
			if status, body := accountCall(t, url+path, c.authorization); status != http.StatusUnauthorized || body["code"] != c.code {
				t.Errorf("%s, %s: %d %v", path, name, status, body)
			}
		}
	}
	now := w.now
	w.now = func() time.Time { return now().Add(6 * time.Minute) }
	if status, body := accountCall(t, w.serve(t, w.service(t))+"/account/delete/", old); status != http.StatusUnauthorized || body["code"] != "not-fresh" {
		t.Errorf("signed in six minutes ago: %d %v", status, body)
	}
	w.now = now
	disabled := good()
	if _, err := w.accounts.UpdateUser(t.Context(), uid, (&firebaseauth.UserToUpdate{}).Disabled(true)); err != nil {
		t.Fatal(err)
	}
	if status, _ := accountCall(t, url+"/account/delete/", disabled); status != http.StatusUnauthorized {
		t.Errorf("disabled account: %d", status)
	}
	if pending, err := deletion.ReadPending(t.Context(), w.fs, uid); err != nil || pending != nil {
		t.Errorf("pending deletion is %+v, %v; want none", pending, err)
	}
}

// claims returns the claims of a session's ID token.
func (w *world) claims(t testing.TB, s session) map[string]any {
	t.Helper()
	token, err := w.accounts.VerifyIDToken(t.Context(), s.IDToken)
	if err != nil {
		t.Fatal(err)
	}
	return token.Claims
}

// refresh requests a new ID token and returns the response's status.
func refresh(t testing.TB, w *world, token string) int {
	t.Helper()
	response, err := http.PostForm("http://"+w.AuthAddress()+"/securetoken.googleapis.com/v1/token?key=any",
		map[string][]string{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}
