package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/faulttest"
)

const (
	oldEmail    = "minsu@user.heektime.heek.kr"
	oldUID      = "11111111-2222-3333-4444-555555555555"
	oldPassword = "old " + secret
)

// existingAccounts are the accounts that Authentication may have before the first login of an old
// account.
var existingAccounts = map[string]*firebaseauth.UserToCreate{
	"no account":                  nil,
	"an account without password": (&firebaseauth.UserToCreate{}).UID(oldUID),
	"an impostor":                 (&firebaseauth.UserToCreate{}).UID(otherUID).Email(oldEmail).Password("their " + secret),
}

// The process crashes, or a call fails, at each call of an old account's first login. In every case the
// password stays valid and others stay invalid, there is one account with the old uid, and the next
// logins finish the migration.
func TestLoginWithFaultAtEachCall(t *testing.T) {
	t.Parallel()
	for name, existing := range existingAccounts {
		for _, kind := range faulttest.Faults() {
			t.Run(name+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				for at := 0; ; at++ {
					if calls := loginWithFault(t, existing, kind, at); at >= len(calls) {
						if at < 7 {
							t.Errorf("a login made only %d calls: %v", at, calls)
						}
						return
					}
				}
			})
		}
	}
}

// loginWithFault logs in to an old account with a fault at one of the calls, and returns the calls.
func loginWithFault(t *testing.T, existing *firebaseauth.UserToCreate, kind faulttest.Fault, at int) []string {
	w := newWorld(t)
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	if existing != nil {
		if _, err := w.accounts.CreateUser(t.Context(), existing); err != nil {
			t.Fatal(err)
		}
	}
	s, p, ctx := w.faultyService(t, kind, at)
	account, err := s.Login(ctx, auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "c"})
	calls := p.Calls()
	where := fmt.Sprintf("%v at call %d", kind, at)
	if at < len(calls) {
		where += " (" + calls[at] + ")"
	}
	switch {
	case err == nil && account.UID != oldUID:
		t.Errorf("%s: signed in as %s", where, account.UID)
	case errors.Is(err, auth.ErrWrong):
		t.Errorf("%s: the correct password is rejected", where)
	}
	// A process that survives a failure unlocks the account, unless the unlocking itself failed.
	if alive := kind == faulttest.FailBefore || kind == faulttest.FailAfter; alive && err != nil && at < len(calls) && !strings.HasSuffix(calls[at], "/Commit") {
		if _, err := w.service(t).Login(t.Context(), auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "c"}); err != nil {
			t.Errorf("%s: the next login, immediately afterwards: %v", where, err)
		}
	}
	w.checkMigrated(t, where, oldPassword)
	return calls
}

// checkMigrated logs in later, with a new process, and checks that the account has migrated completely.
func (w *world) checkMigrated(t *testing.T, where, password string) {
	t.Helper()
	w.Clock.Advance(2 * time.Minute) // the lock has expired
	s := w.service(t)
	if _, err := s.Login(t.Context(), auth.SignIn{Email: oldEmail, Password: "wrong " + secret, ClientIP: "other"}); !errors.Is(err, auth.ErrWrong) {
		t.Errorf("%s: wrong password afterwards: %v", where, err)
	}
	for range 2 {
		account, err := s.Login(t.Context(), auth.SignIn{Email: oldEmail, Password: password, ClientIP: "c"})
		if err != nil || account.UID != oldUID || !account.Legacy {
			t.Fatalf("%s: correct password afterwards: %+v, %v", where, account, err)
		}
	}
	if w.remaining(t) != 0 {
		t.Errorf("%s: the old hash was not deleted", where)
	}
	if users := w.Auth.Users(w.Project); len(users) != 1 || users[0].LocalID != oldUID {
		t.Errorf("%s: accounts are %v", where, users)
	}
	if w.signInDirectly(t, oldEmail, password) != oldUID || w.user(t, oldUID).CustomClaims[auth.LegacyClaim] != true {
		t.Errorf("%s: the account in Authentication is incomplete", where)
	}
}

// After a login crashes, the owner changes the password in Authentication, if the account is there. From
// then on the old password is invalid, even though its hash still exists.
func TestPasswordChangedAfterCrash(t *testing.T) {
	t.Parallel()
	for _, kind := range []faulttest.Fault{faulttest.KillBefore, faulttest.KillAfter} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			changed := 0
			for at := 0; ; at++ {
				w := newWorld(t)
				w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
				s, p, ctx := w.faultyService(t, kind, at)
				s.Login(ctx, auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "c"})
				if at >= len(p.Calls()) {
					break
				}
				if w.signInDirectly(t, oldEmail, oldPassword) == "" {
					continue
				}
				changed++
				newer := "newer " + secret
				if _, err := w.accounts.UpdateUser(t.Context(), oldUID, (&firebaseauth.UserToUpdate{}).Password(newer)); err != nil {
					t.Fatal(err)
				}
				w.Clock.Advance(2 * time.Minute)
				if _, err := w.service(t).Login(t.Context(), auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "d"}); !errors.Is(err, auth.ErrWrong) {
					t.Errorf("crash at call %d, old password after the change: %v", at, err)
				}
				if w.signInDirectly(t, oldEmail, oldPassword) != "" {
					t.Errorf("crash at call %d: the old password is valid again", at)
				}
				if account, err := w.service(t).Login(t.Context(), auth.SignIn{Email: oldEmail, Password: newer, ClientIP: "e"}); err != nil || account.UID != oldUID {
					t.Errorf("crash at call %d: newer password: %v", at, err)
				}
				if w.remaining(t) != 0 {
					t.Errorf("crash at call %d: the old hash was not deleted", at)
				}
			}
			if changed < 3 {
				t.Errorf("only %d crashes left an account with a password", changed)
			}
		})
	}
}

