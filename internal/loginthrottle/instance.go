package loginthrottle

import (
	"sync"
	"time"
)

// What one instance remembers. Losing it costs reads, no safety.

// maxWaiting bounds the memory of who must wait: at 150 bytes each, about a megabyte.
const maxWaiting = 8192

// waiting remembers who must wait until when, so that asking again costs no read.
type waiting struct {
	mu sync.Mutex
	m  map[string]time.Time
}

func (w *waiting) until(keys []string, now time.Time) (longest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range keys {
		rest := w.m[key].Sub(now)
		if rest <= 0 {
			delete(w.m, key)
			continue
		}
		longest = max(longest, rest)
	}
	return longest
}

func (w *waiting) add(key string, until, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.m == nil {
		w.m = map[string]time.Time{}
	}
	if len(w.m) >= maxWaiting {
		for old, t := range w.m {
			if !t.After(now) {
				delete(w.m, old)
			}
		}
	}
	if len(w.m) < maxWaiting {
		w.m[key] = until
	}
}

// How many attempts of one client an instance runs at once. Two at one address are a person with two devices.
const (
	maxPairRuns   = 2
	maxClientRuns = 16
)

// running counts what runs.
type running struct {
	mu sync.Mutex
	m  map[string]int
}

// start says whether an attempt may run; if so, it runs until done is called.
func (r *running) start(pair, client string) (done func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = map[string]int{}
	}
	if r.m[pair] >= maxPairRuns || r.m[client] >= maxClientRuns {
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
