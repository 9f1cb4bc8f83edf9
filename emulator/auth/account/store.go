package account

import (
	"errors"
	"sync"

	"heek.kr/heektime/emulator/clock"
)

// Config says how a [Store] works.
type Config struct {
	Clock    *clock.Clock // required
	DataDir  string       // keeps everything; empty: in memory
	Defaults Settings     // of projects that were never configured
}

// Store keeps the accounts of every project. It is safe for concurrent use.
type Store struct {
	clock    *clock.Clock
	defaults Settings

	mu       sync.RWMutex
	projects map[string]*project
}

// Open makes a store, with what its folder has.
func Open(cfg Config) (*Store, error) {
	if cfg.Clock == nil {
		return nil, errors.New("account: Config.Clock is missing")
	}
	return &Store{clock: cfg.Clock, defaults: cfg.Defaults, projects: map[string]*project{}}, nil
}

// Update runs f as one change of a project: when f returns an error or panics, nothing has happened; when Update returns
// nil, all of it is kept. Changes run one after another, so f must be quick; passwords are hashed before.
func (s *Store) Update(projectID string, f func(*Tx) error) error {
	tx := &Tx{store: s}
	if err := s.change(projectID, tx, f); err != nil {
		return err
	}
	return nil
}

func (s *Store) change(projectID string, tx *Tx, f func(*Tx) error) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx.project = s.projects[projectID]
	if tx.project == nil {
		tx.project = newProject()
	}
	finished := false
	defer func() {
		if err != nil || !finished {
			tx.rollback()
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	finished = true
	if len(tx.done) > 0 {
		s.projects[projectID] = tx.project
	}
	return nil
}

// View runs f, which must change nothing, beside other views.
func (s *Store) View(projectID string, f func(*Tx)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.projects[projectID]
	if p == nil {
		p = newProject()
	}
	f(&Tx{store: s, project: p})
}

// Projects returns the ids of the projects that have anything, in no order.
func (s *Store) Projects() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ids := make([]string, 0, len(s.projects))
	for id := range s.projects {
		ids = append(ids, id)
	}
	return ids
}

// Close ends the store.
func (s *Store) Close() error { return nil }
