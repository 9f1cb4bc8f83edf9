package auth_test

import (
	"net/http"
	"testing"
	"time"

	"heek.kr/heektime/internal/credential"
)

// A blocked user is rejected like one with a wrong password, whether the account is in Authentication or still
// in the old system. Custom tokens and sessions from before the block end. An unblock restores both.
func TestBlockedUserCannotSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	const email, oldEmail, oldUID, password = "a@example.com", "oldie@user.heektime.heek.kr", "uid-of-old", "right " + secret
	uid := post(t, url+"/register/", "192.0.2.1", credentials{email, password}).UID
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, "pbkdf2:sha256:1000", password))
	s := w.signIn(t, "signInWithPassword", map[string]any{"email": email, "password": password})
	custom := post(t, url+"/login/", "192.0.2.1", credentials{email, password}).Token
	w.Clock.Advance(2 * time.Second)
	d := w.deletion(t)
	for _, uid := range []string{uid, oldUID} {
		if _, err := d.Block(t.Context(), uid, "spam"); err != nil {
			t.Fatal(err)
		}
	}
	for _, address := range []string{email, oldEmail} {
		r := post(t, url+"/login/", "192.0.2.1", credentials{address, password})
		if r.status != http.StatusBadRequest || r.Code != "wrong-credentials" {
			t.Errorf("login of %s: %d %s", address, r.status, r.Code)
		}
		if r := post(t, url+"/register/", "192.0.2.1", credentials{address, password}); r.status != http.StatusConflict {
			t.Errorf("registration of %s: %d %s", address, r.status, r.Code)
		}
	}
	if status := refresh(t, w, s.RefreshToken); status == http.StatusOK {
		t.Error("the session was renewed")
	}
	for _, path := range []string{"/account/delete/", "/account/restore/"} {
		if status, body := accountCall(t, url+path, "Bearer "+s.IDToken); status != http.StatusUnauthorized || body["code"] != "signed-out" {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
	if has, err := credential.Has(t.Context(), w.fs, oldUID); err != nil || !has {
		t.Errorf("the old hash is gone (%v)", err)
	}
	for _, uid := range []string{uid, oldUID} {
		if _, err := d.Unblock(t.Context(), uid); err != nil {
			t.Fatal(err)
		}
	}
	for address, uid := range map[string]string{email: uid, oldEmail: oldUID} {
		if r := post(t, url+"/login/", "192.0.2.1", credentials{address, password}); r.status != http.StatusOK || r.UID != uid {
			t.Errorf("login of %s after the unblock: %d %s", address, r.status, r.Code)
		}
	}
	w.signIn(t, "signInWithCustomToken", map[string]any{"token": custom})
	if status := refresh(t, w, s.RefreshToken); status == http.StatusOK {
		t.Error("a session from before the block was renewed after the unblock")
	}
}
