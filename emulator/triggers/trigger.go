package triggers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"heek.kr/heektime/emulator/internal/dispatch"
)

// EventType is the type of an event of Firestore.
// https://cloud.google.com/firestore/docs/extend-with-functions-2nd-gen
type EventType string

// The types that a trigger can have.
const (
	Created EventType = "google.cloud.firestore.document.v1.created"
	Updated EventType = "google.cloud.firestore.document.v1.updated"
	Deleted EventType = "google.cloud.firestore.document.v1.deleted"
	Written EventType = "google.cloud.firestore.document.v1.written" // any of the others
)

// Trigger sends the events of some documents to an HTTP target, as a Firestore trigger of Eventarc does.
type Trigger struct {
	// Name tells the trigger from others, and is the same after a restart. Required.
	Name string
	// Event is the type of the events. Required.
	Event EventType
	// Database of the server's project; "(default)" when empty.
	Database string
	// Document is the path pattern of the documents, such as users/{uid}: see [Pattern]. Required.
	Document string
	// URL is where events are sent. Required.
	URL string
	// Retry repeats what failed for 24 hours. Without it an event that fails is dead at once, as in production.
	Retry bool
	// ServiceAccount, by e-mail address, is whom the requests' ID tokens are of; without one none is sent.
	ServiceAccount string
	// Audience of the ID tokens; the URL when empty.
	Audience string
	// MaxConcurrent is how many requests may be under way at a time; 100 when 0, at most 1,000.
	MaxConcurrent int
}

const (
	defaultDatabase   = "(default)"
	defaultConcurrent = 100
	maxConcurrent     = 1000
	maxName           = 128 // bytes
)

// completed is the trigger with defaults for what it does not say, or the reason to refuse it.
func (t Trigger) completed() (Trigger, Pattern, error) {
	if t.Database == "" {
		t.Database = defaultDatabase
	}
	if t.MaxConcurrent == 0 {
		t.MaxConcurrent = defaultConcurrent
	}
	switch t.Event {
	case Created, Updated, Deleted, Written:
	default:
		return t, Pattern{}, fmt.Errorf("event %q is none of %s, …updated, …deleted, …written", t.Event, Created)
	}
	switch {
	case t.Name == "":
		return t, Pattern{}, errors.New("a trigger needs a name")
	case len(t.Name) > maxName:
		return t, Pattern{}, fmt.Errorf("the name has %d bytes, more than %d", len(t.Name), maxName)
	case strings.Contains(t.Database, "/"):
		return t, Pattern{}, fmt.Errorf("database %q is to be an id, such as (default)", t.Database)
	case t.MaxConcurrent < 0 || t.MaxConcurrent > maxConcurrent:
		return t, Pattern{}, fmt.Errorf("MaxConcurrent is %d; it must be from 1 to %d", t.MaxConcurrent, maxConcurrent)
	}
	if err := dispatch.CheckURL(t.URL); err != nil {
		return t, Pattern{}, err
	}
	p, err := ParsePattern(t.Document)
	return t, p, err
}

// Register makes a trigger, or replaces the one of that name: what waits for it goes to the new URL. It gets the events of
// commits from now on; one that was registered before, in an earlier process with the same data directory, too, with the
// same event, database and pattern misses none.
func (s *Server) Register(t Trigger) error {
	t, pattern, err := t.completed()
	if err != nil {
		return fmt.Errorf("triggers: register %q: %w", t.Name, err)
	}
	s.base.Lock()
	if s.base.Closed() {
		s.base.Unlock()
		return fmt.Errorf("triggers: register %q: the server is closed", t.Name)
	}
	sub := s.subscribe(t, pattern, s.clock.Now().Truncate(time.Microsecond)) // as times of commits
	if !sub.present {
		sub.present = true
		s.base.Go(func() { s.dispatch(sub) })
	}
	s.base.Changes.Add(sub.record())
	sub.wake.Fire()
	s.base.Changed.Fire()
	s.base.Unlock()
	if err := s.base.Changes.Wait(); err != nil {
		return fmt.Errorf("triggers: register %q: %w", t.Name, err)
	}
	return nil
}

// subscribe makes or replaces the subscription of a trigger that now gets the events of commits after since. The mutex is
// held.
func (s *Server) subscribe(t Trigger, pattern Pattern, since time.Time) *subscription {
	sub, ok := s.subscriptions.Get(t.Name)
	switch {
	case !ok:
		sub = newSubscription(since)
		s.subscriptions.Set(t.Name, sub)
	case sub.Event != t.Event || sub.Database != t.Database || sub.Document != t.Document:
		sub.since = since
	}
	sub.Trigger, sub.pattern = t, pattern
	s.want()
	return sub
}

// Remove ends a trigger. The events that wait for it are forgotten.
func (s *Server) Remove(name string) error {
	s.base.Lock()
	defer s.base.Unlock()
	if _, ok := s.subscriptions.Get(name); !ok {
		return fmt.Errorf("triggers: there is no trigger %q", name)
	}
	s.remove(name)
	return nil
}

// RemoveAbsent ends the triggers that an earlier process has left in the data directory and this one has not registered,
// and returns their names. To be called when all have been registered.
func (s *Server) RemoveAbsent() []string {
	s.base.Lock()
	defer s.base.Unlock()
	var names []string
	s.subscriptions.Scan(func(name string, sub *subscription) bool {
		if !sub.present {
			names = append(names, name)
		}
		return true
	})
	for _, name := range names {
		s.remove(name)
	}
	return names
}

// remove is called with the mutex held.
func (s *Server) remove(name string) {
	sub, ok := s.subscriptions.Delete(name)
	if !ok {
		return
	}
	sub.closed = true
	for _, e := range sub.pending {
		e.gone = true
	}
	sub.wake.Fire()
	s.want()
	s.base.Changes.Add(record{Removed: name})
	s.base.Changed.Fire()
}
