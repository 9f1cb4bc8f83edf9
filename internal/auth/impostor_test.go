package auth_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/schema"
)

const theirPassword = "their " + secret

// toolkit calls Authentication as a client does, without this service.
func (w *world) toolkit(t testing.TB, method string, body map[string]any) (localID, idToken string) {
	t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + w.AuthAddress() + "/identitytoolkit.googleapis.com/v1/accounts:" + method + "?key=k"
	response, err := http.Post(url, "application/json", bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var account struct{ LocalID, IDToken string }
	if err := json.NewDecoder(response.Body).Decode(&account); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("accounts:%s: %d, %v", method, response.StatusCode, err)
	}
	return account.LocalID, account.IDToken
}

// signUpDirectly creates an account in Authentication as a client does.
func (w *world) signUpDirectly(t testing.TB, email string) (uid, idToken string) {
	t.Helper()
	return w.toolkit(t, "signUp", map[string]any{"email": email, "password": theirPassword, "returnSecureToken": true})
}

// takeAddress changes the address of an account as a client does.
func (w *world) takeAddress(t testing.TB, email, password string) {
	t.Helper()
	_, token := w.toolkit(t, "signInWithPassword", map[string]any{"email": email, "password": password, "returnSecureToken": true})
	w.toolkit(t, "update", map[string]any{"idToken": token, "email": oldEmail, "returnSecureToken": true})
}

// login returns the uid of the account that a password opens at the old account's address, or "".
func (w *world) login(t testing.TB, password string) string {
	t.Helper()
	account, err := w.service(t).Login(t.Context(), auth.SignIn{Email: oldEmail, Password: password, ClientIP: "c"})
	if err != nil {
		return ""
	}
	return account.UID
}

// register creates an account with this service.
func (w *world) register(t testing.TB, email string) (uid string) {
	t.Helper()
	uid, err := w.service(t).Register(t.Context(), auth.SignIn{Email: email, Password: theirPassword, ClientIP: "d"})
	if err != nil {
		t.Fatal(err)
	}
	return uid
}

// holderCase is an account that has the address of an old account when its owner first logs in.
type holderCase struct {
	// take creates the account and returns its uid. It runs before the old account is imported.
	take func(t *testing.T, w *world) (uid string)
	// deleted and moved are what happens to the account. Otherwise it keeps the address.
	deleted, moved bool
}

// holders are the ways to an address of the old domain.
var holders = map[string]holderCase{
	"signed up directly": {deleted: true, take: func(t *testing.T, w *world) string {
		uid, _ := w.signUpDirectly(t, oldEmail)
		return uid
	}},
	"signed up directly, in capitals": {deleted: true, take: func(t *testing.T, w *world) string {
		uid, _ := w.signUpDirectly(t, strings.ToUpper(oldEmail))
		return uid
	}},
	"signed up directly with another address, then changed it": {deleted: true, take: func(t *testing.T, w *world) string {
		uid, _ := w.signUpDirectly(t, "me@example.com")
		w.takeAddress(t, "me@example.com", theirPassword)
		return uid
	}},
	"anonymous, then linked to the address": {deleted: true, take: func(t *testing.T, w *world) string {
		_, token := w.toolkit(t, "signUp", map[string]any{"returnSecureToken": true})
		uid, _ := w.toolkit(t, "signUp", map[string]any{"idToken": token, "email": oldEmail, "password": theirPassword, "returnSecureToken": true})
		return uid
	}},
	"verified by an identity provider": {deleted: true, take: func(t *testing.T, w *world) string {
		uid, _ := w.signUpDirectly(t, oldEmail)
		if _, err := w.accounts.UpdateUser(t.Context(), uid, (&firebaseauth.UserToUpdate{}).EmailVerified(true)); err != nil {
			t.Fatal(err)
		}
		return uid
	}},
	"disabled": {deleted: true, take: func(t *testing.T, w *world) string {
		uid, _ := w.signUpDirectly(t, oldEmail)
		if _, err := w.accounts.UpdateUser(t.Context(), uid, (&firebaseauth.UserToUpdate{}).Disabled(true)); err != nil {
			t.Fatal(err)
		}
		return uid
	}},
	"registered here with another address, then changed it": {moved: true, take: func(t *testing.T, w *world) string {
		uid := w.register(t, "me@example.com")
		w.takeAddress(t, "me@example.com", theirPassword)
		return uid
	}},
	"registered here with another address of the domain, then changed it": {moved: true, take: func(t *testing.T, w *world) string {
		uid := w.register(t, "mallory@user.heektime.heek.kr")
		w.takeAddress(t, "mallory@user.heektime.heek.kr", theirPassword)
		return uid
	}},
	"another old account that changed its address": {moved: true, take: func(t *testing.T, w *world) string {
		const email = "mallory@user.heektime.heek.kr"
		w.addOldAccount(t, email, "mallory", oldHash(t, fastMethod, theirPassword))
		if _, err := w.service(t).Login(t.Context(), auth.SignIn{Email: email, Password: theirPassword, ClientIP: "e"}); err != nil {
			t.Fatal(err)
		}
		w.takeAddress(t, email, theirPassword)
		return "mallory"
	}},
	"another old account whose migration was interrupted": {moved: true, take: func(t *testing.T, w *world) string {
		w.addOldAccount(t, "mallory@user.heektime.heek.kr", "mallory", oldHash(t, fastMethod, theirPassword))
		account := (&firebaseauth.UserToCreate{}).UID("mallory").Email(oldEmail).Password(theirPassword)
		if _, err := w.accounts.CreateUser(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		return "mallory"
	}},
	"registered here, before the old account was imported": {take: func(t *testing.T, w *world) string {
		return w.register(t, oldEmail)
	}},
}

// Whoever has the address of an old account, its owner migrates with the old password. Impostors are
// deleted, and accounts that this service created never are.
func TestAddressTaken(t *testing.T) {
	t.Parallel()
	for name, c := range holders {
		for _, hasAccount := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c.run(t, hasAccount)
			})
		}
	}
}

