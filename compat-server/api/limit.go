package api

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limit is how many calls somebody may make.
type Limit struct {
	// PerSecond in the long run, and Burst at once.
	PerSecond float64
	Burst     int
}

// burstTime is how many seconds' worth of calls somebody may make at once: an old app makes some five when it starts, and a class
// on one network address starts at the same time.
const burstTime = 20

// PerSecond is a limit of so many calls a second, and twenty seconds' worth at once.
func PerSecond(calls int) Limit { return Limit{PerSecond: float64(calls), Burst: burstTime * calls} }

// Limits of calls, for each instance. Attempts to sign up and in have limits of their own, which instances share.
type Limits struct {
	// User limits one signed-in user, on all his devices.
	User Limit
	// Address limits who is not signed in, by network address, which a campus may share.
	Address Limit
}

// DefaultLimits are those of the service.
func DefaultLimits() Limits { return Limits{User: PerSecond(10), Address: PerSecond(50)} }

func (l Limits) check() error {
	for _, limit := range []Limit{l.User, l.Address} {
		if limit.PerSecond <= 0 || limit.Burst <= 0 {
			return errors.New("the legacy API needs limits of calls")
		}
	}
	return nil
}

// maxKeys is how many callers an instance remembers in each of two generations: at some 150 bytes, three megabytes in all.
const maxKeys = 10_000

// limiter counts calls by key.
type limiter struct {
	limit Limit

	mu         sync.Mutex
	young, old map[string]*rate.Limiter
}

// wait is how long the caller must wait; 0 when he may go on.
func (l *limiter) wait(key string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.bucket(key)
	if bucket.AllowN(now, 1) {
		return 0
	}
	missing := 1 - bucket.TokensAt(now)
	return time.Duration(missing / l.limit.PerSecond * float64(time.Second))
}

// charge counts a call that is going on as so many more.
func (l *limiter) charge(key string, calls int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bucket(key).ReserveN(now, min(calls, l.limit.Burst))
}

func (l *limiter) bucket(key string) *rate.Limiter {
	bucket := l.young[key]
	if bucket != nil {
		return bucket
	}
	if bucket = l.old[key]; bucket == nil {
		bucket = rate.NewLimiter(rate.Limit(l.limit.PerSecond), l.limit.Burst)
	}
	if len(l.young) >= maxKeys || l.young == nil {
		l.young, l.old = make(map[string]*rate.Limiter), l.young
	}
	l.young[key] = bucket
	return bucket
}
