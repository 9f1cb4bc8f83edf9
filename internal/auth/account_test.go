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

// session is what a client has after it signed in to Authentication.
type session struct {
	IDToken      string `json:"idToken"`
	RefreshToken string `json:"refreshToken"`
}

// signIn signs in to Authentication as a client does: with "email" and "password", or with a custom "token".
func (w *world) signIn(t testing.TB, method string, body map[string]any) session {
	t.Helper()
	body["returnSecureToken"] = true
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post("http://"+w.AuthAddress()+"/identitytoolkit.googleapis.com/v1/accounts:"+method+"?key=any", "application/json", bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var s session
	if err := json.NewDecoder(answer.Body).Decode(&s); err != nil || s.IDToken == "" {
		t.Fatalf("%s: %d, %v", method, answer.StatusCode, err)
	}
	return s
}

// accountCall calls about one's own account.
func accountCall(t testing.TB, url, authorization string) (status int, body map[string]string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

// A person deletes the account, signs in again, in either way, learns of it, and takes it back.
func TestDeleteAndRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	const email, password = "a@example.com", "right " + secret
	uid := post(t, url+"/register/", "192.0.2.1", entry{email, password}).UID
	credentials := func() map[string]any { return map[string]any{"email": email, "password": password} }
	other := w.signIn(t, "signInWithPassword", credentials()) // another device
	s := w.signIn(t, "signInWithPassword", credentials())
	status, body := accountCall(t, url+"/account/delete/", "Bearer "+s.IDToken)
	until, err := time.Parse(time.RFC3339, body["until"])
	if status != http.StatusOK || err != nil || until.Sub(w.now()) > deletion.Grace || until.Sub(w.now()) < deletion.Grace-time.Minute {
		t.Fatalf("deleted: %d %v", status, body)
	}
	mark, err := deletion.ReadPending(t.Context(), w.fs, uid)
	if err != nil || mark == nil || !mark.SignedOut {
		t.Fatalf("mark %+v, %v", mark, err)
	}
	// All sessions have ended: on any device. A session counts by the second, so the token of this very second may be good.
	if w.user(t, uid).TokensValidAfterMillis == 0 {
		t.Error("no session has ended")
	}
	w.Clock.Advance(2 * time.Second)
	if r := refresh(t, w, other.RefreshToken); r == http.StatusOK {
		t.Error("another device is signed in")
	}
	for name, claims := range map[string]map[string]any{
		"with the password":   w.claims(t, w.signIn(t, "signInWithPassword", credentials())),
		"with a custom token": w.claims(t, w.signIn(t, "signInWithCustomToken", map[string]any{"token": post(t, url+"/login/", "192.0.2.1", entry{email, password}).Token})),
	} {
		if claims[deletion.Claim] != float64(until.Unix()) {
			t.Errorf("%s: the token says %v, want %d", name, claims[deletion.Claim], until.Unix())
		}
	}
	again := w.signIn(t, "signInWithPassword", credentials())
	for range 2 {
		if status, body := accountCall(t, url+"/account/restore/", "Bearer "+again.IDToken); status != http.StatusOK || body["uid"] != uid {
			t.Errorf("taken back: %d %v", status, body)
		}
	}
	if mark, err := deletion.ReadPending(t.Context(), w.fs, uid); err != nil || mark != nil {
		t.Errorf("mark %+v, %v", mark, err)
	}
	if claims := w.claims(t, w.signIn(t, "signInWithPassword", credentials())); claims[deletion.Claim] != nil {
		t.Errorf("the token still says %v", claims[deletion.Claim])
	}
	if _, err := w.deletion(t).Request(t.Context(), uid); err != nil {
		t.Fatal(err)
	}
	w.fs.Doc("deletions/"+uid).Set(t.Context(), schema.PendingDeletion{Purging: true})
	if status, body := accountCall(t, url+"/account/restore/", "Bearer "+w.signIn(t, "signInWithPassword", credentials()).IDToken); status != http.StatusGone || body["code"] != "too-late" {
		t.Errorf("taken back too late: %d %v", status, body)
	}
}

// An old account that an operator deletes before its owner has ever signed in here: it comes to Authentication with the news.
func TestOldAccountLearnsOfItsDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	const email, uid, password = "old@user.heektime.heek.kr", "uid-of-old", "right " + secret
	w.old(t, email, uid, oldHash(t, "pbkdf2:sha256:1000", password))
	mark, err := w.deletion(t).Request(t.Context(), uid)
	if err != nil {
		t.Fatal(err)
	}
	r := post(t, url+"/login/", "192.0.2.1", entry{email, password})
	for name, claims := range map[string]map[string]any{
		"with a custom token": w.claims(t, w.signIn(t, "signInWithCustomToken", map[string]any{"token": r.Token})),
		"with the password":   w.claims(t, w.signIn(t, "signInWithPassword", map[string]any{"email": email, "password": password})),
	} {
		if claims[deletion.Claim] != float64(mark.Until.Unix()) || claims[auth.LegacyClaim] != true {
			t.Errorf("%s: the token says %v, want %d", name, claims, mark.Until.Unix())
		}
	}
}

// Only who has just signed in, and still is, may do either.
func TestWhoMayDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	const email, password = "a@example.com", "right " + secret
	uid := post(t, url+"/register/", "192.0.2.1", entry{email, password}).UID
	good := func() string {
		return "Bearer " + w.signIn(t, "signInWithPassword", map[string]any{"email": email, "password": password}).IDToken
	}
	old := good()
	for name, c := range map[string]struct {
		authorization, code string
		before              func()
	}{
		"nobody":                 {"", "signed-out", nil},
		"no scheme":              {good()[len("Bearer "):], "signed-out", nil},
		"garbage":                {"Bearer a.b.c", "signed-out", nil},
		"owner of the emulators": {"Bearer owner", "signed-out", nil},
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
		t.Errorf("who signed in six minutes ago: %d %v", status, body)
	}
	w.now = now
	disabled := good()
	if _, err := w.accounts.UpdateUser(t.Context(), uid, (&firebaseauth.UserToUpdate{}).Disabled(true)); err != nil {
		t.Fatal(err)
	}
	if status, _ := accountCall(t, url+"/account/delete/", disabled); status != http.StatusUnauthorized {
		t.Errorf("who is disabled: %d", status)
	}
	if mark, err := deletion.ReadPending(t.Context(), w.fs, uid); err != nil || mark != nil {
		t.Errorf("mark %+v, %v", mark, err)
	}
}

// claims are those of a session's ID token.
func (w *world) claims(t testing.TB, s session) map[string]any {
	t.Helper()
	token, err := w.accounts.VerifyIDToken(t.Context(), s.IDToken)
	if err != nil {
		t.Fatal(err)
	}
	return token.Claims
}

// refresh asks for a new ID token and gives the status of the answer.
func refresh(t testing.TB, w *world, token string) int {
	t.Helper()
	answer, err := http.PostForm("http://"+w.AuthAddress()+"/securetoken.googleapis.com/v1/token?key=any",
		map[string][]string{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}
