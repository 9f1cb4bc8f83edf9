package loginthrottle_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/loginthrottle"
)

// No failure is lost when many instances count at the same time.
func TestConcurrentFailures(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	fs := cloud.FirestoreClient(t)
	var wg sync.WaitGroup
	const instances = 12
	for range instances {
		c := counter(t, fs, cloud.Clock.Now)
		wg.Go(func() {
			a, _, err := c.Begin(t.Context(), "a@b.kr", "192.0.2.1")
			if err != nil {
				return // throttled by the failures of other instances
			}
			defer a.End()
			if err := a.Failed(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, id := range []string{"address-" + loginthrottle.Key("a@b.kr"), "client-" + loginthrottle.Key("192.0.2.1")} {
		doc, err := fs.Collection("attempts").Doc(id).Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := doc.DataAt("failures"); n.(int64) < 6 {
			t.Errorf("%s has %v failures, want at least 6", id, n)
		}
		if expires, _ := doc.DataAt("expires"); expires == nil {
			t.Errorf("%s has no expiry", id)
		}
	}
}

// An instance limits the concurrent attempts of a client, since none of them is counted yet.
func TestConcurrentAttempts(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	c := counter(t, cloud.FirestoreClient(t), cloud.Clock.Now)
	begin := func(address, client string) (*loginthrottle.Admission, error) {
		a, _, err := c.Begin(t.Context(), address, client)
		return a, err
	}
	var running []*loginthrottle.Admission
	for i := range 16 {
		a, err := begin(string(rune('a'+i/2))+"@b.kr", "192.0.2.1")
		if err != nil {
			t.Fatalf("attempt %d: %v", i, err)
		}
		running = append(running, a)
	}
	var wait *loginthrottle.TooManyError
	if _, err := begin("z@b.kr", "192.0.2.1"); !errors.As(err, &wait) {
		t.Errorf("17th attempt of one client: got %v, want a TooManyError", err)
	}
	for range 2 {
		a, err := begin("a@b.kr", "192.0.2.2")
		if err != nil {
			t.Fatalf("another client: %v", err)
		}
		running = append(running, a)
	}
	if _, err := begin("a@b.kr", "192.0.2.2"); !errors.As(err, &wait) {
		t.Errorf("third attempt at one address: got %v, want a TooManyError", err)
	}
	for _, a := range running {
		a.End()
	}
	if a, err := begin("z@b.kr", "192.0.2.1"); err != nil {
		t.Errorf("after all attempts ended: %v", err)
	} else {
		a.End()
	}
}

// An attempt during a wait costs no reads.
func TestWaitingCostsNoReads(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	reads := 0
	countReads := func(
		ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
		open grpc.Streamer, opts ...grpc.CallOption,
	) (grpc.ClientStream, error) {
		reads++
		return open(ctx, desc, cc, method, opts...)
	}
	fs := cloud.FirestoreClient(t, grpc.WithStreamInterceptor(countReads))
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	c := counter(t, fs, func() time.Time { return now })
	var wait *loginthrottle.TooManyError
	for range 100 {
		a, _, err := c.Begin(t.Context(), "a@b.kr", "192.0.2.1")
		if errors.As(err, &wait) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Failed(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.End()
	}
	if wait == nil || wait.Wait != 2*time.Second || reads != 7 { // 5 free, 1 over the limit, 1 throttled
		t.Errorf("got %v after %d calls, want a wait of 2s after 7 calls", wait, reads)
	}
	now = now.Add(2 * time.Second)
	if a, _, err := c.Begin(t.Context(), "a@b.kr", "192.0.2.1"); err != nil {
		t.Errorf("after the wait: %v", err)
	} else {
		a.End()
	}
}

func counter(t *testing.T, fs *firestore.Client, now func() time.Time) *loginthrottle.Counter {
	t.Helper()
	c, err := loginthrottle.NewCounter(fs, loginthrottle.DefaultLimits(), now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
