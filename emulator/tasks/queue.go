package tasks

import (
	"math"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/tidwall/btree"
	"golang.org/x/time/rate"

	"heek.kr/heektime/emulator/internal/dispatch"
	"heek.kr/heektime/emulator/internal/signal"
)

// queue is a queue and its tasks. The server's mutex guards all of it.
type queue struct {
	pb         *cloudtaskspb.Queue // immutable, so that it can be returned to callers
	tasks      btree.Map[string, *task]
	due        *btree.BTreeG[*task] // waiting tasks, the next one first
	limiter    *rate.Limiter        // dispatches per second, on the cloud's clock
	running    int                  // requests in flight
	tombstones tombstones           // names of ended tasks
	ended      ended
	closed     bool          // the queue was deleted
	wake       signal.Signal // wakes the dispatcher: a task is due, a request ended, the queue changed
}

func newQueue(pb *cloudtaskspb.Queue) *queue {
	q := &queue{due: btree.NewBTreeGOptions(func(a, b *task) bool {
		if !a.Due.Equal(b.Due) {
			return a.Due.Before(b.Due)
		}
		return a.order < b.order
	}, btree.Options{NoLocks: true})}
	q.set(pb)
	return q
}

// set replaces the queue's configuration and state.
func (q *queue) set(pb *cloudtaskspb.Queue) {
	limits := pb.RateLimits
	if q.pb == nil || q.pb.RateLimits.MaxDispatchesPerSecond != limits.MaxDispatchesPerSecond {
		q.limiter = rate.NewLimiter(rate.Limit(limits.MaxDispatchesPerSecond), int(limits.MaxBurstSize))
	}
	q.pb = pb
	q.wake.Fire()
}

// burst returns the size of the token bucket for a rate.
func burst(perSecond float64) int32 { return int32(max(1, math.Ceil(perSecond))) }

// dispatch sends the queue's tasks when they are due, until the queue is deleted or the server closed.
func (s *Server) dispatch(q *queue) {
	over := func() bool { return q.closed || s.base.Closed() }
	dispatch.Loop(s.clock, &s.base.Mutex, &q.wake, over, func() time.Time { return s.dispatchDue(q) })
}

// dispatchDue starts the requests that are due and within the limits. It returns when to run again; the
// zero time means when the queue is woken. The mutex is held.
func (s *Server) dispatchDue(q *queue) time.Time {
	for q.pb.State == cloudtaskspb.Queue_RUNNING && q.running < int(q.pb.RateLimits.MaxConcurrentDispatches) {
		now := s.clock.Now()
		t, ok := dispatch.Next(&s.faults, q.due, func(t *task) time.Time { return t.Due }, now)
		switch {
		case !ok:
			return time.Time{}
		case t.Due.After(now):
			return t.Due
		case t.tooOld(now):
			s.end(t, Dead)
			continue
		}
		reserved := q.limiter.ReserveN(now, 1)
		if delay := reserved.DelayFrom(now); delay > 0 {
			reserved.CancelAt(now)
			return now.Add(delay)
		}
		s.start(t, now)
	}
	return time.Time{}
}
