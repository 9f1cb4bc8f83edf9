// Package burst detects bursts of events: many of the same key within a window.
//
// Services log one line about a burst, and an alert matches the line. Cloud Logging could count the
// events instead, but each condition of Cloud Monitoring that evaluates a count has a price, and one
// that matches a line has none; see docs/alerts.md.
package burst

import (
	"sync"
	"time"
)

// maxKeys bounds the keys of a detector. A new key replaces the one whose last event is the oldest.
const maxKeys = 256

// Limit is what a burst is.
type Limit struct {
	// Events is the number of events that make a burst, Within the time in which they happen.
	Events int
	Within time.Duration
	// Quiet is how long after a burst further ones of the same key are not reported.
	Quiet time.Duration
}

// Detector detects bursts. It is safe for concurrent use. Its memory is bounded: it keeps the times of at
// most Limit.Events events of each of maxKeys keys. It counts the events of one instance; what it has
// counted is lost when the instance stops.
type Detector struct {
	limit Limit

	mu   sync.Mutex
	keys map[string]*history
}

// history is what a detector keeps of a key.
type history struct {
	times    []time.Time // of the newest events, oldest first
	reported time.Time   // of the last burst, zero before the first
}

// New returns a detector. The limit must be positive.
func New(limit Limit) *Detector {
	return &Detector{limit: limit, keys: map[string]*history{}}
}

// Limit returns what a burst is.
func (d *Detector) Limit() Limit { return d.limit }

// Add adds an event and reports whether a burst has to be logged now. If the clock goes backward, the
// event counts as happening together with the last one.
func (d *Detector) Add(key string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.keys[key]
	if h == nil {
		d.makeRoom()
		h = &history{}
		d.keys[key] = h
	}
	if n := len(h.times); n > 0 && now.Before(h.times[n-1]) {
		now = h.times[n-1]
	}
	if len(h.times) == d.limit.Events {
		copy(h.times, h.times[1:])
		h.times = h.times[:len(h.times)-1]
	}
	h.times = append(h.times, now)
	switch {
	case len(h.times) < d.limit.Events, now.Sub(h.times[0]) >= d.limit.Within:
		return false
	case !h.reported.IsZero() && now.Sub(h.reported) < d.limit.Quiet:
		return false
	}
	h.reported = now
	return true
}

// makeRoom removes a key if the detector is full.
func (d *Detector) makeRoom() {
	if len(d.keys) < maxKeys {
		return
	}
	oldest := ""
	var last time.Time
	for key, h := range d.keys {
		if at := h.times[len(h.times)-1]; last.IsZero() || at.Before(last) {
			oldest, last = key, at
		}
	}
	delete(d.keys, oldest)
}
