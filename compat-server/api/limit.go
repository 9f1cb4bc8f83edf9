package api

import (
	"errors"

	"heek.kr/heektime/internal/ratelimit"
)

// burstSeconds is the number of seconds of calls that a caller may make in a burst: an old app
// makes about five calls when it starts, and a whole class may start it simultaneously behind one
// IP address.
const burstSeconds = 20

// PerSecond returns a limit of calls per second with a burst of twenty seconds of calls.
func PerSecond(calls int) ratelimit.Limit {
	return ratelimit.Limit{PerSecond: float64(calls), Burst: burstSeconds * calls}
}

// Limits are the rate limits of each instance. Package loginthrottle limits sign-ups and sign-ins
// across instances.
type Limits struct {
	// User limits a signed-in user, across all their devices.
	User ratelimit.Limit
	// Address limits signed-out callers by IP address, which a whole campus may share.
	Address ratelimit.Limit
}

// DefaultLimits returns the limits used in production.
func DefaultLimits() Limits { return Limits{User: PerSecond(10), Address: PerSecond(50)} }

func (l Limits) check() error {
	for _, limit := range []ratelimit.Limit{l.User, l.Address} {
		if limit.PerSecond <= 0 || limit.Burst <= 0 {
			return errors.New("the legacy API needs positive rate limits")
		}
	}
	return nil
}
