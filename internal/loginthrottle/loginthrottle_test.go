package loginthrottle_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/schema"
)

// No attempt is lost when many instances count at the same time, and no more are admitted than the
// address has room for.
func TestConcurrentInstances(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	fs := cloud.FirestoreClient(t)
	const instances, room = 12, 6
	now := cloud.Clock.Now()
	var admitted atomic.Int64
	var wg sync.WaitGroup
	for i := range instances {
		c := counter(t, fs, func() time.Time { return now }, func(l *loginthrottle.Limits) { l.Address.Burst = room })
		wg.Go(func() {
			a, _, err := c.SignIn(t.Context(), "a@b.kr", fmt.Sprintf("192.0.2.%d", i))
			switch {
			case isTooMany(err):
			case err != nil:
				t.Error(err)
			default:
				a.End()
				admitted.Add(1)
			}
		})
	}
	wg.Wait()
	doc := addressDocument(t, fs, "a@b.kr")
	turns := 0
	for _, p := range doc.Parties {
		if !p.Turn.IsZero() {
			turns++
		}
	}
	if n := admitted.Load(); n != room || turns != instances-room || doc.Expires.IsZero() {
		t.Errorf("%d admitted, %d turns; want %d and %d: %+v", n, turns, room, instances-room, doc)
	}
}

// A turn holds while others keep attempting, and the many networks of one provider do not take them all.
func TestTurnHolds(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	fs := cloud.FirestoreClient(t)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	c := counter(t, fs, func() time.Time { return now })
	flood := func() {
		for i := range 300 {
			if a, _, err := c.SignIn(t.Context(), "a@b.kr", fmt.Sprintf("192.0.%d.%d", i/250, i%250)); err == nil {
				a.End()
			} else if !isTooMany(err) {
				t.Fatal(err)
			}
		}
	}
	flood()
	_, _, err := c.SignIn(t.Context(), "a@b.kr", "198.51.100.1")
	var wait *loginthrottle.TooManyError
	if !errors.As(err, &wait) {
		t.Fatalf("during the flood: %v", err)
	}
	for end := now.Add(wait.Wait); now.Before(end); now = now.Add(10 * time.Second) {
		flood()
	}
	flood()
	if a, _, err := c.SignIn(t.Context(), "a@b.kr", "198.51.100.1"); err != nil {
		t.Errorf("after waiting %v: %v", wait.Wait, err)
	} else {
		a.End()
	}
}

// However many networks attempt to sign in at an address, its document stays small, and further
// attempts neither read nor write.
func TestDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	var calls atomic.Int64
	fs := cloud.FirestoreClient(t, countCalls(&calls)...)
	now := cloud.Clock.Now()
	c := counter(t, fs, func() time.Time { return now })
	for i := range 1000 {
		if a, _, err := c.SignIn(t.Context(), "a@b.kr", fmt.Sprintf("2001:%x:1:1::/64", 0x1000+i)); err == nil {
			a.End()
		}
	}
	doc := addressDocument(t, fs, "a@b.kr")
	if n := len(doc.Parties); n != schema.MaxParties {
		t.Errorf("%d parties, want %d", n, schema.MaxParties)
	}
	before := calls.Load()
	for i := range 1000 {
		if _, _, err := c.SignIn(t.Context(), "a@b.kr", fmt.Sprintf("2001:%x:1:1::/64", 0x5000+i)); !isTooMany(err) {
			t.Fatal(err)
		}
	}
	if n := calls.Load() - before; n != 0 {
		t.Errorf("1000 rejections made %d calls", n)
	}
	// The same number of failures spread over weeks does not make the document grow, either.
	for i := range 200 {
		now = now.Add(10 * time.Minute)
		if a, _, err := c.SignIn(t.Context(), "b@b.kr", fmt.Sprintf("2001:db8:%x:1::/64", i)); err != nil {
			t.Fatal(err)
		} else {
			a.End()
		}
	}
	if n := len(addressDocument(t, fs, "b@b.kr").Parties); n > 7 {
		t.Errorf("%d parties after slow failures, want those of an hour", n)
	}
}

