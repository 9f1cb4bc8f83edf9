package server

import (
	"context"
	"time"
)

type nowKey struct{}

// WithNow returns a context in which [Open] gives a service another time than the machine's: that of a local
// cloud whose clock stands still or runs ahead.
func WithNow(ctx context.Context, now func() time.Time) context.Context {
	return context.WithValue(ctx, nowKey{}, now)
}

// Now returns the function that returns the time: that of [WithNow], or [time.Now]. A service's [Open] passes
// it to whatever compares times with stored ones or with those of tokens.
func Now(ctx context.Context) func() time.Time {
	if now, ok := ctx.Value(nowKey{}).(func() time.Time); ok {
		return now
	}
	return time.Now
}
