package auth_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/loginthrottle"
)

// A refused login makes the same calls and does the same work, whoever it is for.
func TestRefusalsTakeTheSameSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const dear = "pbkdf2:sha256:2000" // as dear as testRounds
	for name, method := range map[string]string{"cheap": quick, "dear": dear, "sha512": "pbkdf2:sha512:500", "scrypt": "scrypt:64:8:1"} {
		w.old(t, name+"@user.heektime.heek.kr", name, oldHash(t, method, oldPassword))
	}
	w.old(t, "broken@user.heektime.heek.kr", "broken", "plain$"+hashSalt+"$"+secret)
	w.old(t, "disabled@user.heektime.heek.kr", "disabled", oldHash(t, quick, oldPassword))
	for _, u := range []*firebaseauth.UserToCreate{
		(&firebaseauth.UserToCreate{}).UID("disabled").Disabled(true),
		(&firebaseauth.UserToCreate{}).Email("new@example.com").Password(oldPassword),
		(&firebaseauth.UserToCreate{}).Email("locked@example.com").Password(oldPassword).Disabled(true),
		(&firebaseauth.UserToCreate{}).Email("google@example.com"),
	} {
		if _, err := w.accounts.CreateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	var wantCalls []string
	for _, email := range []string{
		"unknown@example.com", "unknown@user.heektime.heek.kr", "new@example.com", "locked@example.com", "google@example.com",
		"cheap@user.heektime.heek.kr", "dear@user.heektime.heek.kr", "sha512@user.heektime.heek.kr", "scrypt@user.heektime.heek.kr",
		"broken@user.heektime.heek.kr", "disabled@user.heektime.heek.kr",
	} {
		s, p, ctx := w.mortal(t, faulttest.None, 0)
		work := 0
		s.OnWork(func(rounds int) { work += rounds })
		_, err := s.Login(ctx, auth.SignIn{Email: email, Password: "wrong " + secret, ClientIP: email})
		if !errors.Is(err, auth.ErrWrong) || err.Error() != auth.ErrWrong.Error() {
			t.Errorf("%s: %v", email, err)
		}
		calls := p.Calls()
		slices.Sort(calls)
		if wantCalls == nil {
			wantCalls = calls
		}
		if work != testRounds || !slices.Equal(calls, wantCalls) {
			t.Errorf("%s: %d rounds and %v, want %d and %v", email, work, calls, testRounds, wantCalls)
		}
	}
	if want := 4; len(wantCalls) != want {
		t.Errorf("a refusal makes %d calls, the docs say %d: %v", len(wantCalls), want, wantCalls)
	}
}

