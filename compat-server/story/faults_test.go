package story

import (
	"slices"
	"sync"
	"sync/atomic"
)

// faults records what the test broke and when, so that a failed request can be blamed on it or on the
// system. Moments are counted, not timed: a slow machine excuses nothing.
type faults struct {
	mu     sync.Mutex
	now    int64
	active []*fault
	ended  []*fault
}

// fault is one broken thing.
type fault struct {
	what string
	// excuses reports whether requests through an instance may fail.
	excuses func(*instance) bool
	end     int64 // 0 while active
}

// begin breaks something. The caller calls begin before it breaks it, and [faults.finish] after a request
// proved that it works again.
func (f *faults) begin(what string, excuses func(*instance) bool) *fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	added := &fault{what: what, excuses: excuses}
	f.active = append(f.active, added)
	return added
}

func (f *faults) finish(done *fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now++
	done.end = f.now
	f.active = slices.DeleteFunc(f.active, func(other *fault) bool { return other == done })
	f.ended = append(f.ended, done)
}

// moment is when a request starts.
func (f *faults) moment() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// excuse returns what excuses a request through an instance that started at a moment and has failed now, ""
// if nothing does.
func (f *faults) excuse(in *instance, start int64) string {
	if in.doomed.Load() {
		return "the instance was killed"
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, other := range slices.Concat(f.active, f.ended) {
		if (other.end == 0 || other.end > start) && other.excuses(in) {
			return other.what
		}
	}
	return ""
}

// noneSince reports whether nothing has been broken since a moment.
func (f *faults) noneSince(start int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.active) == 0 && f.now == start
}

// everyInstance is for faults behind both instances.
func everyInstance(*instance) bool { return true }

// instance is one process of compat-server.
type instance struct {
	*process
	number int
	url    string
	// doomed is set before the process is killed. Another process takes its place.
	doomed atomic.Bool
}

// balancer is the load balancer in front of compat-server.
type balancer struct {
	mu        sync.Mutex
	instances []*instance
	next      int
}

// pick returns a live instance, in turn.
func (b *balancer) pick() *instance {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	return b.instances[b.next%len(b.instances)]
}

func (b *balancer) add(in *instance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.instances = append(b.instances, in)
}

func (b *balancer) remove(in *instance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.instances = slices.DeleteFunc(b.instances, func(other *instance) bool { return other == in })
}

// all returns the instances.
func (b *balancer) all() []*instance {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.instances)
}
