package subscriptions

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A user may make maxCalls calls, and another one every callEvery. A client makes one when it starts.
const (
	maxCalls  = 20
	callEvery = 10 * time.Second
	// maxUsers bounds the users whose calls are counted. Beyond it, counting begins anew.
	maxUsers = 10_000
)

// callLimit limits the calls of each user to this instance.
type callLimit struct {
	now   func() time.Time
	mu    sync.Mutex
	users map[string]*rate.Limiter
}

// allow reports whether a user may make a call, and counts it.
func (l *callLimit) allow(uid string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users == nil || len(l.users) >= maxUsers {
		l.users = map[string]*rate.Limiter{}
	}
	limiter := l.users[uid]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Every(callEvery), maxCalls)
		l.users[uid] = limiter
	}
	return limiter.AllowN(l.now(), 1)
}
