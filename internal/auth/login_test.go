package auth_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/auth"
)

func TestRegisterAndLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	w.old(t, "minsu@user.heektime.heek.kr", "11111111-2222-3333-4444-555555555555", oldHash(t, quick, "the old "+secret))
	password := "first " + secret
	made := post(t, url+"/register/", "192.0.2.1", entry{" Me@Example.com ", password})
	if made.status != http.StatusCreated || made.UID == "" {
		t.Fatalf("register: %+v", made)
	}
	for name, c := range map[string]struct {
		path   string
		body   any
		status int
		code   string
	}{
		"taken":                     {"/register/", entry{"me@example.com", password}, 409, "taken"},
		"taken by an old account":   {"/register/", entry{"Minsu@user.heektime.heek.kr", password}, 409, "taken"},
		"no address":                {"/register/", entry{"minsu", password}, 400, "invalid"},
		"no e-mail":                 {"/register/", entry{"", password}, 400, "invalid"},
		"short password":            {"/register/", entry{"new@example.com", "12345"}, 400, "invalid"},
		"long password":             {"/register/", entry{"new@example.com", strings.Repeat("x", 1025)}, 400, "invalid"},
		"five characters of Hangul": {"/register/", entry{"new@example.com", "가나다라마"}, 400, "invalid"},
		"wrong":                     {"/login/", entry{"me@example.com", "wrong " + secret}, 400, "wrong-credentials"},
		"unknown":                   {"/login/", entry{"you@example.com", password}, 400, "wrong-credentials"},
		"old, wrong":                {"/login/", entry{"minsu@user.heektime.heek.kr", "wrong " + secret}, 400, "wrong-credentials"},
		"bare user name":            {"/login/", entry{"minsu", "the old " + secret}, 400, "wrong-credentials"},
		"empty password":            {"/login/", entry{"me@example.com", ""}, 400, "wrong-credentials"},
		"long wrong password":       {"/login/", entry{"me@example.com", strings.Repeat("x", 1025)}, 400, "wrong-credentials"},
		"right":                     {"/login/", entry{"me@example.com", password}, 200, ""},
		"right, not normal":         {"/login/", entry{"ME@example.com ", password}, 200, ""},
		"more fields":               {"/login/", map[string]any{"email": "me@example.com", "password": password, "remember": true}, 200, ""},
		"no JSON":                   {"/login/", secret, 400, "body"},
		"no object":                 {"/login/", `["` + secret + `"]`, 400, "body"},
		"more than an object":       {"/login/", `{"email":"me@example.com","password":"` + password + `"} {}`, 400, "body"},
		"no password":               {"/login/", `{"email":"me@example.com"}`, 400, "body"},
		"a number":                  {"/login/", `{"email":"me@example.com","password":1234567}`, 400, "body"},
		"empty":                     {"/login/", "", 400, "body"},
		"large":                     {"/login/", `{"email":"me@example.com","password":"` + strings.Repeat("x", 1<<16) + `"}`, 400, "body"},
	} {
		r := post(t, url+c.path, "192.0.2.2", c.body)
		if r.status != c.status || r.Code != c.code || r.contentType != "application/json" {
			t.Errorf("%s: %d %s, want %d %q", name, r.status, r.body, c.status, c.code)
		}
		if c.status == http.StatusOK && (r.UID != made.UID || r.Token == "") {
			t.Errorf("%s: %s, want a token of %s", name, r.body, made.UID)
		}
	}
	if uid := w.direct(t, "me@example.com", password); uid != made.UID {
		t.Errorf("direct sign-in is %q, want %s", uid, made.UID)
	}
	if w.remaining(t) != 1 {
		t.Error("the old account was touched")
	}
}

// An old account of each kind signs in here, then at Authentication, with one uid.
func TestOldAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(t)
	url := w.serve(t, s)
	for i, method := range []string{
		"pbkdf2:sha256:1000", "pbkdf2:sha256:50000", "pbkdf2:sha256:260000", "pbkdf2:sha1:1000", "pbkdf2:sha512:1000", "scrypt:1024:8:1", "scrypt:32768:8:1",
	} {
		email, uid, password := "user"+string(rune('a'+i))+"@user.heektime.heek.kr", "uid-of-"+method, method+" 비밀 "+secret
		w.old(t, email, uid, oldHash(t, method, password))
		if got := w.direct(t, email, password); got != "" {
			t.Fatalf("%s: Authentication knows it already", method)
		}
		if r := post(t, url+"/login/", "192.0.2.1", entry{email, password + "."}); r.status != 400 {
			t.Errorf("%s: a wrong password is answered %d", method, r.status)
		}
		before := w.remaining(t)
		r := post(t, url+"/login/", "192.0.2.1", entry{email, password})
		if r.status != http.StatusOK || r.UID != uid {
			t.Fatalf("%s: %s", method, r.body)
		}
		if n := w.remaining(t); n != before-1 {
			t.Errorf("%s: %d old hashes remain, want %d", method, n, before-1)
		}
		if got := w.direct(t, email, password); got != uid {
			t.Errorf("%s: direct sign-in is %q", method, got)
		}
		if user := w.user(t, uid); user.CustomClaims[auth.LegacyClaim] != true {
			t.Errorf("%s: claims are %v", method, user.CustomClaims)
		}
		if again := post(t, url+"/login/", "192.0.2.1", entry{email, password}); again.UID != uid {
			t.Errorf("%s: again: %s", method, again.body)
		}
	}
}

