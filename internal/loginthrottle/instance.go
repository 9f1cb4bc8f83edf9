package loginthrottle

import (
	"sync"
	"time"
)

// This file holds the state of one instance. Losing it costs reads but does not weaken the limits.

// maxWaits limits the number of remembered waits. At 150 bytes each, that is about a megabyte.
const maxWaits = 8192

// waits remembers the current waits, so that an attempt during a wait costs no reads.
type waits struct {
	mu sync.Mutex
	m  map[string]time.Time // the end of the wait by key
}

// remaining returns the longest remaining wait of the keys.
func (w *waits) remaining(keys []string, now time.Time) (longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range keys {
		left := w.m[key].Sub(now)
		if left <= 0 {
			delete(w.m, key)
			continue
		}
		longest = max(longest, left)
	}
	return longest
}

// add remembers a wait. If there are too many, it drops the new one.
func (w *waits) add(key string, until, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.m == nil {
		w.m = map[string]time.Time{}
	}
	if len(w.m) >= maxWaits {
		for old, t := range w.m {
			if !t.After(now) {
				delete(w.m, old)
			}
		}
	}
	if len(w.m) < maxWaits {
		w.m[key] = until
	}
}

// Limits on concurrent attempts in one instance. Two at one address allow for a user with two devices.
const (
	maxPerPair   = 2
	maxPerClient = 16
)

// inFlight counts the concurrent attempts by key.
type inFlight struct {
	mu sync.Mutex
	m  map[string]int
}

// start registers an attempt until done is called. It returns false if too many are in flight.
func (r *inFlight) start(pair, client string) (done func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = map[string]int{}
	}
	if r.m[pair] >= maxPerPair || r.m[client] >= maxPerClient {
		return nil, false
	}
	r.m[pair]++
	r.m[client]++
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, key := range []string{pair, client} {
			if r.m[key]--; r.m[key] == 0 {
				delete(r.m, key)
			}
		}
	}, true
}
