package triggers

import (
	"fmt"
	"slices"
	"time"
)

// State is the state of an event.
type State string

// The states of an event.
const (
	Waiting State = "waiting" // for its first or next attempt
	Running State = "running" // a request is in flight
	Done    State = "done"    // acknowledged by the target
	Dead    State = "dead"    // failed and not retried any more
)

// Info describes a trigger.
type Info struct {
	Trigger Trigger
	Absent  bool // registered only by an earlier process; its events wait
	Waiting int  // waiting events
	Running int  // requests in flight
	Done    int  // events delivered since the server started
	Dead    int  // dead events that are kept, including those from before a restart
}

// EventInfo describes an event of a trigger.
type EventInfo struct {
	ID       string
	Type     EventType
	Document string    // path
	Time     time.Time // commit time
	State    State
	Due      time.Time // when the next attempt is due; if the event ended, when the last one was
	Tried    int       // attempts started
	Attempts []Attempt // the last 20, oldest first
	Ended    time.Time // when it was delivered or became dead; zero before
	Data     []byte    // a google.events.cloud.firestore.v1.DocumentEventData; must not be modified
}

// Triggers returns all triggers, by name.
func (s *Server) Triggers() []Info {
	s.base.Lock()
	defer s.base.Unlock()
	infos := make([]Info, 0, s.subscriptions.Len())
	s.subscriptions.Scan(func(_ string, sub *subscription) bool {
		running := 0
		for _, e := range sub.pending {
			if e.running {
				running++
			}
		}
		infos = append(infos, Info{
			Trigger: sub.Trigger, Absent: !sub.registered,
			Waiting: len(sub.pending) - running, Running: sub.running, Done: sub.done.total, Dead: len(sub.dead.last),
		})
		return true
	})
	return infos
}

// Events returns a trigger's events: pending ones, oldest first, then the last 200 dead ones and the last 200
// delivered since the server started, both newest first.
func (s *Server) Events(trigger string) ([]EventInfo, error) {
	s.base.Lock()
	defer s.base.Unlock()
	sub, ok := s.subscriptions.Get(trigger)
	if !ok {
		return nil, fmt.Errorf("triggers: no trigger is named %q", trigger)
	}
	infos := make([]EventInfo, 0, len(sub.pending)+len(sub.dead.last)+len(sub.done.last))
	for _, e := range sub.pending {
		state := Waiting
		if e.running {
			state = Running
		}
		infos = append(infos, e.info(state, time.Time{}))
	}
	slices.SortFunc(infos, func(a, b EventInfo) int { return a.Time.Compare(b.Time) })
	for _, e := range slices.Backward(sub.dead.last) {
		infos = append(infos, e.info(Dead, e.at))
	}
	for _, e := range slices.Backward(sub.done.last) {
		infos = append(infos, e.info(Done, e.at))
	}
	return infos, nil
}

func (e *event) info(state State, ended time.Time) EventInfo {
	return EventInfo{
		ID: e.ID, Type: e.Type, Document: e.Document, Time: e.Time, State: state, Due: e.Due, Tried: e.Tried,
		Attempts: slices.Clone(e.Attempts), Ended: ended, Data: e.Data,
	}
}
