package spec

import (
	"regexp"
	"time"
)

// Queue is a queue of Cloud Tasks.
type Queue struct {
	ID      string
	Purpose string
	// Target that the queue's tasks call.
	Target Target
	// DispatchDeadline is how long Cloud Tasks waits for a response before it counts the attempt as
	// failed.
	DispatchDeadline time.Duration
	// MaxDispatchesPerSecond and MaxConcurrentDispatches limit the rate of calls.
	MaxDispatchesPerSecond  float64
	MaxConcurrentDispatches int
	Retry                   TaskRetry
}

// TaskRetry says when a failed task is tried again: after MinBackoff, then after twice as long,
// MaxDoublings times, then growing by the same step, at most MaxBackoff apart.
//
// Source: https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#RetryConfig
type TaskRetry struct {
	// MaxAttempts counts the first attempt; -1 is unlimited.
	MaxAttempts            int
	MinBackoff, MaxBackoff time.Duration
	MaxDoublings           int
}

// Span is the time from the first attempt to the last, if each attempt fails immediately.
func (r TaskRetry) Span() time.Duration {
	var span time.Duration
	backoff, step := r.MinBackoff, r.MinBackoff
	for retry := 1; retry < r.MaxAttempts; retry++ {
		span += min(backoff, r.MaxBackoff)
		if retry <= r.MaxDoublings {
			backoff *= 2
			step = backoff
		} else {
			backoff += step
		}
	}
	return span
}

// queueID: up to 100 letters, digits and dashes.
//
// Source: https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#Queue
var queueID = regexp.MustCompile(`^[A-Za-z0-9-]{1,100}$`)

const (
	// Rate limits of a queue.
	//
	// Source: https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#RateLimits
	maxDispatchesPerSecond  = 500
	maxConcurrentDispatches = 5000
	// Deadlines of a task that calls an HTTP handler.
	//
	// Source: https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks#Task
	minDispatchDeadline = 15 * time.Second
	maxDispatchDeadline = 30 * time.Minute
)

func (d *Deployment) checkQueues(f *faults) {
	seen := map[string]bool{}
	for _, q := range d.Queues {
		f := f.in("queue", q.ID)
		if !queueID.MatchString(q.ID) {
			f.addf("an id has up to 100 letters, digits and dashes")
		}
		f.unique(seen, q.ID)
		if q.MaxDispatchesPerSecond <= 0 || q.MaxDispatchesPerSecond > maxDispatchesPerSecond {
			f.addf("%g dispatches per second: Cloud Tasks allows more than 0, up to %d", q.MaxDispatchesPerSecond, maxDispatchesPerSecond)
		}
		if q.MaxConcurrentDispatches < 1 || q.MaxConcurrentDispatches > maxConcurrentDispatches {
			f.addf("%d concurrent dispatches: Cloud Tasks allows 1 to %d", q.MaxConcurrentDispatches, maxConcurrentDispatches)
		}
		if q.DispatchDeadline < minDispatchDeadline || q.DispatchDeadline > maxDispatchDeadline {
			f.addf("dispatch deadline %v: Cloud Tasks allows %v to %v", q.DispatchDeadline, minDispatchDeadline, maxDispatchDeadline)
		}
		checkTaskRetry(f, q.Retry)
		d.checkTarget(f, q.Target)
		d.checkDeadline(f, "dispatch deadline", q.Target.Service, q.DispatchDeadline)
	}
}

func checkTaskRetry(f *faults, r TaskRetry) {
	if r.MaxAttempts < 1 && r.MaxAttempts != -1 {
		f.addf("%d attempts: Cloud Tasks allows 1 and more, and -1 for unlimited", r.MaxAttempts)
	}
	if r.MinBackoff <= 0 || r.MaxBackoff < r.MinBackoff {
		f.addf("backoff from %v to %v: want more than 0, and the second at least the first", r.MinBackoff, r.MaxBackoff)
	}
	if r.MaxDoublings < 0 {
		f.addf("%d doublings: want 0 or more", r.MaxDoublings)
	}
}

// checkDeadline rejects a deadline beyond the service's request timeout: the caller would wait for a
// request that Cloud Run has ended.
func (d *Deployment) checkDeadline(f *faults, what, service string, deadline time.Duration) {
	if s, ok := d.Service(service); ok && deadline > s.Timeout {
		f.addf("%s %v is longer than the request timeout of %s, %v", what, deadline, service, s.Timeout)
	}
}
