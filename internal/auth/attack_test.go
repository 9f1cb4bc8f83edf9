package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/loginthrottle"
)

// These tests attack the service over HTTP, as strangers do. See also TestFloodDoesNotAffectOthers.

// guessAll guesses a password from each network simultaneously, and returns how many guesses were checked.
func guessAll(t *testing.T, url, email string, networks int, network func(int) string) int {
	t.Helper()
	var checked atomic.Int64
	var wg sync.WaitGroup
	for i := range networks {
		wg.Go(func() {
			switch r := post(t, url+"/login/", network(i), credentials{email, "wrong " + secret}); r.status {
			case http.StatusBadRequest:
				checked.Add(1)
			case http.StatusTooManyRequests:
			default:
				t.Errorf("guess %d: %d %s", i, r.status, r.body)
			}
		})
	}
	wg.Wait()
	return int(checked.Load())
}

// Wave after wave of 500 simultaneous guesses from 500 networks, at several instances: few are checked.
// Meanwhile the owner signs in from a network that is known, and from a new one after the time that
// Retry-After names. It is long because the attack goes on all the time.
func TestDistributedGuessing(t *testing.T) {
	t.Parallel()
	for name, network := range map[string]func(i int) string{
		"one /48":   func(i int) string { return fmt.Sprintf("2001:db8:0:%x::1", i) },
		"many /48s": func(i int) string { return fmt.Sprintf("2001:db8:%x::1", i) },
		"IPv4":      func(i int) string { return fmt.Sprintf("203.0.%d.%d", 100+i/250, i%250) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var mu sync.Mutex
			now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
			w.now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
			advance := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
			w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
			urls := []string{w.serve(t, w.service(t)), w.serve(t, w.service(t))}
			const home, elsewhere = "198.51.100.1", "198.51.100.200"
			if r := post(t, urls[0]+"/login/", home, credentials{oldEmail, oldPassword}); r.status != http.StatusOK {
				t.Fatalf("before the attack: %d %s", r.status, r.body)
			}
			limits := loginthrottle.DefaultLimits()
			checked := 0
			wave := func(i int) { checked += guessAll(t, urls[i%2], oldEmail, 500, network) }
			start := w.now()
			for i := range 3 {
				wave(i)
			}
			if checked > limits.Address.Burst {
				t.Errorf("%d guesses were checked, want at most %d", checked, limits.Address.Burst)
			}
			for i, url := range urls {
				if r := post(t, url+"/login/", home, credentials{oldEmail, oldPassword}); r.status != http.StatusOK {
					t.Errorf("the owner at home, instance %d: %d %s", i, r.status, r.body)
				}
			}
			r := post(t, urls[0]+"/login/", elsewhere, credentials{oldEmail, oldPassword})
			wait, _ := strconv.Atoi(r.header.Get("Retry-After"))
			switch {
			case r.status == http.StatusTooManyRequests:
				for range 3 {
					advance(time.Duration(wait) * time.Second / 3)
					wave(0)
				}
				advance(time.Second)
				if r := post(t, urls[1]+"/login/", elsewhere, credentials{oldEmail, oldPassword}); r.status != http.StatusOK {
					t.Errorf("the owner elsewhere, after %d s: %d %s", wait, r.status, r.body)
				}
			case r.status != http.StatusOK:
				t.Errorf("the owner elsewhere: %d %s", r.status, r.body)
			}
			for i := range 5 {
				advance(time.Minute)
				wave(i)
			}
			if most := limits.Address.Burst + int(w.now().Sub(start)/limits.Address.Every) + 1; checked > most {
				t.Errorf("%d guesses were checked in %v, want at most %d", checked, w.now().Sub(start), most)
			}
		})
	}
}

// A client that calls the service directly cannot choose its address: 160 clients in X-Forwarded-For are
// one.
func TestForgedAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t).freeze()
	url := w.serve(t, w.service(t))
	limited := 0
	for i := range 160 {
		client := fmt.Sprintf("203.0.113.%d, 66.249.93.7, 127.0.0.1, 192.0.2.66", i)
		if r := post(t, url+"/login/", client, credentials{oldEmail, "wrong " + secret}); r.status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 150 {
		t.Errorf("%d of 160 guesses were limited, want all but a few", limited)
	}
	// Behind Hosting, clients are told apart.
	if r := post(t, url+"/login/", "198.51.100.1, 66.249.93.7", credentials{oldEmail, "wrong " + secret}); r.status != http.StatusBadRequest {
		t.Errorf("another client, behind Hosting: %d %s", r.status, r.body)
	}
}

