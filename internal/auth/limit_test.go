package auth_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/loginthrottle"
)

// A rejected login makes the same calls and does the same work for every kind of account.
func TestRejectionsTakeTheSameSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const expensive = "pbkdf2:sha256:2000" // as expensive as testRounds
	for name, method := range map[string]string{"cheap": fastMethod, "expensive": expensive, "sha512": "pbkdf2:sha512:500", "scrypt": "scrypt:64:8:1"} {
		w.addOldAccount(t, name+"@user.heektime.heek.kr", name, oldHash(t, method, oldPassword))
	}
	w.addOldAccount(t, "broken@user.heektime.heek.kr", "broken", "plain$"+hashSalt+"$"+secret)
	w.addOldAccount(t, "disabled@user.heektime.heek.kr", "disabled", oldHash(t, fastMethod, oldPassword))
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
		"cheap@user.heektime.heek.kr", "expensive@user.heektime.heek.kr", "sha512@user.heektime.heek.kr", "scrypt@user.heektime.heek.kr",
		"broken@user.heektime.heek.kr", "disabled@user.heektime.heek.kr",
	} {
		s, p, ctx := w.faultyService(t, faulttest.None, 0)
		work := 0
		s.OnHash(func(rounds int) { work += rounds })
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
	if want := 5; len(wantCalls) != want {
		t.Errorf("a rejected login makes %d calls, but the docs say %d: %v", len(wantCalls), want, wantCalls)
	}
}

// Attempts bill what the table in docs/sign-in.md says. Each goes to a new instance, except the last of a
// wait.
func TestCost(t *testing.T) {
	t.Parallel()
	documented := documentedCosts(t)
	w := newWorld(t).freeze()
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	const home, elsewhere, wrong = "192.0.2.1", "198.51.100.1", "wrong " + secret
	instance := func() string { return w.serve(t, w.service(t)) }
	url := instance()
	for _, c := range []struct {
		row, path, client, email, password string
		status                             int
	}{
		{"correct, first login of an old account", "/login/", home, oldEmail, oldPassword, 200},
		{"correct, known network", "/login/", home, oldEmail, oldPassword, 200},
		{"wrong again, or from a known network", "/login/", home, oldEmail, wrong, 400},
		{"correct, known network", "/login/", home, oldEmail, oldPassword, 200}, // after a failure
		{"correct, new network", "/login/", elsewhere, oldEmail, oldPassword, 200},
		{"wrong", "/login/", elsewhere, "unknown@example.com", wrong, 400},
		{"wrong again, or from a known network", "/login/", elsewhere, "unknown@example.com", wrong, 400},
		{"wrong again, or from a known network", "/login/", elsewhere, "unknown@example.com", wrong, 400},
		{"wrong again, or from a known network", "/login/", elsewhere, "unknown@example.com", wrong, 400},
		{"wrong again, or from a known network", "/login/", elsewhere, "unknown@example.com", wrong, 400},
		{"wrong again, or from a known network", "/login/", elsewhere, "unknown@example.com", wrong, 400},
		{"during a wait, first time at an instance", "/login/", elsewhere, "unknown@example.com", wrong, 429},
		{"during a wait, again", "/login/", elsewhere, "unknown@example.com", wrong, 429},
		{"registration", "/register/", elsewhere, "new@example.com", secret, 201},
	} {
		if c.row != "during a wait, again" {
			url = instance()
		}
		got := emulatortest.CostOf(w.Measure(t, func() {
			if r := post(t, url+c.path, c.client, credentials{c.email, c.password}); r.status != c.status {
				t.Errorf("%s: %d %s", c.row, r.status, r.body)
			}
		}))
		if text := fmt.Sprintf("%d | %d | %d", got.Reads, got.Writes, got.Deletes); text != documented[c.row] {
			t.Errorf("%s bills %s, but docs/sign-in.md says %q", c.row, text, documented[c.row])
		}
	}
}

