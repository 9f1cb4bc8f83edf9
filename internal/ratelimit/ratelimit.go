// Package ratelimit limits how often each client of an instance may call. Its memory is bounded.
package ratelimit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limit is the rate limit of one client.
type Limit struct {
	// PerSecond is the sustained rate, and Burst the number of calls that may exceed it.
	PerSecond float64
	Burst     int
}

// maxKeys limits the clients in each of the limiter's two generations: at about 150 bytes per
// client, three megabytes in total.
const maxKeys = 10_000

// Limiter limits the calls of each key. It forgets keys that were not used recently: when the
// current generation is full, it becomes the previous one, and the previous one is dropped. It is safe for
// concurrent use.
type Limiter struct {
	limit Limit

	mu                sync.Mutex
	current, previous map[string]*rate.Limiter
}

// New returns a limiter. Both numbers of the limit must be positive.
func New(limit Limit) *Limiter { return &Limiter{limit: limit} }

// Take counts a call. If the call exceeds the limit, Take returns how long the caller must wait
// before the next attempt, otherwise 0.
func (l *Limiter) Take(key string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.bucket(key)
	if bucket.AllowN(now, 1) {
		return 0
	}
	missing := 1 - bucket.TokensAt(now)
	return time.Duration(missing / l.limit.PerSecond * float64(time.Second))
}

// Charge counts additional calls for an expensive call that is already running.
func (l *Limiter) Charge(key string, calls int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bucket(key).ReserveN(now, min(calls, l.limit.Burst))
}

func (l *Limiter) bucket(key string) *rate.Limiter {
	bucket := l.current[key]
	if bucket != nil {
		return bucket
	}
	if bucket = l.previous[key]; bucket == nil {
		bucket = rate.NewLimiter(rate.Limit(l.limit.PerSecond), l.limit.Burst)
	}
	if len(l.current) >= maxKeys || l.current == nil {
		l.current, l.previous = make(map[string]*rate.Limiter), l.current
	}
	l.current[key] = bucket
	return bucket
}