// run tries a case. hasAccount means that Authentication already has the owner's uid, without address
// and password.
func (c holderCase) run(t *testing.T, hasAccount bool) {
	w := newWorld(t)
	holder := c.take(t, w)
	keeps := !c.deleted && !c.moved
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	if hasAccount {
		if _, err := w.accounts.CreateUser(t.Context(), (&firebaseauth.UserToCreate{}).UID(oldUID)); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.login(t, theirPassword); keeps != (got == holder) || !keeps && got != "" {
		t.Errorf("the other password, before: signed in as %q", got)
	}
	for range 2 {
		if got := w.login(t, oldPassword); got != oldUID {
			t.Errorf("the old password: signed in as %q", got)
		}
	}
	want := oldUID
	if keeps {
		want = ""
	}
	if got := w.signInDirectly(t, oldEmail, oldPassword); got != want {
		t.Errorf("direct sign-in with the old password: %q, want %q", got, want)
	}
	if docs, err := w.fs.GetAll(t.Context(), []*firestore.DocumentRef{credential.Ref(w.fs, oldEmail)}); err != nil || docs[0].Exists() != keeps {
		t.Errorf("the old hash is kept: %v, want %v", !keeps, keeps)
	}
	user := w.user(t, holder)
	switch {
	case (user == nil) != c.deleted:
		t.Errorf("the other account: %+v, deleted should be %v", user, c.deleted)
	case user != nil && (user.Email == oldEmail) != keeps:
		t.Errorf("the other account has the address %s", user.Email)
	case user != nil && w.signInDirectly(t, user.Email, theirPassword) != holder:
		t.Error("the other account lost its password")
	}
	if pending, _ := w.fs.Doc("deletions/" + holder).Get(t.Context()); (pending != nil && pending.Exists()) != c.deleted {
		t.Errorf("the other account's deletion is pending: %v, want %v", !c.deleted, c.deleted)
	}
}

// An address that is not of the old domain may belong to somebody who has its mailbox.
func TestForeignAddressTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const email = "minsu@example.com"
	holder, _ := w.signUpDirectly(t, email)
	w.addOldAccount(t, email, oldUID, oldHash(t, fastMethod, oldPassword))
	for password, want := range map[string]string{theirPassword: holder, oldPassword: oldUID} {
		account, err := w.service(t).Login(t.Context(), auth.SignIn{Email: email, Password: password, ClientIP: "c"})
		if err != nil || account.UID != want {
			t.Errorf("%+v, %v, want %s", account, err, want)
		}
	}
	if w.user(t, holder) == nil || w.remaining(t) != 1 {
		t.Error("the account with the mailbox was deleted, or the old hash was")
	}
}

// An impostor's data goes too: its name becomes free immediately, the rest with the purge.
func TestImpostorsDataIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	impostor, _ := w.signUpDirectly(t, oldEmail)
	timetable := "users/" + impostor + "/timetables/0123456789"
	paths := []string{"users/" + impostor, timetable, timetable + "/lectures/l1"}
	for _, path := range paths {
		if _, err := w.fs.Doc(path).Set(t.Context(), map[string]any{"username": "minsu"}); err != nil {
			t.Fatal(err)
		}
	}
	name := schema.UsernameRef(w.fs, "minsu")
	if _, err := name.Set(t.Context(), schema.Username{UID: impostor}); err != nil {
		t.Fatal(err)
	}
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	if got := w.login(t, oldPassword); got != oldUID {
		t.Fatalf("the old password: signed in as %q", got)
	}
	if docs, err := schema.Users(w.fs).Documents(t.Context()).GetAll(); err != nil || len(docs) != 0 {
		t.Errorf("%d user documents, %v", len(docs), err)
	}
	for range 2 { // the second purge is after the impostor's tokens have expired
		if report, err := w.deletion(t).PurgeDue(t.Context()); err != nil || report.Failed > 0 {
			t.Fatalf("purge: %+v, %v", report, err)
		}
		w.Clock.Advance(2 * time.Hour)
	}
	for _, path := range append(paths, schema.Path(name), "deletions/"+impostor) {
		if docs, err := w.fs.Doc(path).Get(t.Context()); err == nil && docs.Exists() {
			t.Errorf("%s is left", path)
		}
	}
}

// Concurrent logins of the owner, while somebody takes the address again each time it is free.
func TestImpostorsInARow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signUpDirectly(t, oldEmail)
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		account := map[string]any{"email": oldEmail, "password": theirPassword}
		body, _ := json.Marshal(account)
		for {
			select {
			case <-stop:
				return
			default:
				url := "http://" + w.AuthAddress() + "/identitytoolkit.googleapis.com/v1/accounts:signUp?key=k"
				if response, err := http.Post(url, "application/json", bytes.NewReader(body)); err == nil {
					response.Body.Close()
				}
			}
		}
	}()
	var wg sync.WaitGroup
	for range 4 {
		s := w.service(t)
		wg.Go(func() {
			account, err := s.Login(t.Context(), auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "c"})
			if err != nil || account.UID != oldUID {
				t.Errorf("the owner: %+v, %v", account, err)
			}
		})
	}
	wg.Wait()
	close(stop)
	<-stopped
	if got := w.login(t, oldPassword); got != oldUID || w.signInDirectly(t, oldEmail, oldPassword) != oldUID {
		t.Errorf("afterwards: signed in as %q", got)
	}
}
