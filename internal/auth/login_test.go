package auth_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/email"
)

func TestRegisterAndLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	w.addOldAccount(t, "minsu@user.heektime.heek.kr", "11111111-2222-3333-4444-555555555555", oldHash(t, fastMethod, "the old "+secret))
	password := "first " + secret
	registered := post(t, url+"/register/", "192.0.2.1", credentials{" Me@Example.com ", password})
	if registered.status != http.StatusCreated || registered.UID == "" {
		t.Fatalf("register: %+v", registered)
	}
	for name, c := range map[string]struct {
		path   string
		body   any
		status int
		code   string
	}{
		"taken":                       {"/register/", credentials{"me@example.com", password}, 409, "taken"},
		"taken by an old account":     {"/register/", credentials{"Minsu@user.heektime.heek.kr", password}, 409, "taken"},
		"user name only":              {"/register/", credentials{"minsu", password}, 400, "invalid"},
		"empty address":               {"/register/", credentials{"", password}, 400, "invalid"},
		"a user name with an escape":  {"/register/", credentials{"%41bcd@user.heektime.heek.kr", password}, 400, "invalid"},
		"a short user name":           {"/register/", credentials{"abc@user.heektime.heek.kr", password}, 400, "invalid"},
		"a full-width user name":      {"/register/", credentials{"ｍｉｎｓｕ@user.heektime.heek.kr", password}, 400, "invalid"},
		"short password":              {"/register/", credentials{"new@example.com", "12345"}, 400, "invalid"},
		"long password":               {"/register/", credentials{"new@example.com", strings.Repeat("x", 1025)}, 400, "invalid"},
		"five Hangul characters":      {"/register/", credentials{"new@example.com", "가나다라마"}, 400, "invalid"},
		"wrong password":              {"/login/", credentials{"me@example.com", "wrong " + secret}, 400, "wrong-credentials"},
		"unknown address":             {"/login/", credentials{"you@example.com", password}, 400, "wrong-credentials"},
		"wrong password, old account": {"/login/", credentials{"minsu@user.heektime.heek.kr", "wrong " + secret}, 400, "wrong-credentials"},
		"bare user name":              {"/login/", credentials{"minsu", "the old " + secret}, 400, "wrong-credentials"},
		"empty password":              {"/login/", credentials{"me@example.com", ""}, 400, "wrong-credentials"},
		"long wrong password":         {"/login/", credentials{"me@example.com", strings.Repeat("x", 1025)}, 400, "wrong-credentials"},
		"correct":                     {"/login/", credentials{"me@example.com", password}, 200, ""},
		"correct, not normalized":     {"/login/", credentials{"ME@example.com ", password}, 200, ""},
		"unknown fields":              {"/login/", map[string]any{"email": "me@example.com", "password": password, "remember": true}, 200, ""},
		"not JSON":                    {"/login/", secret, 400, "body"},
		"not an object":               {"/login/", `["` + secret + `"]`, 400, "body"},
		"trailing data":               {"/login/", `{"email":"me@example.com","password":"` + password + `"} {}`, 400, "body"},
		"no password":                 {"/login/", `{"email":"me@example.com"}`, 400, "body"},
		"password is a number":        {"/login/", `{"email":"me@example.com","password":1234567}`, 400, "body"},
		"empty body":                  {"/login/", "", 400, "body"},
		"body too large":              {"/login/", `{"email":"me@example.com","password":"` + strings.Repeat("x", 1<<16) + `"}`, 400, "body"},
	} {
		r := post(t, url+c.path, "192.0.2.2", c.body)
		if r.status != c.status || r.Code != c.code || r.contentType != "application/json" {
			t.Errorf("%s: %d %s, want %d %q", name, r.status, r.body, c.status, c.code)
		}
		if c.status == http.StatusOK && (r.UID != registered.UID || r.Token == "") {
			t.Errorf("%s: %s, want a token for %s", name, r.body, registered.UID)
		}
	}
	if uid := w.signInDirectly(t, "me@example.com", password); uid != registered.UID {
		t.Errorf("direct sign-in returns %q, want %s", uid, registered.UID)
	}
	if w.remaining(t) != 1 {
		t.Error("the old account was changed")
	}
}