// Registering is one step. If its response is lost, the client's next attempt fails because the address
// is taken, and the password is the one in the first request.
func TestRegisterWithFaultAtEachCall(t *testing.T) {
	t.Parallel()
	for _, kind := range faulttest.Faults() {
		for at := 0; ; at++ {
			w := newWorld(t)
			s, p, ctx := w.faultyService(t, kind, at)
			a := auth.SignIn{Email: "new@example.com", Password: secret, ClientIP: "c"}
			uid, err := s.Register(ctx, a)
			if at >= len(p.Calls()) {
				break
			}
			again, againErr := w.service(t).Register(t.Context(), a)
			switch {
			case err == nil && !errors.Is(againErr, auth.ErrTaken), againErr != nil && !errors.Is(againErr, auth.ErrTaken):
				t.Errorf("%v at %d: %q, %v, then %q, %v", kind, at, uid, err, again, againErr)
			}
			if got := w.signInDirectly(t, a.Email, a.Password); got == "" || len(w.Auth.Users(w.Project)) != 1 {
				t.Errorf("%v at %d: direct sign-in returns %q", kind, at, got)
			}
		}
	}
}

// A login waits until another process unlocks the account.
func TestLockedAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	ref := credential.Ref(w.fs, oldEmail)
	doc, err := ref.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	locked, err := credential.Read(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := locked.Lock(t.Context(), w.now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	second, err := credential.Read(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Lock(t.Context(), w.now().Add(time.Minute)); !errors.Is(err, credential.ErrChanged) {
		t.Errorf("a second lock: got %v, want ErrChanged", err)
	}
	if err := second.Delete(t.Context()); !errors.Is(err, credential.ErrChanged) {
		t.Errorf("delete without the lock: got %v, want ErrChanged", err)
	}
	done := make(chan error)
	go func() {
		_, err := w.service(t).Login(t.Context(), auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "c"})
		done <- err
	}()
	if err := locked.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("after the release: %v", err)
	}
	w.checkMigrated(t, "unlocked", oldPassword)
}

// While one login migrates an account, another waits until Authentication has the password. So no login
// overwrites a password that its owner may have changed in the meantime.
func TestOnlyOneLoginMigrates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	if _, err := w.accounts.CreateUser(t.Context(), (&firebaseauth.UserToCreate{}).UID(oldUID)); err != nil {
		t.Fatal(err)
	}
	updating, proceed := make(chan bool), make(chan bool)
	slow := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ":update") {
			updating <- true
			<-proceed
		}
		w.Auth.ServeHTTP(rw, r)
	}))
	t.Cleanup(slow.Close)
	first, err := auth.New(w.config(t, strings.TrimPrefix(slow.URL, "http://")))
	if err != nil {
		t.Fatal(err)
	}
	second, p, ctx := w.faultyService(t, faulttest.None, 0)
	done := make(chan error, 2)
	login := func(ctx context.Context, s *auth.Service) {
		_, err := s.Login(ctx, auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "c"})
		done <- err
	}
	go login(t.Context(), first)
	<-updating
	go login(ctx, second)
	for reads := 0; reads < 2; runtime.Gosched() { // until it has seen the lock and read again
		reads = 0
		for _, call := range p.Calls() {
			if strings.HasSuffix(call, "/BatchGetDocuments") {
				reads++
			}
		}
	}
	proceed <- true
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if calls := p.Calls(); slices.ContainsFunc(calls, func(call string) bool {
		return strings.HasSuffix(call, ":update") || strings.HasSuffix(call, "/accounts")
	}) {
		t.Errorf("the second login also migrated the account: %v", calls)
	}
	w.checkMigrated(t, "migrated once", oldPassword)
}

// The password is changed right after another login migrated the account. A login that waited for the
// migration must then reject the old password.
func TestPasswordChangedWhileWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	doc, err := credential.Ref(w.fs, oldEmail).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	migrator, err := credential.Read(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := migrator.Lock(t.Context(), w.now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	calls, proceed := make(chan int), make(chan bool)
	n := 0 // no mutex: one login makes its calls one after the other
	slow := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ":signInWithPassword") && n < 2 {
			n++
			calls <- n
			<-proceed
		}
		w.Auth.ServeHTTP(rw, r)
	}))
	t.Cleanup(slow.Close)
	s, err := auth.New(w.config(t, strings.TrimPrefix(slow.URL, "http://")))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := s.Login(t.Context(), auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "c"})
		done <- err
	}()
	<-calls // before it checks the hash
	proceed <- true
	<-calls // after it has seen the lock
	migrated := (&firebaseauth.UserToCreate{}).UID(oldUID).Email(oldEmail).Password("newer " + secret)
	if _, err := w.accounts.CreateUser(t.Context(), migrated); err != nil {
		t.Fatal(err)
	}
	if err := migrator.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	proceed <- true
	if err := <-done; !errors.Is(err, auth.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if w.signInDirectly(t, oldEmail, oldPassword) != "" || w.signInDirectly(t, oldEmail, "newer "+secret) != oldUID {
		t.Error("the old password is valid again")
	}
}
