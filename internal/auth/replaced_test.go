package auth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/credential"
)

const replacedPassword = "set later on the old side " + secret

// The old system sets another password while a login moves the one before it: that one must not stay.
func TestHashReplacedWhileMigrating(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	replaced := credential.Credential{Email: oldEmail, UID: oldUID, Hash: oldHash(t, fastMethod, replacedPassword)}
	slow := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		create := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/accounts")
		w.Auth.ServeHTTP(rw, r)
		if create {
			if _, err := credential.Ref(w.fs, oldEmail).Set(t.Context(), replaced); err != nil {
				t.Error(err)
			}
		}
	}))
	t.Cleanup(slow.Close)
	s, err := auth.New(w.config(t, strings.TrimPrefix(slow.URL, "http://")))
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(password string) error {
		_, err := s.Login(t.Context(), auth.SignIn{Email: oldEmail, Password: password, ClientIP: "c"})
		return err
	}
	if err := signIn(oldPassword); !errors.Is(err, auth.ErrWrong) {
		t.Errorf("the password that was replaced meanwhile: %v", err)
	}
	if w.signInDirectly(t, oldEmail, oldPassword) != "" {
		t.Error("the password that was replaced stays in Authentication")
	}
	if err := signIn(replacedPassword); err != nil {
		t.Errorf("the password that replaced it: %v", err)
	}
	if w.remaining(t) != 0 {
		t.Error("the hash was not deleted")
	}
}

// A login with the password in Authentication leaves the hash of another one alone: it may be later.
func TestLoginKeepsHashOfAnotherPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	existing := (&firebaseauth.UserToCreate{}).UID(oldUID).Email(oldEmail).Password(oldPassword)
	if _, err := w.accounts.CreateUser(t.Context(), existing); err != nil {
		t.Fatal(err)
	}
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, replacedPassword))
	s := w.service(t)
	signIn := func(password string) error {
		_, err := s.Login(t.Context(), auth.SignIn{Email: oldEmail, Password: password, ClientIP: "c"})
		return err
	}
	if err := signIn(oldPassword); err != nil {
		t.Fatal(err)
	}
	if w.remaining(t) != 1 {
		t.Fatal("the hash of another password was deleted")
	}
	update := (&firebaseauth.UserToUpdate{}).ProvidersToDelete([]string{"password"})
	if _, err := w.accounts.UpdateUser(t.Context(), oldUID, update); err != nil {
		t.Fatal(err)
	}
	if err := signIn(oldPassword); !errors.Is(err, auth.ErrWrong) {
		t.Errorf("the earlier password: %v", err)
	}
	if err := signIn(replacedPassword); err != nil || w.remaining(t) != 0 {
		t.Errorf("the later password: %v, %d hashes remain", err, w.remaining(t))
	}
}
