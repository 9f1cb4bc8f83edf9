package triggers

import (
	"errors"
	"time"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore"
)

// saveEvery is the number of changes without events after which the cursors are saved anyway, to limit how
// many changes are processed again after a crash.
const saveEvery = 1000

// updateWanted updates the set of databases with triggers. The mutex is held.
func (s *Server) updateWanted() {
	wanted := map[string]bool{}
	s.subscriptions.Scan(func(_ string, sub *subscription) bool {
		wanted[s.databaseName(sub.Database)] = true
		return true
	})
	s.wanted.Store(&wanted)
}

// Wants implements firestore.Follower.
func (s *Server) Wants(database string) bool { return (*s.wanted.Load())[database] }

// Cursor implements firestore.Follower.
func (s *Server) Cursor(database string) time.Time {
	s.base.Lock()
	defer s.base.Unlock()
	if t, ok := s.cursors[database]; ok {
		return t
	}
	var first time.Time // no cursor yet: no trigger wants changes before its registration
	s.subscriptions.Scan(func(_ string, sub *subscription) bool {
		if s.databaseName(sub.Database) == database && (first.IsZero() || sub.since.Before(first)) {
			first = sub.since
		}
		return true
	})
	if first.IsZero() {
		return first
	}
	return first.Add(-time.Microsecond)
}

// Take implements firestore.Follower. It creates events from changes.
func (s *Server) Take(c firestore.Changes) {
	s.base.Lock()
	defer s.base.Unlock()
	if s.base.Closed() {
		return // they will be delivered again because the cursor does not move
	}
	if c.Lost {
		s.base.Log.Error("lost changes of Firestore: they came faster than triggers processed them, or their log is gone",
			"database", c.Database, "after", s.cursors[c.Database])
	}
	s.taken++
	made := 0
	if !s.disabled {
		for _, change := range c.List {
			made += s.createEvents(c.Database, change)
		}
	}
	s.cursors[c.Database] = c.UpTo
	if s.unsaved += len(c.List); made > 0 || s.disabled || s.unsaved > saveEvery {
		s.saveCursors()
	}
	s.base.Changed.Fire()
}

// createEvents creates the events of a change and returns how many. The mutex is held.
func (s *Server) createEvents(database string, c firestore.Change) int {
	made := 0
	var data []byte
	s.subscriptions.Scan(func(_ string, sub *subscription) bool {
		if s.databaseName(sub.Database) != database || !sub.wants(c) {
			return true
		}
		if data == nil {
			var err error
			if data, err = payload(database+"/documents", c); err != nil {
				s.base.Log.Error("cannot encode the event of a change", "trigger", sub.Name, "error", err)
				return true
			}
		}
		now := s.clock.Now()
		e := &event{
			content: content{
				ID: eventID(database, c, sub.Event), Type: sub.Event, Database: sub.Database, Document: c.Path, Time: c.Time, Data: data,
			},
			progress: progress{Since: now, Due: now},
		}
		if s.add(sub, e) {
			s.base.Changes.Add(record{Event: &eventRecord{sub.Name, e.content, e.progress}})
			made++
			s.meter.Add(billing.EventarcEvents, billing.Cause{Service: "eventarc", Action: sub.Name, Collection: sub.Document}, 1)
		}
		return true
	})
	return made
}

// saveCursors saves up to which commit events have been created. It must be called after those events were
// saved. The mutex is held.
func (s *Server) saveCursors() {
	for database, t := range s.cursors {
		s.base.Changes.Add(record{Cursor: &cursorRecord{database, t}})
	}
	s.unsaved = 0
}

// Flush implements firestore.Follower.
func (s *Server) Flush(string) error {
	s.base.Lock()
	if s.base.Closed() {
		s.base.Unlock()
		return errors.New("the triggers server is closed")
	}
	s.saveCursors()
	s.base.Unlock()
	return s.base.Changes.Wait()
}
