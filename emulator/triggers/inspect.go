package triggers

import (
	"fmt"
	"slices"
	"time"
)

// State is where an event is in its life.
type State string

// The states of an event.
const (
	Waiting State = "waiting" // for its first or next attempt
	Running State = "running" // a request is under way
	Done    State = "done"    // its target answered
	Dead    State = "dead"    // given up
)

// Info is a trigger as a console shows it.
type Info struct {
	Trigger Trigger
	Absent  bool // known from an earlier process and not registered in this one: its events wait
	Waiting int  // events that wait
	Running int  // requests under way
	Done    int  // events delivered since the server was started
	Dead    int  // events given up that are kept, from before a restart, too
}

// EventInfo is an event of a trigger as a console shows it.
type EventInfo struct {
	ID       string
	Type     EventType
	Document string    // path
	Time     time.Time // of the commit
	State    State
	Due      time.Time // when the next attempt is due; of ended events, when the last one was
	Tried    int       // attempts that began
	Attempts []Attempt // the last 20, oldest first
	Ended    time.Time // when it was delivered or given up; zero before
	Data     []byte    // a google.events.cloud.firestore.v1.DocumentEventData; not to be changed
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
			Trigger: sub.Trigger, Absent: !sub.present,
			Waiting: len(sub.pending) - running, Running: sub.running, Done: sub.done.total, Dead: len(sub.dead.last),
		})
		return true
	})
	return infos
}

// Events returns the events of a trigger: those that are not delivered, the oldest first, then the last 200 that were
// given up, then the last 200 that were delivered since the server was started, the newest of each first.
func (s *Server) Events(trigger string) ([]EventInfo, error) {
	s.base.Lock()
	defer s.base.Unlock()
	sub, ok := s.subscriptions.Get(trigger)
	if !ok {
		return nil, fmt.Errorf("triggers: there is no trigger %q", trigger)
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
