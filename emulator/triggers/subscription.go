package triggers

import (
	"time"

	"github.com/tidwall/btree"

	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/internal/dispatch"
	"heek.kr/heektime/emulator/internal/signal"
)

// subscription is a trigger with what waits for it. The server's mutex guards all of it.
type subscription struct {
	Trigger

	pattern Pattern
	since   time.Time             // commits from then on are for the trigger
	present bool                  // registered in this process, not only in an earlier one
	pending map[string]*event     // by id; those that were neither delivered nor given up
	due     *btree.BTreeG[*event] // those that wait, the next one first
	running int                   // requests that are under way
	dead    ended
	done    ended
	closed  bool          // the trigger was removed
	wake    signal.Signal // for the dispatcher: an event became due, a request ended, the trigger changed
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

// wants reports whether a change is an event of the trigger.
func (sub *subscription) wants(c firestore.Change) bool {
	return (sub.Event == Written || sub.Event == kind(c)) && !c.Time.Before(sub.since) && sub.pattern.Match(c.Path)
}

// add has an event wait for its delivery. It returns false when the event waits already. The mutex is held.
func (s *Server) add(sub *subscription, e *event) bool {
	if sub.pending[e.ID] != nil {
		return false
	}
	sub.pending[e.ID] = e
	s.wait(sub, e)
	if s.faults.Twice {
		s.wait(sub, &event{fact: e.fact, progress: progress{Since: e.Since, Due: e.Due}, extra: true})
	}
	return true
}

// wait puts an event among those that are due some time. The mutex is held.
func (s *Server) wait(sub *subscription, e *event) {
	s.order++
	e.order = s.order
	sub.due.Set(e)
	sub.wake.Fire()
}

// dispatch sends the trigger's events when they are due, until it is removed or the server closed.
func (s *Server) dispatch(sub *subscription) {
	over := func() bool { return sub.closed || s.base.Closed() }
	dispatch.Loop(s.clock, &s.base.Mutex, &sub.wake, over, func() time.Time { return s.dispatchDue(sub) })
}

// dispatchDue starts all requests that are due and allowed, and returns when to look again; the zero time means when the
// trigger is woken. The mutex is held.
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
		case e.gone && !e.extra: // forgotten while it waited
		case !now.Before(e.expires()):
			s.end(sub, e, Dead, "it waited for 24 hours")
		default:
			s.start(sub, e, now)
		}
	}
	return time.Time{}
}
