// Package signal wakes goroutines that wait for something to change, in a select beside a context or a clock.
package signal

import (
	"context"
	"sync"
)

// Signal is a condition variable that can be selected on. The zero value is ready.
// Wait and Fire must be called with the mutex held that guards the state waited for.
type Signal struct {
	fired chan struct{}
}

// Wait returns a channel that is closed by the next [Signal.Fire].
func (s *Signal) Wait() <-chan struct{} {
	if s.fired == nil {
		s.fired = make(chan struct{})
	}
	return s.fired
}

// Fire wakes everybody who waits.
func (s *Signal) Fire() {
	if s.fired != nil {
		close(s.fired)
		s.fired = nil
	}
}

// Until waits until done says so, asking at once and after each [Signal.Fire]. It takes mu, which guards the state waited for,
// while it asks; the caller must not hold it. The error is ctx's, when that ends first.
func (s *Signal) Until(ctx context.Context, mu sync.Locker, done func() bool) error {
	for {
		mu.Lock()
		ready, fired := done(), s.Wait()
		mu.Unlock()
		if ready {
			return nil
		}
		select {
		case <-fired:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
