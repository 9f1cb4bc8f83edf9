package api

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limit is the rate limit of one caller.
type Limit struct {
	// PerSecond is the sustained rate, and Burst the number of calls that may exceed it.
	PerSecond float64
	Burst     int
}

// burstSeconds is the number of seconds of calls that a caller may make in a burst: an old app
// makes about five calls when it starts, and a whole class may start it simultaneously behind one
// IP address.
const burstSeconds = 20

// PerSecond returns a limit of calls per second with a burst of twenty seconds of calls.
func PerSecond(calls int) Limit { return Limit{PerSecond: float64(calls), Burst: burstSeconds * calls} }

// Limits are the rate limits of each instance. Package loginthrottle limits sign-ups and sign-ins
// across instances.
type Limits struct {
	// User limits a signed-in user, across all their devices.
	User Limit
	// Address limits signed-out callers by IP address, which a whole campus may share.
	Address Limit
}

// DefaultLimits returns the limits used in production.
func DefaultLimits() Limits { return Limits{User: PerSecond(10), Address: PerSecond(50)} }

func (l Limits) check() error {
	for _, limit := range []Limit{l.User, l.Address} {
		if limit.PerSecond <= 0 || limit.Burst <= 0 {
			return errors.New("the legacy API needs positive rate limits")
		}
	}
	return nil
}

// maxKeys limits the callers in each of the limiter's two generations: at about 150 bytes per
// caller, three megabytes in total.
const maxKeys = 10_000

// limiter limits the calls of each key. It forgets keys that were not used recently: when the
// current generation is full, it becomes the previous one, and the previous one is dropped.
type limiter struct {
	limit Limit

	mu                sync.Mutex
	current, previous map[string]*rate.Limiter
}

// take counts a call. If the call exceeds the limit, take returns how long the caller must wait
// before the next attempt, otherwise 0.
func (l *limiter) take(key string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.bucket(key)
	if bucket.AllowN(now, 1) {
		return 0
	}
	missing := 1 - bucket.TokensAt(now)
	return time.Duration(missing / l.limit.PerSecond * float64(time.Second))
}

// charge counts additional calls for an expensive call that is already running.
func (l *limiter) charge(key string, calls int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bucket(key).ReserveN(now, min(calls, l.limit.Burst))
}

func (l *limiter) bucket(key string) *rate.Limiter {
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
