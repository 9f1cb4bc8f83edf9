package triggers

import (
	"time"

	"github.com/tidwall/btree"

	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/internal/dispatch"
	"heek.kr/heektime/emulator/internal/signal"
)

// subscription is a trigger with its events. The server's mutex guards all of it.
type subscription struct {
	Trigger

	pattern    Pattern
	since      time.Time             // the trigger receives events of commits from this time on
	registered bool                  // registered by this process, not only by an earlier one
	pending    map[string]*event     // by ID: events that are neither delivered nor dead
	due        *btree.BTreeG[*event] // waiting events, the next one first
	running    int                   // requests in flight
	dead       ended
	done       ended
	closed     bool          // the trigger was removed
	wake       signal.Signal // wakes the dispatcher: an event is due, a request ended, the trigger changed
}

func newSubscription(since time.Time) *subscription {
	return &subscription{
		since:   since,
		pending: map[string]*event{},
		due: btree.NewBTreeGOptions(func(a, b *event) bool {
			if !a.Due.Equal(b.Due) {
				return a.Due.Before(b.Due)
			}
			return a.order < b.order
		}, btree.Options{NoLocks: true}),
	}
}

// wants reports whether a change creates an event for the trigger.
func (sub *subscription) wants(c firestore.Change) bool {
	kind := sub.Event.Base()
	return (kind == Written || kind == eventType(c)) && !c.Time.Before(sub.since) && sub.pattern.Match(c.Path)
}

// add enqueues a new event. It returns false if the event is pending already. The mutex is held.
func (s *Server) add(sub *subscription, e *event) bool {
	if sub.pending[e.ID] != nil {
		return false
	}
	sub.pending[e.ID] = e
	s.wait(sub, e)
	if s.faults.Twice {
		s.wait(sub, &event{content: e.content, progress: progress{Since: e.Since, Due: e.Due}, duplicate: true})
	}
	return true
}

// wait enqueues an event until it is due. The mutex is held.
func (s *Server) wait(sub *subscription, e *event) {
	s.order++
	e.order = s.order
	sub.due.Set(e)
	sub.wake.Fire()
}

// dispatch sends the trigger's events when they are due, until the trigger is removed or the server closed.
func (s *Server) dispatch(sub *subscription) {
	over := func() bool { return sub.closed || s.base.Closed() }
	dispatch.Loop(s.clock, &s.base.Mutex, &sub.wake, over, func() time.Time { return s.dispatchDue(sub) })
}

// dispatchDue starts the requests that are due and within the limits. It returns when to run again; the
// zero time means when the trigger is woken. The mutex is held.
func (s *Server) dispatchDue(sub *subscription) time.Time {
	for !s.disabled && sub.running < sub.MaxConcurrent {
		now := s.clock.Now()
		e, ok := dispatch.Next(&s.faults, sub.due, func(e *event) time.Time { return e.Due }, now)
		switch {
		case !ok:
			return time.Time{}
		case e.Due.After(now):
			return e.Due
		}
		sub.due.Delete(e)
		switch {
		case e.ended && !e.duplicate: // redelivered or removed while it waited
		case !now.Before(e.expires()):
			s.end(sub, e, Dead, "it waited for 24 hours")
		default:
			s.start(sub, e, now)
		}
	}
	return time.Time{}
}
