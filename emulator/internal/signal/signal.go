// Package signal is a condition variable for use in a select, next to a context or a clock.
package signal

import (
	"context"
	"sync"
)

// Signal wakes the goroutines that wait for a state to change. The zero value is ready to use. Wait and
// Fire must be called with the mutex held that guards the state.
type Signal struct {
	fired chan struct{}
}

// Wait returns a channel that the next [Signal.Fire] closes.
func (s *Signal) Wait() <-chan struct{} {
	if s.fired == nil {
		s.fired = make(chan struct{})
	}
	return s.fired
}

// Fire wakes all that wait.
func (s *Signal) Fire() {
	if s.fired != nil {
		close(s.fired)
		s.fired = nil
	}
}

// Until waits until done returns true. It calls done immediately and after each [Signal.Fire], with mu
// held, which guards the state; the caller must not hold it. The error is ctx's.
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
