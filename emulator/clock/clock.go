// Package clock is the time that a local cloud runs on: the machine's time plus whatever tests have
// added to it, or a time that moves only when it is told to ([NewStopped]).
//
// All emulators of a cloud share one clock, so advancing it moves schedules, retries, leases and
// deadlines together.
package clock

import (
	"sync"
	"time"
)

// Clock is the time of one local cloud. Make one with [New]; the zero value is not usable. A Clock is
// safe for concurrent use.
type Clock struct {
	mu      sync.Mutex
	start   time.Time // of a clock that stands still; zero for one that shows the machine's time
	ahead   time.Duration
	changed chan struct{} // closed and replaced when the clock jumps
}

// New returns a clock that shows the machine's time until it is advanced.
func New() *Clock { return &Clock{changed: make(chan struct{})} }

// NewStopped returns a clock that shows start and stands still until it is advanced. What happens on it does
// not depend on how fast the machine is. What waits for a time, such as the retry of a task, waits until the
// clock is advanced to it.
func NewStopped(start time.Time) *Clock {
	return &Clock{start: start.Round(0), changed: make(chan struct{})}
}

// Now returns the machine's time, or the start of a clock that stands still, plus everything that
// [Clock.Advance] added.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if !c.start.IsZero() {
		return c.start.Add(c.ahead)
	}
	return time.Now().Add(c.ahead)
}

// Advance moves the clock d into the future and wakes everything that waits for a time before the
// new one. It does not wait for what then happens: that is emulator.Cloud.Advance, or the Idle method
// of the emulator in question. A negative d is ignored; time never runs backwards.
func (c *Clock) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
	close(c.changed)
	c.changed = make(chan struct{})
}

// Wait blocks until the clock shows t or later, or until done is closed. It reports whether t was reached.
func (c *Clock) Wait(done <-chan struct{}, t time.Time) bool {
	for {
		c.mu.Lock()
		left, changed, stopped := t.Sub(c.now()), c.changed, !c.start.IsZero()
		c.mu.Unlock()
		if left <= 0 {
			return true
		}
		if stopped {
			select {
			case <-done:
				return false
			case <-changed:
			}
			continue
		}
		timer := time.NewTimer(left)
		select {
		case <-done:
			timer.Stop()
			return false
		case <-changed:
			timer.Stop()
		case <-timer.C:
		}
	}
}
