package service

import (
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore/internal/index"
	"heek.kr/heektime/emulator/firestore/internal/store"
)

// stored keeps the meter's level of a database's storage. The database's lock guards it.
type stored struct {
	db          *store.DB
	meter       *billing.Meter
	definitions *index.Definitions
	total       int64
}

// meterStorage counts the documents of a database and their index entries from now on. It must be called
// before the database is used.
func meterStorage(db *store.DB, meter *billing.Meter, definitions *index.Definitions) *stored {
	s := &stored{db: db, meter: meter, definitions: definitions}
	db.OnCommit(s.commit)
	s.recount(definitions)
	return s
}

// recount counts everything anew, as after a change of the indexes.
func (s *stored) recount(definitions *index.Definitions) {
	s.db.Locked(func(snapshot *store.Snapshot) {
		s.definitions = definitions
		s.total = 0
		snapshot.Latest().All(func(d *store.Document) bool {
			s.total += s.measure(d)
			return true
		})
		s.report()
	})
}

// commit is a hook of [store.DB.OnCommit].
func (s *stored) commit(c *store.Commit) (after func()) {
	before := s.total
	if c.Reset {
		s.total = 0
	}
	for _, change := range c.Changes {
		if change.Old.Exists() {
			s.total -= change.Old.Stored
		}
		if change.New.Exists() {
			s.total += s.measure(change.New)
		}
	}
	if s.total != before {
		s.report()
	}
	return nil
}

// measure sets a document's stored bytes and returns them.
func (s *stored) measure(d *store.Document) int64 {
	d.Stored = s.definitions.StoredBytes(d.Key, d.Fields)
	return d.Stored
}

func (s *stored) report() { s.meter.SetLevel(billing.FirestoreStored, string(s.db.Name), s.total) }
