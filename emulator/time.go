package emulator

import (
	"context"
	"fmt"
	"time"
)

// Advance moves the cloud's clock d into the future and returns when everything that became due has
// happened: scheduled jobs ran, tasks and events were delivered, and so was what their handlers
// caused in turn, and with Config.TTL documents that expired half a day ago are deleted. What was already due is delivered before the clock moves, so that Advance never
// cuts a running request short by its own deadline.
//
// A job that was due several times within d runs once, for the latest time, as in Cloud Scheduler
// after an outage. Advance step by step to see each run. A task that fails is due again after its
// back-off; Advance does not wait for that.
//
// The error is ctx's: handlers run in real time, and one that hangs would keep Advance waiting.
func (c *Cloud) Advance(ctx context.Context, d time.Duration) error {
	if err := c.Idle(ctx); err != nil {
		return fmt.Errorf("before advancing the clock: %w", err)
	}
	c.Clock.Advance(d)
	if c.ttl {
		c.Firestore.DeleteExpired(ctx)
	}
	return c.Idle(ctx)
}

// Idle waits until nothing is due and no request to a handler is running, in Cloud Scheduler, Cloud
// Tasks and Firestore's triggers taken together. Anything due later, such as the retry of a failed
// task, does not count. The error is ctx's.
func (c *Cloud) Idle(ctx context.Context) error {
	for {
		before := c.requests()
		for _, idle := range []func(context.Context) error{c.Scheduler.Idle, c.Tasks.Idle, c.Triggers.Idle} {
			if err := idle(ctx); err != nil {
				return err
			}
		}
		// A handler that ran meanwhile may have given work to an emulator that had been idle before.
		if c.requests() == before {
			return nil
		}
	}
}

// requests counts requests to handlers twice: when they begin and when they end.
func (c *Cloud) requests() (n uint64) {
	for _, count := range []func() (begun, ended uint64){c.Scheduler.Requests, c.Tasks.Requests, c.Triggers.Requests} {
		begun, ended := count()
		n += begun + ended
	}
	return n
}