// Known networks are bounded, and strangers cannot evict them.
func TestKnownNetworks(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	fs := cloud.FirestoreClient(t)
	now := cloud.Clock.Now()
	c := counter(t, fs, func() time.Time { return now })
	for i := range 20 {
		now = now.Add(time.Minute)
		a := admit(t, c, "a@b.kr", fmt.Sprintf("198.51.100.%d", i))
		if err := a.Succeeded(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.End()
	}
	for i := range 300 {
		if a, _, err := c.SignIn(t.Context(), "a@b.kr", fmt.Sprintf("192.0.2.%d", i)); err == nil {
			a.End()
		}
	}
	if n := len(addressDocument(t, fs, "a@b.kr").Known); n > schema.MaxKnownNetworks {
		t.Errorf("%d known networks, want at most %d", n, schema.MaxKnownNetworks)
	}
	admit(t, c, "a@b.kr", "198.51.100.19").End()
	if _, _, err := c.SignIn(t.Context(), "a@b.kr", "198.51.100.0"); !isTooMany(err) {
		t.Errorf("from a network that was forgotten: %v", err)
	}
	now = now.Add(91 * 24 * time.Hour)
	admit(t, c, "a@b.kr", "198.51.100.19").End()
	if n := len(addressDocument(t, fs, "a@b.kr").Known); n != 0 {
		t.Errorf("%d known networks after 91 days, want none", n)
	}
}

// A clock that goes backward by a day locks nobody out for longer than the limits say.
func TestClockGoesBackward(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	fs := cloud.FirestoreClient(t)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	limits := loginthrottle.DefaultLimits()
	exhaust := func() {
		for i := range 200 {
			if a, _, err := counter(t, fs, func() time.Time { return now }).SignIn(t.Context(), "a@b.kr", fmt.Sprintf("192.0.2.%d", i)); err == nil {
				a.End()
			}
		}
	}
	exhaust()
	now = now.Add(-24 * time.Hour)
	c := counter(t, fs, func() time.Time { return now })
	_, _, err := c.SignIn(t.Context(), "a@b.kr", "198.51.100.1")
	var wait *loginthrottle.TooManyError
	if most := schema.MaxParties*limits.Address.Every + limits.Address.Every; !errors.As(err, &wait) || wait.Wait > most {
		t.Fatalf("%v, want a wait of at most %v", err, most)
	}
	now = now.Add(wait.Wait)
	admit(t, c, "a@b.kr", "198.51.100.1").End()
}

// If counting fails, the attempt is rejected before its password is checked, and nothing stays blocked.
func TestCountingFails(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	var down atomic.Bool
	fs := cloud.FirestoreClient(t, grpc.WithUnaryInterceptor(func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		if down.Load() && method == "/google.firestore.v1.Firestore/Commit" {
			return status.Error(codes.FailedPrecondition, "contention")
		}
		return invoke(ctx, method, req, reply, cc, opts...)
	}))
	c := counter(t, fs, cloud.Clock.Now)
	down.Store(true)
	if _, _, err := c.SignIn(t.Context(), "a@b.kr", "192.0.2.1"); err == nil || isTooMany(err) {
		t.Errorf("while counting fails: %v", err)
	}
	if _, _, err := c.Register(t.Context(), "a@b.kr", "192.0.2.1"); err == nil || isTooMany(err) {
		t.Errorf("registering while counting fails: %v", err)
	}
	down.Store(false)
	admit(t, c, "a@b.kr", "192.0.2.1").End()
}

// A network that fails at many addresses is limited, also if it changes its /64 each time.
func TestSpraying(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	fs := cloud.FirestoreClient(t)
	limits := loginthrottle.DefaultLimits()
	now := cloud.Clock.Now()
	for name, client := range map[string]string{"IPv4": "192.0.2.1", "IPv6": "2001:db8:1:%x::/64"} {
		admitted := 0
		for i := range 1000 {
			network := client
			if name == "IPv6" {
				network = fmt.Sprintf(client, i)
			}
			c := counter(t, fs, func() time.Time { return now })
			if a, _, err := c.SignIn(t.Context(), fmt.Sprintf("%d@b.kr", i), network); err == nil {
				a.End()
				admitted++
			} else if !isTooMany(err) {
				t.Fatal(err)
			}
		}
		if admitted != limits.Network.Burst {
			t.Errorf("%s: %d of 1000 guesses admitted, want %d", name, admitted, limits.Network.Burst)
		}
	}
}