// Old accounts with every hash method sign in here, then directly with Authentication, with the same uid.
func TestOldAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(t)
	url := w.serve(t, s)
	for i, method := range []string{
		"pbkdf2:sha256:1000", "pbkdf2:sha256:50000", "pbkdf2:sha256:260000", "pbkdf2:sha1:1000", "pbkdf2:sha512:1000", "scrypt:1024:8:1", "scrypt:32768:8:1",
	} {
		email, uid, password := "user"+string(rune('a'+i))+"@user.heektime.heek.kr", "uid-of-"+method, method+" 비밀 "+secret
		w.addOldAccount(t, email, uid, oldHash(t, method, password))
		if got := w.signInDirectly(t, email, password); got != "" {
			t.Fatalf("%s: Authentication already has the account", method)
		}
		if r := post(t, url+"/login/", "192.0.2.1", credentials{email, password + "."}); r.status != 400 {
			t.Errorf("%s: a wrong password returns %d", method, r.status)
		}
		before := w.remaining(t)
		r := post(t, url+"/login/", "192.0.2.1", credentials{email, password})
		if r.status != http.StatusOK || r.UID != uid {
			t.Fatalf("%s: %s", method, r.body)
		}
		if n := w.remaining(t); n != before-1 {
			t.Errorf("%s: %d old hashes remain, want %d", method, n, before-1)
		}
		if got := w.signInDirectly(t, email, password); got != uid {
			t.Errorf("%s: direct sign-in returns %q", method, got)
		}
		if user := w.user(t, uid); user.CustomClaims[auth.LegacyClaim] != true {
			t.Errorf("%s: claims are %v", method, user.CustomClaims)
		}
		if again := post(t, url+"/login/", "192.0.2.1", credentials{email, password}); again.UID != uid {
			t.Errorf("%s: second login: %s", method, again.body)
		}
	}
}

func TestLoginReportsLegacyAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(t)
	w.addOldAccount(t, "old@user.heektime.heek.kr", "old-uid", oldHash(t, fastMethod, secret))
	if _, err := s.Register(t.Context(), auth.SignIn{Email: "new@example.com", Password: secret, ClientIP: "c"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		email  string
		legacy bool
	}{{"old@user.heektime.heek.kr", true}, {"old@user.heektime.heek.kr", true}, {"new@example.com", false}} {
		account, err := s.Login(t.Context(), auth.SignIn{Email: c.email, Password: secret, ClientIP: "c"})
		if err != nil || account.Legacy != c.legacy {
			t.Errorf("%s: %+v, %v", c.email, account, err)
		}
	}
}

// existingCase is what Authentication has when an old account signs in for the first time.
type existingCase struct {
	existing []*firebaseauth.UserToCreate
	// accepted reports whether the old password is accepted, kept whether its hash stays.
	accepted, kept bool
	// newer is another password that is accepted.
	newer string
}

const otherUID = "other-uid"

// Authentication already has an account with the uid or the address when an old account signs in.
func TestExistingAccounts(t *testing.T) {
	t.Parallel()
	type user = firebaseauth.UserToCreate
	for name, c := range map[string]existingCase{
		"an account without password, from an earlier token": {
			existing: []*user{(&user{}).UID(oldUID)}, accepted: true,
		},
		"the same password, with the hash not deleted": {
			existing: []*user{(&user{}).UID(oldUID).Email(oldEmail).Password(oldPassword)}, accepted: true,
		},
		"a newer password": {
			existing: []*user{(&user{}).UID(oldUID).Email(oldEmail).Password("newer " + secret)}, newer: "newer " + secret,
		},
		"a newer password and another address": {
			existing: []*user{(&user{}).UID(oldUID).Email("moved@example.com").Password("newer " + secret)},
		},
		"a disabled account": {
			existing: []*user{(&user{}).UID(oldUID).Disabled(true)}, kept: true,
		},
		"a disabled account with the same password": {
			existing: []*user{(&user{}).UID(oldUID).Email(oldEmail).Password(oldPassword).Disabled(true)}, kept: true,
		},
		"an impostor with the address": {
			existing: []*user{(&user{}).UID(otherUID).Email(oldEmail).Password("their " + secret)}, accepted: true,
		},
		"an impostor with the address, and an account without password": {
			existing: []*user{(&user{}).UID(oldUID), (&user{}).UID(otherUID).Email(oldEmail).Password("their " + secret)}, accepted: true,
		},
		"an account with another address and no password": {
			existing: []*user{(&user{}).UID(oldUID).Email("moved@example.com")}, accepted: true, kept: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.run(t)
		})
	}
}

