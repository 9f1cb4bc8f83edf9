package triggers

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// record is one change in the log, as JSON. Exactly one field is set.
type record struct {
	Trigger  *triggerRecord  `json:",omitempty"` // a trigger was added or changed
	Removed  string          `json:",omitempty"` // the trigger with this name was removed with its events
	Event    *eventRecord    `json:",omitempty"` // an event was created or redelivered
	Cursor   *cursorRecord   `json:",omitempty"` // all commits up to a time have become events
	Progress *progressRecord `json:",omitempty"` // an attempt failed
	Ended    *endedRecord    `json:",omitempty"` // an event was delivered or is dead
}

type triggerRecord struct {
	Trigger Trigger
	Since   time.Time
}

type eventRecord struct {
	Trigger  string  // name
	Content  content `json:"Fact"` // the name in existing logs
	Progress progress
}

type cursorRecord struct {
	Database string // name
	Upto     time.Time
}

type progressRecord struct {
	Trigger, ID string
	Progress    progress
}

type endedRecord struct {
	Trigger, ID string
	State       State // Done or Dead
	At          time.Time
	Progress    progress
}

func (sub *subscription) record() record {
	return record{Trigger: &triggerRecord{sub.Trigger, sub.since}}
}

// apply restores a change from an earlier process. It starts no goroutines.
func (s *Server) apply(data []byte) error {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("reading a record: %w", err)
	}
	switch {
	case r.Trigger != nil:
		t, pattern, err := r.Trigger.Trigger.normalized()
		if err != nil {
			return fmt.Errorf("reading trigger %q: %w", t.Name, err)
		}
		s.subscribe(t, pattern, r.Trigger.Since).since = r.Trigger.Since
	case r.Removed != "":
		s.subscriptions.Delete(r.Removed)
	case r.Cursor != nil:
		s.cursors[r.Cursor.Database] = r.Cursor.Upto
	case r.Event != nil:
		sub, err := s.subscription(r.Event.Trigger)
		if err != nil {
			return err
		}
		if old := sub.pending[r.Event.Content.ID]; old != nil { // redelivery of a waiting event
			sub.due.Delete(old)
		}
		e := &event{content: r.Event.Content, progress: r.Event.Progress.withoutInFlight()}
		sub.dead.take(e.ID)
		sub.pending[e.ID] = e
		s.wait(sub, e)
	case r.Progress != nil:
		sub, e, err := s.takeWaiting(r.Progress.Trigger, r.Progress.ID)
		if err != nil {
			return err
		}
		e.progress = r.Progress.Progress
		s.wait(sub, e)
	case r.Ended != nil:
		sub, e, err := s.takeWaiting(r.Ended.Trigger, r.Ended.ID)
		if err != nil {
			return err
		}
		delete(sub.pending, e.ID)
		e.ended, e.progress = true, r.Ended.Progress
		if r.Ended.State == Dead {
			sub.dead.put(e, r.Ended.At)
		}
	}
	return nil
}

func (s *Server) subscription(name string) (*subscription, error) {
	sub, ok := s.subscriptions.Get(name)
	if !ok {
		return nil, fmt.Errorf("a record refers to trigger %q, which does not exist", name)
	}
	return sub, nil
}

// takeWaiting returns a waiting event and removes it from those that are due.
func (s *Server) takeWaiting(trigger, id string) (*subscription, *event, error) {
	sub, err := s.subscription(trigger)
	if err != nil {
		return nil, nil, err
	}
	e := sub.pending[id]
	if e == nil {
		return nil, nil, fmt.Errorf("a record refers to event %q of trigger %q, which does not exist", id, trigger)
	}
	sub.due.Delete(e)
	return sub, e, nil
}

// withoutInFlight returns the progress without an attempt that was in flight when the process ended.
func (p progress) withoutInFlight() progress {
	p.Attempts = slices.DeleteFunc(slices.Clone(p.Attempts), func(a Attempt) bool { return a.Answered.IsZero() })
	return p
}

// state adds the records that recreate the current state. The mutex is held.
func (s *Server) state(add func(any)) {
	s.subscriptions.Scan(func(name string, sub *subscription) bool {
		add(sub.record())
		for _, e := range sub.dead.last {
			add(record{Event: &eventRecord{name, e.content, e.progress}})
			add(record{Ended: &endedRecord{name, e.ID, Dead, e.at, e.progress}})
		}
		waiting := make([]*event, 0, len(sub.pending))
		for _, e := range sub.pending {
			waiting = append(waiting, e)
		}
		slices.SortFunc(waiting, func(a, b *event) int { return a.Since.Compare(b.Since) })
		for _, e := range waiting {
			add(record{Event: &eventRecord{name, e.content, e.progress}})
		}
		return true
	})
	for database, t := range s.cursors {
		add(record{Cursor: &cursorRecord{database, t}})
	}
}
