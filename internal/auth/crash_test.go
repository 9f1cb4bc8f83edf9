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

// begin is what Authentication has before the first login of an old account.
var begin = map[string]*firebaseauth.UserToCreate{
	"nothing":                     nil,
	"an account without password": (&firebaseauth.UserToCreate{}).UID(oldUID),
}

// A login of an old account dies, or one of its calls fails, at each of its calls. Whatever became of it: the password goes
// on being right and others wrong, there is one account with the old uid, and the next logins move it to the end.
func TestDyingBetweenAnySteps(t *testing.T) {
	t.Parallel()
	for name, there := range begin {
		for _, kind := range faulttest.Faults() {
			t.Run(name+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				for at := 0; ; at++ {
					if calls := dieAt(t, there, kind, at); at >= len(calls) {
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

func dieAt(t *testing.T, there *firebaseauth.UserToCreate, kind faulttest.Fault, at int) []string {
	w := newWorld(t)
	w.old(t, oldEmail, oldUID, oldHash(t, quick, oldPassword))
	if there != nil {
		if _, err := w.accounts.CreateUser(t.Context(), there); err != nil {
			t.Fatal(err)
		}
	}
	s, p, ctx := w.mortal(t, kind, at)
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
		t.Errorf("%s: the right password is called wrong", where)
	}
	// A process that lives through a failure lets go of the account; only if that call failed, the next has to wait.
	if alive := kind == faulttest.FailBefore || kind == faulttest.FailAfter; alive && err != nil && at < len(calls) && !strings.HasSuffix(calls[at], "/Commit") {
		if _, err := w.service(t).Login(t.Context(), auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "c"}); err != nil {
			t.Errorf("%s: the next login, at once: %v", where, err)
		}
	}
	w.holds(t, where, oldPassword)
	return calls
}

// holds checks all that must be so after anything: by new processes, later.
func (w *world) holds(t *testing.T, where, password string) {
	t.Helper()
	w.Clock.Advance(2 * time.Minute) // who held the account is dead
	s := w.service(t)
	if _, err := s.Login(t.Context(), auth.SignIn{Email: oldEmail, Password: "wrong " + secret, ClientIP: "other"}); !errors.Is(err, auth.ErrWrong) {
		t.Errorf("%s: then a wrong password: %v", where, err)
	}
	for range 2 {
		account, err := s.Login(t.Context(), auth.SignIn{Email: oldEmail, Password: password, ClientIP: "c"})
		if err != nil || account.UID != oldUID || !account.Legacy {
			t.Fatalf("%s: then the right password: %+v, %v", where, account, err)
		}
	}
	if w.remaining(t) != 0 {
		t.Errorf("%s: the old hash is left", where)
	}
	if users := w.Auth.Users(w.Project); len(users) != 1 || users[0].LocalID != oldUID {
		t.Errorf("%s: accounts are %v", where, users)
	}
	if w.direct(t, oldEmail, password) != oldUID || w.user(t, oldUID).CustomClaims[auth.LegacyClaim] != true {
		t.Errorf("%s: Authentication has not all of the account", where)
	}
}

// Between a login that dies and the next, the owner changes the password at Authentication, if the account got there. From
// then on the old password is wrong, though its hash is left.
func TestPasswordChangedAfterDying(t *testing.T) {
	t.Parallel()
	for _, kind := range []faulttest.Fault{faulttest.KillBefore, faulttest.KillAfter} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			changed := 0
			for at := 0; ; at++ {
				w := newWorld(t)
				w.old(t, oldEmail, oldUID, oldHash(t, quick, oldPassword))
				s, p, ctx := w.mortal(t, kind, at)
				s.Login(ctx, auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "c"})
				if at >= len(p.Calls()) {
					break
				}
				if w.direct(t, oldEmail, oldPassword) == "" {
					continue
				}
				changed++
				newer := "newer " + secret
				if _, err := w.accounts.UpdateUser(t.Context(), oldUID, (&firebaseauth.UserToUpdate{}).Password(newer)); err != nil {
					t.Fatal(err)
				}
				w.Clock.Advance(2 * time.Minute)
				if _, err := w.service(t).Login(t.Context(), auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "d"}); !errors.Is(err, auth.ErrWrong) {
					t.Errorf("died at call %d, password changed, old one: %v", at, err)
				}
				if w.direct(t, oldEmail, oldPassword) != "" {
					t.Errorf("died at call %d: the old password is back", at)
				}
				if account, err := w.service(t).Login(t.Context(), auth.SignIn{Email: oldEmail, Password: newer, ClientIP: "e"}); err != nil || account.UID != oldUID {
					t.Errorf("died at call %d: newer password: %v", at, err)
				}
				if w.remaining(t) != 0 {
					t.Errorf("died at call %d: the hash is left", at)
				}
			}
			if changed < 3 {
				t.Errorf("only %d deaths left an account that had its password", changed)
			}
		})
	}
}