func (c existingCase) run(t *testing.T) {
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	for _, u := range c.existing {
		if _, err := w.accounts.CreateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		r := post(t, url+"/login/", "192.0.2.1", credentials{oldEmail, oldPassword})
		if (r.status == http.StatusOK) != c.accepted || c.accepted && r.UID != oldUID {
			t.Errorf("the old password: %s", r.body)
		}
		if c.accepted && !c.kept && w.signInDirectly(t, oldEmail, oldPassword) != oldUID {
			t.Error("Authentication does not have the old password")
		}
	}
	if c.newer != "" {
		if r := post(t, url+"/login/", "192.0.2.1", credentials{oldEmail, c.newer}); r.UID != oldUID {
			t.Errorf("the newer password: %s", r.body)
		}
	}
	if kept := w.remaining(t) == 1; kept != c.kept {
		t.Errorf("old hash kept: %v, want %v", kept, c.kept)
	}
	for _, u := range w.Auth.Users(w.Project) {
		if u.LocalID != oldUID {
			t.Errorf("unexpected account %s", u.LocalID)
		}
	}
}

// The owner of an old account signs in even if the password is too short for Authentication.
func TestShortOldPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	w.addOldAccount(t, "minsu@user.heektime.heek.kr", "old-uid", oldHash(t, fastMethod, "1234"))
	for range 2 {
		if r := post(t, url+"/login/", "192.0.2.1", credentials{"minsu@user.heektime.heek.kr", "1234"}); r.UID != "old-uid" {
			t.Errorf("%s", r.body)
		}
	}
	if w.remaining(t) != 1 {
		t.Error("the hash was deleted although the account has not migrated")
	}
}

// An account with a malformed hash cannot sign in, with the same response as for a wrong password.
func TestMalformedHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	for i, hash := range []string{"plain$$" + secret, secret, "pbkdf2:sha256:99999999999$" + hashSalt + "$00", "pbkdf2:md5:1$" + hashSalt + "$" + secret} {
		email := string(rune('a'+i)) + "@user.heektime.heek.kr"
		w.addOldAccount(t, email, "old-uid", hash)
		if r := post(t, url+"/login/", "192.0.2.1", credentials{email, secret}); r.status != 400 || r.Code != "wrong-credentials" {
			t.Errorf("%d: %s", i, r.body)
		}
	}
	if w.remaining(t) != 4 {
		t.Error("a hash was deleted")
	}
}

func TestConcurrentLoginsOfOneOldAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addOldAccount(t, "minsu@user.heektime.heek.kr", "old-uid", oldHash(t, fastMethod, secret))
	var wg sync.WaitGroup
	for range 6 {
		url := w.serve(t, w.service(t)) // a new instance for each login
		wg.Go(func() {
			if r := post(t, url+"/login/", "192.0.2.1", credentials{"minsu@user.heektime.heek.kr", secret}); r.status != 200 || r.UID != "old-uid" {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
	wg.Wait()
	if users := w.Auth.Users(w.Project); len(users) != 1 || w.signInDirectly(t, "minsu@user.heektime.heek.kr", secret) != "old-uid" {
		t.Errorf("%d accounts, want one", len(users))
	}
	if w.remaining(t) != 0 {
		t.Error("an old hash was not deleted")
	}
}

// Users whose old username no address can contain sign in with it, before and after they have moved to
// Authentication. Nobody can register such a name.
func TestOldUsernameOutsideOfAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	for i, entered := range []string{"kim hee 235@user.heektime.heek.kr", "@kim", "kim@"} {
		address, err := email.ForSignIn(entered)
		if err != nil {
			t.Fatal(err)
		}
		uid := fmt.Sprintf("uid-of-%d", i)
		w.addOldAccount(t, address, uid, oldHash(t, fastMethod, oldPassword))
		if r := post(t, url+"/register/", "192.0.2.1", credentials{entered, oldPassword}); r.status != http.StatusBadRequest {
			t.Errorf("register %q: %d %s", entered, r.status, r.body)
		}
		for range 2 {
			if r := post(t, url+"/login/", "192.0.2.1", credentials{entered, oldPassword}); r.status != http.StatusOK || r.UID != uid {
				t.Errorf("sign in as %q: %d %s", entered, r.status, r.body)
			}
		}
		if r := post(t, url+"/login/", "192.0.2.1", credentials{entered, "wrong " + oldPassword}); r.status != http.StatusBadRequest {
			t.Errorf("sign in as %q with a wrong password: %d %s", entered, r.status, r.body)
		}
	}
}
