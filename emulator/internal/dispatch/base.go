package dispatch

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/signal"
	"heek.kr/heektime/emulator/internal/statelog"
)

// Config is what Cloud Tasks, Cloud Scheduler and triggers are all made of.
type Config struct {
	Service string // name of the package, for errors
	Clock   *clock.Clock
	Tokens  Tokens
	DataDir string       // keeps Changes; empty keeps them in memory
	Logger  *slog.Logger // nil discards
	// Apply and State restore the state from the data directory: see [statelog.Open].
	Apply func(record []byte) error
	State func(add func(change any))
}

// Base is what Cloud Tasks, Cloud Scheduler and triggers have in common: a mutex for their state, the
// requests and goroutines that are running, and the log of changes that restores the state.
type Base struct {
	sync.Mutex // guards the state of the service, and Changed

	Log     *slog.Logger
	Changes *statelog.Log
	Changed signal.Signal // fires when something begins, ends or becomes due

	service      string
	sender       *Sender
	ctx          context.Context // ends with Close
	cancel       context.CancelFunc
	goroutines   sync.WaitGroup
	begun, ended uint64 // requests
}

// Open checks the configuration and restores the state.
func (b *Base) Open(cfg Config) error {
	switch {
	case cfg.Clock == nil:
		return fmt.Errorf("%s: Config.Clock is missing", cfg.Service)
	case cfg.Tokens == nil:
		return fmt.Errorf("%s: Config.Tokens is missing", cfg.Service)
	}
	b.service, b.Log, b.sender = cfg.Service, cfg.Logger, NewSender(cfg.Clock, cfg.Tokens)
	if b.Log == nil {
		b.Log = slog.New(slog.DiscardHandler)
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	var err error
	if b.Changes, err = statelog.Open(cfg.DataDir, b.Log, cfg.Apply, cfg.State); err != nil {
		b.cancel()
		return fmt.Errorf("%s: %w", cfg.Service, err)
	}
	return nil
}

// Go runs f in a goroutine that Close waits for.
func (b *Base) Go(f func()) { b.goroutines.Go(f) }

// Closed reports whether Close was called.
func (b *Base) Closed() bool { return b.ctx.Err() != nil }

// CheckOpen returns UNAVAILABLE after Close. The mutex is held.
func (b *Base) CheckOpen() error {
	if b.Closed() {
		return status.Error(codes.Unavailable, "The local cloud is shutting down.")
	}
	return nil
}

// Begin counts a request that is about to be sent, and End one that was answered. The mutex is held.
func (b *Base) Begin() { b.begun++ }

// End is the counterpart of [Base.Begin].
func (b *Base) End() { b.ended++ }

// Sending reports whether a request is running. The mutex is held.
func (b *Base) Sending() bool { return b.begun != b.ended }

// Requests returns how many requests were begun, and how many of them have ended.
func (b *Base) Requests() (begun, ended uint64) {
	b.Lock()
	defer b.Unlock()
	return b.begun, b.ended
}

// Send sends a request and waits for its answer. The mutex is not held.
func (b *Base) Send(r Request) Answer { return b.sender.Send(b.ctx, r) }

// Idle waits until busy, which is called with the mutex held, returns false.
func (b *Base) Idle(ctx context.Context, busy func() bool) error {
	if err := b.Changed.Until(ctx, &b.Mutex, func() bool { return !busy() }); err != nil {
		return fmt.Errorf("%s: waiting until nothing is due: %w", b.service, err)
	}
	return nil
}

// Close cancels the requests that are running, waits for all goroutines, and closes the log of
// changes. stop is called with the mutex held and wakes goroutines that wait for something to do.
// Further calls do nothing.
func (b *Base) Close(stop func()) error {
	b.Lock()
	if b.Closed() {
		b.Unlock()
		return nil
	}
	b.cancel()
	stop()
	b.Unlock()
	b.goroutines.Wait()
	b.sender.Close()
	if err := b.Changes.Close(); err != nil {
		return fmt.Errorf("%s: %w", b.service, err)
	}
	return nil
}