// What logins bill, as docs/sign-in.md says.
func TestCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.old(t, oldEmail, oldUID, oldHash(t, quick, oldPassword))
	for _, c := range []struct {
		name, password string
		want           map[string]int // of Firestore
	}{
		{"the first of an old account", oldPassword, map[string]int{"BatchGetDocuments": 2, "Commit": 2}},
		{"the next", oldPassword, map[string]int{"BatchGetDocuments": 1}},
		{"a wrong one", "wrong " + secret, map[string]int{"BatchGetDocuments": 1, "Commit": 2}},
		{"a right one after it", oldPassword, map[string]int{"BatchGetDocuments": 1, "Commit": 1}},
		{"the next again", oldPassword, map[string]int{"BatchGetDocuments": 1}},
	} {
		s, p, ctx := w.mortal(t, faulttest.None, 0)
		s.Login(ctx, auth.SignIn{Email: oldEmail, Password: c.password, ClientIP: "c"})
		got := map[string]int{}
		const service = "/google.firestore.v1.Firestore/"
		for _, call := range p.Calls() {
			if len(call) > len(service) && call[:len(service)] == service {
				got[call[len(service):]]++
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	w.now = func() time.Time { return now }
	limits := loginthrottle.Limits{
		Pair:    loginthrottle.Limit{Free: 3, First: 2 * time.Second, Most: 10 * time.Second},
		Client:  loginthrottle.Limit{Free: 6, First: 4 * time.Second, Most: time.Minute},
		Address: loginthrottle.Limit{Free: 8, First: time.Second, Most: 3 * time.Second},
		Forget:  time.Hour,
	}
	w.old(t, oldEmail, oldUID, oldHash(t, quick, oldPassword))
	// Each call goes to another instance: what limits is what they share.
	login := func(client, email, password string) (status int, retry int) {
		t.Helper()
		url := w.serve(t, w.service(t, func(cfg *auth.Config) { cfg.Limits = limits }))
		r := post(t, url+"/login/", client, entry{email, password})
		retry, _ = strconv.Atoi(r.header.Get("Retry-After"))
		return r.status, retry
	}
	expect := func(what, client, email, password string, wantStatus, wantRetry int) {
		t.Helper()
		if status, retry := login(client, email, password); status != wantStatus || retry != wantRetry {
			t.Errorf("%s: %d, Retry-After %d; want %d, %d", what, status, retry, wantStatus, wantRetry)
		}
	}
	const guesser, owner, wrong = "192.0.2.66", "198.51.100.1", "wrong " + secret
	for range 4 {
		expect("free, and the one that is too much", guesser, oldEmail, wrong, 400, 0)
	}
	expect("after it", guesser, oldEmail, wrong, 429, 2)
	expect("also with the right password", guesser, oldEmail, oldPassword, 429, 2)
	expect("elsewhere", owner, oldEmail, oldPassword, 200, 0)
	now = now.Add(2 * time.Second)
	expect("after the wait", guesser, oldEmail, wrong, 400, 0)
	expect("twice as long", guesser, oldEmail, wrong, 429, 4)
	expect("at another address", guesser, "a@example.com", wrong, 400, 0)
	expect("at a third", guesser, "b@example.com", wrong, 400, 0)
	expect("as a client, anywhere", guesser, "c@example.com", wrong, 429, 4)
	now = now.Add(59 * time.Minute)
	expect("much later", guesser, "c@example.com", wrong, 400, 0)
	now = now.Add(61 * time.Minute)
	for range 4 {
		expect("all forgotten", guesser, oldEmail, wrong, 400, 0)
	}
	now = now.Add(time.Minute)
	expect("the owner, from there", guesser, oldEmail, oldPassword, 200, 0)
	for range 3 {
		expect("his success forgave him", guesser, oldEmail, wrong, 400, 0)
	}
	now = now.Add(2 * time.Hour)
	for i := range 9 {
		expect("many clients at one address", "192.0.2."+strconv.Itoa(100+i), oldEmail, wrong, 400, 0)
	}
	expect("everybody waits a little", owner, oldEmail, oldPassword, 429, 1)
	now = now.Add(time.Second)
	expect("and then not", owner, oldEmail, oldPassword, 200, 0)
}

func TestRegistrationsAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(t, w.service(t, func(cfg *auth.Config) { cfg.Limits.Client.Free = 3 }))
	for i, want := range []int{201, 201, 201, 201, 429} {
		r := post(t, url+"/register/", "192.0.2.1", entry{"user" + strconv.Itoa(i) + "@example.com", secret})
		if r.status != want {
			t.Errorf("%d: %d %s", i, r.status, r.body)
		}
	}
	if r := post(t, url+"/register/", "192.0.2.2", entry{"other@example.com", secret}); r.status != http.StatusCreated {
		t.Errorf("elsewhere: %s", r.body)
	}
	if r := post(t, url+"/login/", "192.0.2.1", entry{"user0@example.com", secret}); r.status != http.StatusOK {
		t.Errorf("a login from there: %s", r.body)
	}
}

// While one client makes 10,000 wrong logins, at many addresses and at the very one, right ones from elsewhere are let in at
// the first try, and hardly anything is computed or read for the wrong ones.
func TestFloodSlowsNobodyElse(t *testing.T) {
	t.Parallel()
	const wrongs, atOnce, rights = 10_000, 64, 20
	w := newWorld(t)
	for i := range rights {
		w.old(t, fmt.Sprintf("right%d@user.heektime.heek.kr", i), fmt.Sprintf("uid%d", i), oldHash(t, quick, oldPassword))
	}
	s, p, _ := w.mortal(t, faulttest.None, 0)
	var hashes atomic.Int64
	s.OnWork(func(int) { hashes.Add(1) })
	url := w.serve(t, s)
	next := make(chan int)
	var flood sync.WaitGroup
	var refused atomic.Int64
	for range atOnce {
		flood.Go(func() {
			for i := range next {
				email := fmt.Sprintf("unknown%d@example.com", i)
				if i%2 == 0 {
					email = fmt.Sprintf("right%d@user.heektime.heek.kr", i%rights)
				}
				switch r := post(t, url+"/login/", "192.0.2.66", entry{email, "wrong " + secret}); r.status {
				case http.StatusTooManyRequests:
					refused.Add(1)
				case http.StatusBadRequest:
				default:
					t.Errorf("a wrong login: %d %s", r.status, r.body)
				}
			}
		})
	}
	worst := int64(0)
	for i := range wrongs {
		next <- i
		if i%(wrongs/rights) != 0 {
			continue
		}
		before := hashes.Load()
		n := i / (wrongs / rights)
		r := post(t, url+"/login/", fmt.Sprintf("198.51.100.%d", n), entry{fmt.Sprintf("right%d@user.heektime.heek.kr", n), oldPassword})
		if r.status != http.StatusOK {
			t.Errorf("a right login in the flood: %d %s", r.status, r.body)
		}
		worst = max(worst, hashes.Load()-before)
	}
	close(next)
	flood.Wait()
	// Its own hash, those that ran, and as many as got in while Authentication was asked.
	if most := int64(1 + 4*16*runtime.GOMAXPROCS(0)); worst > most {
		t.Errorf("%d hashes were computed while a right login waited", worst)
	}
	if n := hashes.Load(); n > 200+rights {
		t.Errorf("%d hashes were computed in all", n)
	}
	if n := len(p.Calls()); n > 2500 {
		t.Errorf("%d calls were made in all", n)
	}
	t.Logf("%d of %d refused at once; %d hashes, %d calls; at most %d hashes within a right login", refused.Load(), wrongs, hashes.Load(), len(p.Calls()), worst)
}
