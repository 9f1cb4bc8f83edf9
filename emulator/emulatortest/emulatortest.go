// Package emulatortest starts a local cloud for a Go test.
//
//	func TestMine(t *testing.T) {
//		cloud := emulatortest.Start(t) // in memory, on free ports, closed when the test ends
//		client := cloud.FirestoreClient(t)
//		…
//	}
//
// [Project] loads the rules and indexes of a Firebase project. [Cloud.Seed] and [Cloud.SeedUsers]
// prepare data, [Cloud.FirestoreClientAs] is a client whom the rules apply to, [Cloud.Advance] moves
// the time, and [Cloud.Measure] returns what something would be billed.
//
// The clients of the other services are in packages of their own below this one, so that a test
// links only those that it uses: storageclient, tasksclient, schedulerclient, authclient and
// messagingclient.
package emulatortest

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/firebasejson"
)

// Cloud is a test's local cloud: an [emulator.Cloud] whose methods fail the test instead of
// returning errors.
type Cloud struct{ *emulator.Cloud }

// Start starts a local cloud and closes it when the test ends. Each set changes its configuration,
// such as [Project].
func Start(t testing.TB, set ...func(*emulator.Config)) *Cloud {
	t.Helper()
	var cfg emulator.Config
	for _, f := range set {
		f(&cfg)
	}
	c, err := emulator.Open(cfg)
	if err != nil {
		t.Fatalf("start the local cloud: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close the local cloud: %v", err)
		}
	})
	return &Cloud{c}
}

// Project is an option for [Start] that loads the security rules, the composite indexes and the web
// apps of a Firebase project. The test's log names what has no effect. path is its firebase.json or its folder; "" finds the nearest
// firebase.json in the test's folder and those above it.
func Project(t testing.TB, path string) func(*emulator.Config) {
	t.Helper()
	file, err := firebasejson.Find(path)
	if err == nil && file.Path == "" {
		err = errors.New("there is no firebase.json in the test's folder or above it")
	}
	if err != nil {
		t.Fatalf("load the Firebase project: %v", err)
	}
	return func(cfg *emulator.Config) {
		t.Helper()
		logger := cfg.Logger
		cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
		if err := cfg.UseProject(file); err != nil {
			t.Fatalf("load the Firebase project: %v", err)
		}
		cfg.Logger = logger
	}
}

// idleTimeout bounds, in real time, how long handlers may take to become idle. It is so long that exceeding
// it means a hang, however busy the machine is.
const idleTimeout = 5 * time.Minute

// Advance moves the cloud's clock d into the future and waits until everything that became due has
// happened: see [emulator.Cloud.Advance]. It fails the test when that takes more than five minutes.
func (c *Cloud) Advance(t testing.TB, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), idleTimeout)
	defer cancel()
	if err := c.Cloud.Advance(ctx, d); err != nil {
		t.Fatalf("advance the clock by %v: %v", d, err)
	}
}

// Idle waits until nothing is due and no handler is running: see [emulator.Cloud.Idle]. It fails the
// test when that takes more than five minutes.
func (c *Cloud) Idle(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), idleTimeout)
	defer cancel()
	if err := c.Cloud.Idle(ctx); err != nil {
		t.Fatalf("wait for the local cloud: %v", err)
	}
}
