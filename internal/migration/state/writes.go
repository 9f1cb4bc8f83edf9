package state

import (
	"context"
	"fmt"
)

// writes are the calls of a server that write and have been decided, by generations: a new one begins with each state
// that the server has to acknowledge. It is guarded by the viewer's lock.
type writes struct {
	generation int
	running    map[int]int   // by generation
	ended      chan struct{} // closed and replaced when a write ends
}

// Enter begins a write that was decided by a view, and returns what ends it. Until then the server does not acknowledge
// that it no longer decides by the view, so that a switch waits for the write, as long as its lease. If the view has
// expired, or another state was read since, ok is false, and the write must be decided again.
func (v *Viewer) Enter(view View) (leave func(), ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.now().Before(view.Expires()) {
		return nil, false
	}
	for kind, s := range view.states {
		if v.view.states == nil || v.view.states[kind].Epoch != s.Epoch {
			return nil, false
		}
	}
	w, generation := &v.writes, v.writes.generation
	w.running[generation]++
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		if w.running[generation]--; w.running[generation] == 0 {
			delete(w.running, generation)
			close(w.ended)
			w.ended = make(chan struct{})
		}
	}, true
}

// awaitWrites waits until no write of an earlier generation is running.
func (v *Viewer) awaitWrites(ctx context.Context, generation int) error {
	for {
		v.mu.Lock()
		running, ended := false, v.writes.ended
		for g := range v.writes.running {
			running = running || g < generation
		}
		v.mu.Unlock()
		if !running {
			return nil
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return fmt.Errorf("wait for writes that were decided before: %w", context.Cause(ctx))
		}
	}
}