// Attempts whose outcome is not a wrong password cost nothing.
func TestUndo(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	c := counter(t, cloud.FirestoreClient(t), cloud.Clock.Now)
	for i := range 30 {
		a := admit(t, c, "a@b.kr", "192.0.2.1")
		settle := a.Undo
		if i == 10 {
			settle = a.Succeeded
		}
		if err := settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.End()
	}
}

func admit(t *testing.T, c *loginthrottle.Counter, address, client string) *loginthrottle.Admission {
	t.Helper()
	a, _, err := c.SignIn(t.Context(), address, client)
	if err != nil {
		t.Fatalf("sign-in at %s from %s: %v", address, client, err)
	}
	return a
}

func isTooMany(err error) bool {
	var wait *loginthrottle.TooManyError
	return errors.As(err, &wait)
}

func addressDocument(t *testing.T, fs *firestore.Client, address string) schema.Attempts {
	t.Helper()
	doc, err := schema.AttemptsAtAddressRef(fs, loginthrottle.Key("address", address)).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var a schema.Attempts
	if err := doc.DataTo(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

// countCalls counts the calls of a Firestore client.
func countCalls(n *atomic.Int64) []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithUnaryInterceptor(func(
			ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
		) error {
			n.Add(1)
			return invoke(ctx, method, req, reply, cc, opts...)
		}),
		grpc.WithStreamInterceptor(func(
			ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption,
		) (grpc.ClientStream, error) {
			n.Add(1)
			return open(ctx, desc, cc, method, opts...)
		}),
	}
}

func counter(
	t *testing.T, fs *firestore.Client, now func() time.Time, change ...func(*loginthrottle.Limits),
) *loginthrottle.Counter {
	t.Helper()
	limits := loginthrottle.DefaultLimits()
	for _, f := range change {
		f(&limits)
	}
	c, err := loginthrottle.NewCounter(fs, limits, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A campus of 5,000 students behind one address registers and signs in within an hour without waiting,
// with typos, forgotten passwords and taken names, and few documents are written for the network. It is
// long because a campus does several things.
func TestCampus(t *testing.T) {
	t.Parallel()
	const students, workers, campus = 5000, 64, "192.0.2.1"
	cloud := emulatortest.Start(t)
	var calls atomic.Int64
	fs := cloud.FirestoreClient(t, countCalls(&calls)...)
	var elapsed atomic.Int64
	start := cloud.Clock.Now()
	now := func() time.Time { return start.Add(time.Duration(elapsed.Load())) }
	instances := []*loginthrottle.Counter{}
	for range 4 {
		instances = append(instances, counter(t, fs, now))
	}
	ctx := t.Context()
	register := func(c *loginthrottle.Counter, address string, taken bool) {
		a, _, err := c.Register(ctx, address, campus)
		if err != nil {
			t.Errorf("register %s: %v", address, err)
			return
		}
		defer a.End()
		if !taken {
			if err := a.Succeeded(ctx); err != nil {
				t.Error(err)
			}
		}
	}
	signIn := func(c *loginthrottle.Counter, address string, wrong bool) {
		a, _, err := c.SignIn(ctx, address, campus)
		if err != nil {
			t.Errorf("sign in at %s: %v", address, err)
			return
		}
		defer a.End()
		if !wrong {
			if err := a.Succeeded(ctx); err != nil {
				t.Error(err)
			}
		}
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range next {
				c, address := instances[i%len(instances)], fmt.Sprintf("%d@b.kr", i)
				if i%5 == 0 {
					register(c, "taken"+address, true)
				}
				register(c, address, false)
				if i%10 == 0 {
					signIn(c, address, true)
				}
				if i%100 != 0 { // the others give up
					signIn(c, address, false)
				}
			}
		})
	}
	for i := range students {
		elapsed.Add(int64(time.Hour / students))
		next <- i
	}
	close(next)
	wg.Wait()
	signIns := int64(students + students/10 - students/100)
	network := calls.Load() - 2*signIns - (signIns - students/10) // each sign-in reads and writes, each success writes
	if network > students/4 {
		t.Errorf("%d calls for the network's documents, want few", network)
	}
}