// Registering is one step; when its answer gets lost, the caller's next try hears that the address is taken, and the password
// is the one that was sent.
func TestRegisterDying(t *testing.T) {
	t.Parallel()
	for _, kind := range faulttest.Faults() {
		for at := 0; ; at++ {
			w := newWorld(t)
			s, p, ctx := w.mortal(t, kind, at)
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
			if got := w.direct(t, a.Email, a.Password); got == "" || len(w.Auth.Users(w.Project)) != 1 {
				t.Errorf("%v at %d: direct sign-in is %q", kind, at, got)
			}
		}
	}
}

// Whoever is held by a process that lives is waited for; by one that died, not longer than the hold.
func TestHeldAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.old(t, oldEmail, oldUID, oldHash(t, quick, oldPassword))
	ref := credential.Ref(w.fs, oldEmail)
	doc, err := ref.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	held, err := credential.Read(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Lock(t.Context(), w.now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	second, err := credential.Read(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Lock(t.Context(), w.now().Add(time.Minute)); !errors.Is(err, credential.ErrChanged) {
		t.Errorf("a second one holds it, too: %v", err)
	}
	if err := second.Delete(t.Context()); !errors.Is(err, credential.ErrChanged) {
		t.Errorf("a second one deletes it: %v", err)
	}
	done := make(chan error)
	go func() {
		_, err := w.service(t).Login(t.Context(), auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "c"})
		done <- err
	}()
	if err := held.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("after the release: %v", err)
	}
	w.holds(t, "released", oldPassword)
}

// While one login moves an account, another does not: it waits, and comes back when Authentication knows the password. So no
// login sets a password that its owner may have changed since.
func TestOnlyOneMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.old(t, oldEmail, oldUID, oldHash(t, quick, oldPassword))
	if _, err := w.accounts.CreateUser(t.Context(), (&firebaseauth.UserToCreate{}).UID(oldUID)); err != nil {
		t.Fatal(err)
	}
	updating, goOn := make(chan bool), make(chan bool)
	slow := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ":update") {
			updating <- true
			<-goOn
		}
		w.Auth.ServeHTTP(rw, r)
	}))
	t.Cleanup(slow.Close)
	first, err := auth.New(w.config(t, strings.TrimPrefix(slow.URL, "http://")))
	if err != nil {
		t.Fatal(err)
	}
	second, p, ctx := w.mortal(t, faulttest.None, 0)
	done := make(chan error, 2)
	login := func(ctx context.Context, s *auth.Service) {
		_, err := s.Login(ctx, auth.SignIn{Email: oldEmail, Password: oldPassword, ClientIP: "c"})
		done <- err
	}
	go login(t.Context(), first)
	<-updating
	go login(ctx, second)
	for looks := 0; looks < 2; runtime.Gosched() { // it has seen that the account is held, and looked again
		looks = 0
		for _, call := range p.Calls() {
			if strings.HasSuffix(call, "/BatchGetDocuments") {
				looks++
			}
		}
	}
	goOn <- true
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if calls := p.Calls(); slices.ContainsFunc(calls, func(call string) bool {
		return strings.HasSuffix(call, ":update") || strings.HasSuffix(call, "/accounts")
	}) {
		t.Errorf("the second login moved it, too: %v", calls)
	}
	w.holds(t, "moved once", oldPassword)
}

// A login that waited for another one finds that the password was changed right after the move: then the old one is wrong.
func TestPasswordChangedWhileWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.old(t, oldEmail, oldUID, oldHash(t, quick, oldPassword))
	doc, err := credential.Ref(w.fs, oldEmail).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mover, err := credential.Read(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := mover.Lock(t.Context(), w.now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	asked, goOn := make(chan int), make(chan bool)
	questions := 0 // of one login, one after the other
	slow := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ":signInWithPassword") && questions < 2 {
			questions++
			asked <- questions
			<-goOn
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
	<-asked // before it looks at the hash
	goOn <- true
	<-asked // after it has seen that the account is held
	moved := (&firebaseauth.UserToCreate{}).UID(oldUID).Email(oldEmail).Password("newer " + secret)
	if _, err := w.accounts.CreateUser(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	if err := mover.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	goOn <- true
	if err := <-done; !errors.Is(err, auth.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if w.direct(t, oldEmail, oldPassword) != "" || w.direct(t, oldEmail, "newer "+secret) != oldUID {
		t.Error("the old password is back")
	}
}
