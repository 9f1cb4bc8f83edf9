// Package signal wakes goroutines that wait for something to change, in a select beside a context or a clock.
package signal

// Signal is a condition variable that can be selected on. The zero value is ready.
// Both methods must be called with the mutex held that guards the state waited for.
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
