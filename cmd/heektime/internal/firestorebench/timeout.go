package firestorebench

import (
	"context"
	"time"
)

// unlimitedKey marks the context of a run without time limits.
type unlimitedKey struct{}

// withoutLimits returns a context in which [withTimeout] sets no timeouts.
func withoutLimits(ctx context.Context) context.Context {
	return context.WithValue(ctx, unlimitedKey{}, true)
}

// unlimited reports whether ctx is from [withoutLimits].
func unlimited(ctx context.Context) bool { return ctx.Value(unlimitedKey{}) != nil }

// withTimeout is context.WithTimeout, except in a run without time limits. The limits are for the npm
// server, which may never respond, and keep a run on a slow machine short. A test has neither problem,
// and must not fail because the machine is busy.
func withTimeout(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if unlimited(ctx) {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}