// When attempts cannot be counted, a right and a wrong password get the same response.
func TestCountingFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t).freeze()
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	for _, fault := range []struct {
		code   codes.Code
		method string
	}{
		{codes.FailedPrecondition, "Commit"}, {codes.InvalidArgument, "Commit"},
		{codes.PermissionDenied, "BatchGetDocuments"},
	} {
		t.Run(fault.code.String(), func(t *testing.T) {
			t.Parallel()
			fail := func(method string) error {
				if method == "/google.firestore.v1.Firestore/"+fault.method {
					return status.Error(fault.code, "injected")
				}
				return nil
			}
			fs := w.FirestoreClient(t, grpc.WithUnaryInterceptor(func(
				ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
			) error {
				if err := fail(method); err != nil {
					return err
				}
				return invoke(ctx, method, req, reply, cc, opts...)
			}), grpc.WithStreamInterceptor(func(
				ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption,
			) (grpc.ClientStream, error) {
				if err := fail(method); err != nil {
					return nil, err
				}
				return open(ctx, desc, cc, method, opts...)
			}))
			s := w.service(t, func(cfg *auth.Config) { cfg.Firestore = fs })
			hashes := 0
			s.OnHash(func(int) { hashes++ })
			url := w.serve(t, s)
			right := post(t, url+"/login/", "192.0.2.1", credentials{oldEmail, oldPassword})
			wrong := post(t, url+"/login/", "192.0.2.1", credentials{oldEmail, "wrong " + secret})
			if right.status != http.StatusServiceUnavailable || right.body != wrong.body || right.status != wrong.status || hashes != 0 {
				t.Errorf("right: %d %s; wrong: %d %s; %d hashes", right.status, right.body, wrong.status, wrong.body, hashes)
			}
		})
	}
}

// A campus registers and signs in behind one address, with typos and taken names. Nobody is turned
// away. TestCampus of package loginthrottle has a campus of full size.
func TestCampus(t *testing.T) {
	t.Parallel()
	const students, workers = 400, 64
	w := newWorld(t)
	url := w.serve(t, w.service(t))
	const campus = "192.0.2.1"
	next := make(chan int)
	var wg sync.WaitGroup
	expect := func(path, name, password string, want int) {
		if r := post(t, url+path, campus, credentials{name + "@user.heektime.heek.kr", password}); r.status != want {
			t.Errorf("%s of %s: %d %s, want %d", path, name, r.status, r.body, want)
		}
	}
	for range workers {
		wg.Go(func() {
			for i := range next {
				name := fmt.Sprintf("student%d", i)
				expect("/register/", name, secret, http.StatusCreated)
				if i%5 == 0 {
					expect("/register/", name, secret, http.StatusConflict)
				}
				if i%10 == 0 {
					expect("/login/", name, "typo "+secret, http.StatusBadRequest)
				}
				expect("/login/", name, secret, http.StatusOK)
			}
		})
	}
	for i := range students {
		next <- i
	}
	close(next)
	wg.Wait()
}

// Creating accounts in bulk, and looking for taken addresses, is limited for each network.
func TestBulkRegistration(t *testing.T) {
	t.Parallel()
	w := newWorld(t).freeze()
	url := w.serve(t, w.service(t, func(cfg *auth.Config) { cfg.Limits.Register = loginthrottle.Bucket{Burst: 50, Every: time.Second} }))
	count := func(client string, email func(int) string, status int) (n int) {
		for i := range 60 {
			if r := post(t, url+"/register/", client, credentials{email(i), secret}); r.status == status {
				n++
			} else if r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") == "" {
				t.Errorf("%d: %d %s", i, r.status, r.body)
			}
		}
		return n
	}
	unique := func(i int) string { return fmt.Sprintf("user%d@example.com", i) }
	if n := count("192.0.2.1", unique, http.StatusCreated); n < 40 || n > 50 {
		t.Errorf("%d accounts created, want about 48", n)
	}
	taken := func(int) string { return "user0@example.com" }
	if n := count("192.0.2.2", taken, http.StatusConflict); n != 50/3 {
		t.Errorf("%d taken addresses found, want 50/3", n)
	}
	rotating := 0
	for i := range 60 {
		if r := post(t, url+"/register/", fmt.Sprintf("2001:db8:1:%x::1", i), credentials{"user0@example.com", secret}); r.status == http.StatusConflict {
			rotating++
		}
	}
	if rotating != 50/3 {
		t.Errorf("%d taken addresses found from one /48, want 50/3", rotating)
	}
	if r := post(t, url+"/register/", "192.0.2.3", credentials{"other@example.com", secret}); r.status != http.StatusCreated {
		t.Errorf("from another network: %d %s", r.status, r.body)
	}
	if r := post(t, url+"/login/", "192.0.2.1", credentials{"user0@example.com", secret}); r.status != http.StatusOK {
		t.Errorf("sign-in from the limited network: %d %s", r.status, r.body)
	}
}

// A sprayer behind the same address as an owner does not lock the owner out.
func TestSprayingFromTheOwnersNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t).freeze()
	w.addOldAccount(t, oldEmail, oldUID, oldHash(t, fastMethod, oldPassword))
	const campus = "192.0.2.1"
	urls := []string{w.serve(t, w.service(t)), w.serve(t, w.service(t))}
	if r := post(t, urls[0]+"/login/", campus, credentials{oldEmail, oldPassword}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	checked := 0
	for i := range 400 {
		r := post(t, urls[i%2]+"/login/", campus, credentials{fmt.Sprintf("name%d@user.heektime.heek.kr", i), "password"})
		if r.status == http.StatusBadRequest {
			checked++
		}
	}
	if most := loginthrottle.DefaultLimits().Network.Burst; checked > most {
		t.Errorf("%d names were tried, want at most %d", checked, most)
	}
	for i, url := range urls {
		if r := post(t, url+"/login/", campus, credentials{oldEmail, oldPassword}); r.status != http.StatusOK {
			t.Errorf("the owner, instance %d: %d %s", i, r.status, r.body)
		}
	}
}