// documentedCosts returns the rows of the table, "reads | writes | deletes", by their first column.
func documentedCosts(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/sign-in.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | "); len(cells) == 4 {
			rows[cells[0]] = strings.Join(cells[1:], " | ")
		}
	}
	return rows
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	w.now = func() time.Time { return now }
	limits := loginthrottle.DefaultLimits()
	limits.Pair = loginthrottle.Backoff{Free: 3, First: 2 * time.Second, Most: 10 * time.Second}
	limits.Network = loginthrottle.Bucket{Burst: 5, Every: 10 * time.Minute}
	limits.Address = loginthrottle.Bucket{Burst: 8, Every: 3 * time.Second}
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	// Each call goes to a new instance, so only the shared counters limit it.
	expect := func(name, client, email, password string, wantStatus, wantRetry int) {
		t.Helper()
		url := w.serve(t, w.service(t, func(cfg *auth.Config) { cfg.Limits = limits }))
		r := post(t, url+"/login/", client, credentials{email, password})
		retry, _ := strconv.Atoi(r.header.Get("Retry-After"))
		if r.status != wantStatus || retry != wantRetry {
			t.Errorf("%s: %d, Retry-After %d; want %d, %d", name, r.status, retry, wantStatus, wantRetry)
		}
	}
	const attacker, owner, wrong = "192.0.2.66", "198.51.100.1", "wrong " + secret
	for range 4 {
		expect("free failures and one more", attacker, oldEmail, wrong, 400, 0)
	}
	expect("right afterwards", attacker, oldEmail, wrong, 429, 2)
	expect("right afterwards, with the correct password", attacker, oldEmail, oldPassword, 429, 2)
	expect("another client", owner, oldEmail, oldPassword, 200, 0)
	now = now.Add(2 * time.Second)
	expect("after the wait", attacker, oldEmail, wrong, 400, 0)
	expect("the wait has doubled", attacker, oldEmail, wrong, 429, 4)
	for i := range 4 {
		expect("at other addresses", attacker, fmt.Sprintf("%d@example.com", i), wrong, 400, 0)
	}
	expect("at too many addresses", attacker, "c@example.com", wrong, 429, 598)
	now = now.Add(598 * time.Second)
	expect("after the wait", attacker, "c@example.com", wrong, 400, 0)
	now = now.Add(61 * time.Minute)
	for range 4 {
		expect("after the failures were forgotten", attacker, oldEmail, wrong, 400, 0)
	}
	now = now.Add(time.Minute)
	expect("the owner, from the same client", attacker, oldEmail, oldPassword, 200, 0)
	for range 4 {
		expect("after the success reset the failures", attacker, oldEmail, wrong, 400, 0)
	}
	now = now.Add(2 * time.Hour)
	for i := range 8 {
		expect("many clients at one address", "192.0.2."+strconv.Itoa(100+i), oldEmail, wrong, 400, 0)
	}
	expect("a new client waits", "203.0.113.1", oldEmail, oldPassword, 429, 3)
	expect("the next one waits longer", "203.0.113.2", oldEmail, wrong, 429, 6)
	expect("the owner does not", owner, oldEmail, oldPassword, 200, 0)
	now = now.Add(3 * time.Second)
	for i := range 8 {
		expect("many more clients", "192.0.2."+strconv.Itoa(200+i), oldEmail, wrong, 429, 6+3*i)
	}
	expect("after the wait", "203.0.113.1", oldEmail, oldPassword, 200, 0)
}

// While one client makes 10,000 wrong logins, at random addresses and at those of real accounts, correct
// logins from other clients succeed at the first attempt, and the wrong ones cause few hashes and calls.
func TestFloodDoesNotAffectOthers(t *testing.T) {
	t.Parallel()
	const wrongLogins, workers, correctLogins = 10_000, 64, 20
	w := newWorld(t).freeze()
	for i := range correctLogins {
		w.addOldAccount(t, fmt.Sprintf("right%d@user.heektime.heek.kr", i), fmt.Sprintf("uid%d", i), oldHash(t, fastMethod, oldPassword))
	}
	s, p, _ := w.faultyService(t, faulttest.None, 0)
	var hashes atomic.Int64
	s.OnHash(func(int) { hashes.Add(1) })
	url := w.serve(t, s)
	next := make(chan int)
	var flood sync.WaitGroup
	var throttled atomic.Int64
	for range workers {
		flood.Go(func() {
			for i := range next {
				email := fmt.Sprintf("unknown%d@example.com", i)
				if i%2 == 0 {
					email = fmt.Sprintf("right%d@user.heektime.heek.kr", i%correctLogins)
				}
				switch r := post(t, url+"/login/", "192.0.2.66", credentials{email, "wrong " + secret}); r.status {
				case http.StatusTooManyRequests:
					throttled.Add(1)
				case http.StatusBadRequest:
				default:
					t.Errorf("wrong login: %d %s", r.status, r.body)
				}
			}
		})
	}
	worst := int64(0)
	for i := range wrongLogins {
		next <- i
		if i%(wrongLogins/correctLogins) != 0 {
			continue
		}
		before := hashes.Load()
		n := i / (wrongLogins / correctLogins)
		r := post(t, url+"/login/", fmt.Sprintf("198.51.100.%d", n), credentials{fmt.Sprintf("right%d@user.heektime.heek.kr", n), oldPassword})
		if r.status != http.StatusOK {
			t.Errorf("correct login during the flood: %d %s", r.status, r.body)
		}
		worst = max(worst, hashes.Load()-before)
	}
	close(next)
	flood.Wait()
	// Its own hash, those already running, and those that started while it called Authentication.
	if most := int64(1 + 4*16*runtime.GOMAXPROCS(0)); worst > most {
		t.Errorf("%d hashes were computed during one correct login", worst)
	}
	if n := hashes.Load(); n > 200+correctLogins {
		t.Errorf("%d hashes were computed in total", n)
	}
	if n := len(p.Calls()); n > 2500 {
		t.Errorf("%d calls were made in total", n)
	}
	t.Logf("%d of %d wrong logins throttled; %d hashes, %d calls; at most %d hashes during a correct login",
		throttled.Load(), wrongLogins, hashes.Load(), len(p.Calls()), worst)
}
