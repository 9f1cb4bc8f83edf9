package triggers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"heek.kr/heektime/emulator/internal/dispatch"
)

// EventType is the type of a Firestore event.
// https://cloud.google.com/firestore/docs/extend-with-functions-2nd-gen
type EventType string

// The event types of triggers.
const (
	Created EventType = "google.cloud.firestore.document.v1.created"
	Updated EventType = "google.cloud.firestore.document.v1.updated"
	Deleted EventType = "google.cloud.firestore.document.v1.deleted"
	Written EventType = "google.cloud.firestore.document.v1.written" // any of these
)

// WithAuthContext ends the types of events that tell who wrote. That is not known here: all tell that the writer is of
// an unknown type, as those of Firebase's suite do.
const WithAuthContext EventType = ".withAuthContext"

// Base returns the type without [WithAuthContext].
func (t EventType) Base() EventType {
	return EventType(strings.TrimSuffix(string(t), string(WithAuthContext)))
}

// Format is the form of a trigger's requests.
type Format string

const (
	// Eventarc is the form of production, and the default: a CloudEvent in HTTP's binary mode.
	Eventarc Format = ""
	// SuiteV2 is what the Functions emulator of Firebase's suite takes for functions of the second generation: the
	// form of Eventarc, with the body in base64.
	SuiteV2 Format = "suite-v2"
	// SuiteV1 is what it takes for functions of the first generation: their own events, in JSON.
	SuiteV1 Format = "suite-v1"
)

// Trigger sends the events of some documents to an HTTP target, as a Firestore trigger of Eventarc does.
type Trigger struct {
	// Name identifies the trigger, including after a restart. Required.
	Name string
	// Event is the event type. Required.
	Event EventType
	// Database is the ID of a database in the server's project; defaults to "(default)".
	Database string
	// Document is the path pattern of documents, such as users/{uid}; see [Pattern]. Required.
	Document string
	// URL is the target of events. Required.
	URL string
	// Format is the form of the requests; defaults to [Eventarc].
	Format Format
	// Retry retries failed events for 24 hours. Without it, a failed event is dead immediately, as in
	// production.
	Retry bool
	// ServiceAccount is the e-mail address in the requests' ID tokens; if it is empty, none are sent.
	ServiceAccount string
	// Audience is the audience of the ID tokens; defaults to the URL.
	Audience string
	// MaxConcurrent limits the requests in flight; defaults to 100, at most 1,000.
	MaxConcurrent int
}

const (
	defaultDatabase   = "(default)"
	defaultConcurrent = 100
	maxConcurrent     = 1000
	maxName           = 128 // bytes
)

// normalized checks the trigger and returns it with defaults filled in and its parsed pattern.
func (t Trigger) normalized() (Trigger, Pattern, error) {
	if t.Database == "" {
		t.Database = defaultDatabase
	}
	if t.MaxConcurrent == 0 {
		t.MaxConcurrent = defaultConcurrent
	}
	switch t.Event.Base() {
	case Created, Updated, Deleted, Written:
	default:
		return t, Pattern{}, fmt.Errorf("event %q must be one of %s, …updated, …deleted, …written, or one of these with %s", t.Event, Created, WithAuthContext)
	}
	switch t.Format {
	case Eventarc, SuiteV1, SuiteV2:
	default:
		return t, Pattern{}, fmt.Errorf("format %q must be %s or %s, or be left out", t.Format, SuiteV1, SuiteV2)
	}
	switch {
	case t.Name == "":
		return t, Pattern{}, errors.New("the name is missing")
	case len(t.Name) > maxName:
		return t, Pattern{}, fmt.Errorf("the name has %d bytes; the limit is %d", len(t.Name), maxName)
	case strings.Contains(t.Database, "/"):
		return t, Pattern{}, fmt.Errorf("database %q must be an ID, such as (default)", t.Database)
	case t.MaxConcurrent < 0 || t.MaxConcurrent > maxConcurrent:
		return t, Pattern{}, fmt.Errorf("MaxConcurrent is %d; it must be from 1 to %d", t.MaxConcurrent, maxConcurrent)
	}
	if err := dispatch.CheckURL(t.URL); err != nil {
		return t, Pattern{}, err
	}
	p, err := ParsePattern(t.Document)
	return t, p, err
}

// Register adds a trigger, or replaces the one with the same name; waiting events then go to the new URL. The
// trigger receives events of commits from now on. A trigger that was registered before with the same event,
// database and pattern, even by an earlier process with the same data directory, misses no events.
func (s *Server) Register(t Trigger) error {
	t, pattern, err := t.normalized()
	if err != nil {
		return fmt.Errorf("triggers: register %q: %w", t.Name, err)
	}
	s.base.Lock()
	if s.base.Closed() {
		s.base.Unlock()
		return fmt.Errorf("triggers: register %q: the server is closed", t.Name)
	}
	sub := s.subscribe(t, pattern, s.clock.Now().Truncate(time.Microsecond)) // the precision of commit times
	if !sub.registered {
		sub.registered = true
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

// subscribe adds or replaces a trigger's subscription, which receives events of commits from since on. The
// mutex is held.
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
	s.updateWanted()
	return sub
}

// Remove removes a trigger and its events.
func (s *Server) Remove(name string) error {
	s.base.Lock()
	defer s.base.Unlock()
	if _, ok := s.subscriptions.Get(name); !ok {
		return fmt.Errorf("triggers: no trigger is named %q", name)
	}
	s.remove(name)
	return nil
}

// RemoveAbsent removes the triggers that an earlier process registered and this one has not, and returns
// their names. Call it when all triggers have been registered.
func (s *Server) RemoveAbsent() []string {
	s.base.Lock()
	defer s.base.Unlock()
	var names []string
	s.subscriptions.Scan(func(name string, sub *subscription) bool {
		if !sub.registered {
			names = append(names, name)
		}
		return true
	})
	for _, name := range names {
		s.remove(name)
	}
	return names
}

// remove removes a trigger. The mutex is held.
func (s *Server) remove(name string) {
	sub, ok := s.subscriptions.Delete(name)
	if !ok {
		return
	}
	sub.closed = true
	for _, e := range sub.pending {
		e.ended = true
	}
	sub.wake.Fire()
	s.updateWanted()
	s.base.Changes.Add(record{Removed: name})
	s.base.Changed.Fire()
}
