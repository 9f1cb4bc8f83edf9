package replication_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/passwords"
	"heek.kr/heektime/internal/migration/replication"
)

// signing is a user of the old database who signs in on the new side.
type signing struct {
	*testing.T
	w        *world
	user     *olddata.User
	service  *auth.Service
	accounts *firebaseauth.Client
	firebase *passwords.Firebase
}

// environmentMutex guards the process's environment, from which clients read the emulator's address.
var environmentMutex sync.Mutex

func newSigning(t *testing.T) *signing {
	w := newWorld(t, few())
	s := &signing{T: t, w: w, user: w.Data.User(0)}
	environmentMutex.Lock()
	defer environmentMutex.Unlock()
	os.Setenv("FIREBASE_AUTH_EMULATOR_HOST", w.cloud.AuthAddress())
	defer os.Unsetenv("FIREBASE_AUTH_EMULATOR_HOST")
	var err error
	if s.accounts, err = gcp.Authentication(t.Context(), w.cloud.Project, ""); err != nil {
		t.Fatal(err)
	}
	if s.firebase, err = passwords.OpenFirebase(t.Context(), w.cloud.Project); err != nil {
		t.Fatal(err)
	}
	verify, err := auth.Passwords("any-key")
	if err != nil {
		t.Fatal(err)
	}
	s.service, err = auth.New(auth.Config{
		Firestore: w.Firestore, Accounts: s.accounts, Passwords: verify, Limits: loginthrottle.DefaultLimits(), Rounds: 10, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// follow follows until the test ends or stop is called.
func (s *signing) follow(set ...func(*replication.Config)) *following {
	s.Helper()
	cfg := s.w.config()
	cfg.Accounts = s.firebase
	for _, f := range set {
		f(&cfg)
	}
	return follow(s.T, s.Context(), cfg)
}

// signIn reports whether the user can sign in.
func (s *signing) signIn(password string) bool {
	s.Helper()
	account, err := s.service.Login(s.Context(), auth.SignIn{Email: *s.user.Username + "@user.heektime.heek.kr", Password: password, ClientIP: "192.0.2.1"})
	if err != nil && !errors.Is(err, auth.ErrWrong) {
		s.Fatal(err)
	}
	if err == nil && account.UID != s.user.ID {
		s.Fatalf("signed in as %s, want %s", account.UID, s.user.ID)
	}
	return err == nil
}

// changeOld changes the password in the old database.
func (s *signing) changeOld(password string) {
	s.Helper()
	s.w.Exec(s.T, "UPDATE users SET password_hash = '"+olddata.Hash(password, "salt")+"' WHERE id = '"+s.user.ID+"'")
}

// changeNew changes the password in Authentication, later than everything before.
func (s *signing) changeNew(password string) {
	s.Helper()
	s.w.cloud.Advance(s.T, time.Minute)
	if _, err := s.accounts.UpdateUser(s.Context(), s.user.ID, (&firebaseauth.UserToUpdate{}).Password(password)); err != nil {
		s.Fatal(err)
	}
}

// touch changes the row, but not the password.
func (s *signing) touch() {
	s.Helper()
	s.w.Exec(s.T, "UPDATE users SET name = 'touched', updated_at = now() AT TIME ZONE 'Asia/Seoul' WHERE id = '"+s.user.ID+"'")
}

// valid checks that of these passwords only the first is valid, whichever is tried first, and more than once.
func (s *signing) valid(right string, wrong ...string) {
	s.Helper()
	for range 2 {
		for _, password := range wrong {
			if s.signIn(password) {
				s.Errorf("%q is valid, want only %q", password, right)
			}
		}
		if !s.signIn(right) {
			s.Errorf("%q is wrong", right)
		}
	}
}

// The password that was set last is the one that works on the new side, in whatever order the sides set it. It is long
// because of its table.
func TestLastPasswordWins(t *testing.T) {
	t.Parallel()
	const second, third = "second password", "third password"
	for name, do := range map[string]func(s *signing, first string){
		"on the old side, after it has moved": func(s *signing, first string) {
			s.follow()
			s.valid(first)
			s.changeOld(second)
			s.w.drain(s.T)
			s.valid(second, first)
		},
		"on the old side, twice": func(s *signing, first string) {
			s.follow()
			s.valid(first)
			s.changeOld(second)
			s.w.drain(s.T)
			s.valid(second, first)
			s.changeOld(third)
			s.w.drain(s.T)
			s.valid(third, first, second)
		},
		"on the old side, then back to the first": func(s *signing, first string) {
			s.follow()
			s.valid(first)
			s.changeOld(second)
			s.w.drain(s.T)
			s.changeOld(first)
			s.w.drain(s.T)
			s.valid(first, second)
		},
		"on the old side, before follow starts": func(s *signing, first string) {
			s.valid(first)
			s.changeOld(second)
			s.follow()
			s.w.drain(s.T)
			s.valid(second, first)
		},
		"on the new side, then the row changes": func(s *signing, first string) {
			s.follow()
			s.valid(first)
			s.changeNew(second)
			s.touch()
			s.w.drain(s.T)
			s.valid(second, first)
		},
		"on both, the new one later": func(s *signing, first string) {
			s.valid(first)
			s.changeOld(second)
			s.changeNew(third)
			s.follow()
			s.w.drain(s.T)
			s.valid(third, first, second)
		},
		"on the old side, then on the new one, then applied again": func(s *signing, first string) {
			s.follow()
			s.valid(first)
			s.changeOld(second)
			s.w.drain(s.T)
			s.valid(second, first)
			s.changeNew(third)
			s.w.Exec(s.T, "DELETE FROM heektime_migration.passwords") // as if follow had been killed before it was written
			s.touch()
			s.w.drain(s.T)
			s.valid(third, first, second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSigning(t)
			do(s, s.user.Password)
		})
	}
}

// unreliable fails once before or after it has removed a password, as if follow had been killed there.
type unreliable struct {
	passwords.Authentication
	after  bool
	failed bool
}

func (u *unreliable) RemovePassword(ctx context.Context, uid string) error {
	if u.failed {
		return u.Authentication.RemovePassword(ctx, uid)
	}
	u.failed = true
	if u.after {
		if err := u.Authentication.RemovePassword(ctx, uid); err != nil {
			return err
		}
	}
	return errors.New("killed")
}

func TestLastPasswordWinsAfterInterruption(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		s := newSigning(t)
		s.follow(func(cfg *replication.Config) { cfg.Accounts = &unreliable{Authentication: s.firebase, after: after} })
		s.valid(s.user.Password)
		s.changeOld("second password")
		s.w.drain(t)
		s.valid("second password", s.user.Password)
	}
}

// signInWhileRemoving signs in while follow has written a credential and not yet removed the password that it
// replaces.
type signInWhileRemoving struct {
	passwords.Authentication
	do func()
}

func (a *signInWhileRemoving) RemovePassword(ctx context.Context, uid string) error {
	a.do()
	return a.Authentication.RemovePassword(ctx, uid)
}

func TestSignInWhilePasswordIsReplaced(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"second password", "first"} {
		s := newSigning(t)
		if password == "first" {
			password = s.user.Password
		}
		s.follow(func(cfg *replication.Config) {
			cfg.Accounts = &signInWhileRemoving{s.firebase, func() { s.signIn(password) }}
		})
		s.valid(s.user.Password)
		s.changeOld("second password")
		s.w.drain(t)
		s.valid("second password", s.user.Password)
	}
}

// Removing a password does not end sessions, and the account keeps its address.
func TestReplacedPasswordKeepsSessions(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.follow()
	s.valid(s.user.Password)
	before, err := s.accounts.GetUser(t.Context(), s.user.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.changeOld("second password")
	s.w.drain(t)
	after, err := s.accounts.GetUser(t.Context(), s.user.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(after.ProviderUserInfo) != 0 || after.TokensValidAfterMillis != before.TokensValidAfterMillis {
		t.Errorf("providers %v, tokens valid after %d, want none and %d", after.ProviderUserInfo, after.TokensValidAfterMillis, before.TokensValidAfterMillis)
	}
	if after.Email == "" || after.Email != before.Email || after.EmailVerified != before.EmailVerified {
		t.Errorf("address %q, verified: %v, want %q, %v", after.Email, after.EmailVerified, before.Email, before.EmailVerified)
	}
}

// Users whose password was replaced on the old side can exchange names before they sign in again.
func TestExchangedNamesAfterReplacedPasswords(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	s.follow()
	for i := range 2 {
		s.valid(s.as(i).Password)
		s.changeOld(s.user.Password + " 2")
	}
	s.w.drain(t)
	s.w.Exec(t, "BEGIN; "+strings.Join(s.ring(2), " ")+" COMMIT")
	s.w.drain(t)
	for i := range 2 {
		own, next := s.w.Data.User(i), s.w.Data.User(1-i)
		s.user = &olddata.User{ID: own.ID, Username: next.Username}
		s.valid(own.Password+" 2", own.Password, next.Password+" 2")
		if account, err := s.accounts.GetUser(t.Context(), own.ID); err != nil || account.Email != *next.Username+"@user.heektime.heek.kr" {
			t.Errorf("user %d has the address %v (%v), want that of %s", i, account.Email, err, *next.Username)
		}
	}
}

// A user who was deleted on the old side cannot sign in any more, and another one who gets the name can.
func TestNameOfDeletedUser(t *testing.T) {
	t.Parallel()
	const password, uid = "second password", "3f1b2c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"
	s := newSigning(t)
	s.follow()
	s.valid(s.user.Password)
	first, deleted := s.user.Password, s.user.ID
	s.w.Exec(t, "DELETE FROM users WHERE id = '"+deleted+"'")
	s.w.drain(t)
	if s.signIn(first) {
		t.Error("a user who was deleted can sign in")
	}
	s.w.Exec(t, "INSERT INTO users (id, username, password_hash) VALUES ('"+uid+"', '"+*s.user.Username+"', '"+olddata.Hash(password, "salt")+"')")
	s.w.drain(t)
	s.user.ID = uid
	s.valid(password, first)
	if user, err := s.accounts.GetUser(t.Context(), uid); err != nil || len(user.ProviderUserInfo) != 1 {
		t.Errorf("the new user has not moved to Authentication: %+v, %v", user, err)
	}
}

// A user whose name was changed on the old side signs in with the new one on the new side, with the password that was
// set last, wherever that was.
func TestRenamedUser(t *testing.T) {
	t.Parallel()
	for i, later := range []bool{false, true, false, true} {
		s := newSigning(t)
		first := s.user.Password
		s.valid(first)
		known := i < 2 // follow knows the former name
		if known {
			s.follow()
			s.w.drain(t)
		}
		password := first
		if later {
			password = "second password"
			s.changeNew(password)
		}
		former, name := *s.user.Username, "renamed"
		s.w.Exec(t, "UPDATE users SET username = '"+name+"', updated_at = now() AT TIME ZONE 'Asia/Seoul' WHERE id = '"+s.user.ID+"'")
		if !known {
			s.follow()
		}
		s.w.drain(t)
		s.user.Username = &name
		wrong := []string{"never a password"}
		if later {
			wrong = append(wrong, first)
		}
		s.valid(password, wrong...)
		s.user.Username = &former
		if s.signIn(password) {
			t.Error("the former name is still one to sign in with")
		}
	}
}