func TestTokenSaysWhoIsLegacy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(t)
	w.old(t, "old@user.heektime.heek.kr", "old-uid", oldHash(t, quick, secret))
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

// What Authentication has already when an old account signs in, and what must become of it.
func TestAuthenticationKnowsMore(t *testing.T) {
	t.Parallel()
	const email, uid, other = "minsu@user.heektime.heek.kr", "old-uid", "other-uid"
	type user = firebaseauth.UserToCreate
	for name, c := range map[string]struct {
		there []*user
		// right says whether the old password must be let in, left whether its hash stays.
		right, left bool
		// newer is a password that must be let in besides.
		newer    string
		newerUID string
	}{
		"an account without password, from an earlier token": {
			there: []*user{(&user{}).UID(uid)}, right: true,
		},
		"the same password, and the hash was left": {
			there: []*user{(&user{}).UID(uid).Email(email).Password("old " + secret)}, right: true,
		},
		"a newer password": {
			there: []*user{(&user{}).UID(uid).Email(email).Password("newer " + secret)}, newer: "newer " + secret, newerUID: uid,
		},
		"a newer password and another address": {
			there: []*user{(&user{}).UID(uid).Email("moved@example.com").Password("newer " + secret)},
		},
		"a disabled account": {
			there: []*user{(&user{}).UID(uid).Disabled(true)}, left: true,
		},
		"a disabled account with the same password": {
			there: []*user{(&user{}).UID(uid).Email(email).Password("old " + secret).Disabled(true)}, left: true,
		},
		"somebody else who registered the address": {
			there: []*user{(&user{}).UID(other).Email(email).Password("his " + secret)}, right: true, left: true, newer: "his " + secret, newerUID: other,
		},
		"somebody else, and an account without password": {
			there: []*user{(&user{}).UID(uid), (&user{}).UID(other).Email(email).Password("his " + secret)}, right: true, left: true, newer: "his " + secret, newerUID: other,
		},
		"an account with another address and no password": {
			there: []*user{(&user{}).UID(uid).Email("moved@example.com")}, right: true, left: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			url := w.serve(t, w.service(t))
			w.old(t, email, uid, oldHash(t, quick, "old "+secret))
			for _, u := range c.there {
				if _, err := w.accounts.CreateUser(t.Context(), u); err != nil {
					t.Fatal(err)
				}
			}
			if c.newer != "" && c.newerUID == other {
				if r := post(t, url+"/login/", "192.0.2.1", entry{email, c.newer}); r.UID != other || w.remaining(t) != 1 {
					t.Errorf("the other password: %s", r.body)
				}
			}
			for range 2 {
				r := post(t, url+"/login/", "192.0.2.1", entry{email, "old " + secret})
				if (r.status == http.StatusOK) != c.right || c.right && r.UID != uid {
					t.Errorf("the old password: %s", r.body)
				}
				if c.right && !c.left && w.direct(t, email, "old "+secret) != uid {
					t.Error("Authentication does not know the old password")
				}
			}
			if c.newer != "" {
				if r := post(t, url+"/login/", "192.0.2.1", entry{email, c.newer}); r.UID != c.newerUID {
					t.Errorf("the newer password: %s", r.body)
				}
			}
			if left := w.remaining(t) == 1; left != c.left {
				t.Errorf("an old hash is left: %v", left)
			}
			for _, u := range w.Auth.Users(w.Project) {
				if u.LocalID != uid && u.LocalID != other {
					t.Errorf("there is a new account %s", u.LocalID)
				}
			}
		})
	}
}

// Passwords that Authentication would not take are no reason to keep their owner out.
func TestShortOldPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	w.old(t, "minsu@user.heektime.heek.kr", "old-uid", oldHash(t, quick, "1234"))
	for range 2 {
		if r := post(t, url+"/login/", "192.0.2.1", entry{"minsu@user.heektime.heek.kr", "1234"}); r.UID != "old-uid" {
			t.Errorf("%s", r.body)
		}
	}
	if w.remaining(t) != 1 {
		t.Error("the hash is gone, and the password nowhere")
	}
}

// Hashes that cannot be computed keep their owners out, silently for the others.
func TestMalformedHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	for i, hash := range []string{"plain$$" + secret, secret, "pbkdf2:sha256:99999999999$" + hashSalt + "$00", "pbkdf2:md5:1$" + hashSalt + "$" + secret} {
		email := string(rune('a'+i)) + "@user.heektime.heek.kr"
		w.old(t, email, "old-uid", hash)
		if r := post(t, url+"/login/", "192.0.2.1", entry{email, secret}); r.status != 400 || r.Code != "wrong-credentials" {
			t.Errorf("%d: %s", i, r.body)
		}
	}
	if w.remaining(t) != 4 {
		t.Error("a hash was deleted")
	}
}

func TestManyLoginsOfOneOldAccountAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.old(t, "minsu@user.heektime.heek.kr", "old-uid", oldHash(t, quick, secret))
	var wg sync.WaitGroup
	for range 6 {
		url := w.serve(t, w.service(t)) // an instance each
		wg.Go(func() {
			if r := post(t, url+"/login/", "192.0.2.1", entry{"minsu@user.heektime.heek.kr", secret}); r.status != 200 || r.UID != "old-uid" {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
	wg.Wait()
	if users := w.Auth.Users(w.Project); len(users) != 1 || w.direct(t, "minsu@user.heektime.heek.kr", secret) != "old-uid" {
		t.Errorf("%d accounts", len(users))
	}
	if w.remaining(t) != 0 {
		t.Error("an old hash is left")
	}
}
