package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/wal"
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
	journal  *wal.Log // nil: in memory

	mu        sync.RWMutex
	projects  map[string]*project
	compactAt int64 // size of the journal, in bytes; 0 while it is being compacted
	compacts  sync.WaitGroup
}

// Open makes a store, with what its folder has.
func Open(cfg Config) (*Store, error) {
	if cfg.Clock == nil {
		return nil, errors.New("account: Config.Clock is missing")
	}
	s := &Store{clock: cfg.Clock, defaults: cfg.Defaults, projects: map[string]*project{}, compactAt: minCompactBytes}
	if cfg.DataDir == "" {
		return s, nil
	}
	var err error
	if s.journal, err = wal.Open(cfg.DataDir, s.replay); err != nil {
		return nil, fmt.Errorf("open the accounts in %s: %w", cfg.DataDir, err)
	}
	return s, nil
}

// Update runs f as one change of a project: when f returns an error or panics, nothing has happened; when Update returns
// nil, all of it is kept, on disk if the store has a folder. Changes run one after another, so f must be quick; passwords
// are hashed before.
func (s *Store) Update(projectID string, f func(*Tx) error) error {
	kept, err := s.change(projectID, f)
	if err != nil {
		return err
	}
	if err := kept(); err != nil {
		return fmt.Errorf("keep a change on disk: %w", err)
	}
	return nil
}

// change makes a change in memory and returns what waits for it to be on disk.
func (s *Store) change(projectID string, f func(*Tx) error) (kept func() error, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.projects[projectID]
	if p == nil {
		p = newProject()
	}
	tx := &Tx{store: s, project: p}
	finished := false
	defer func() {
		if !finished {
			tx.rollback()
		}
	}()
	if err := f(tx); err != nil {
		return nil, err
	}
	kept, err = s.log(record{projectID, tx.done})
	if err != nil {
		return nil, err
	}
	finished = true
	if len(tx.done) > 0 {
		s.projects[projectID] = p
		s.compact()
	}
	return kept, nil
}

// log gives a change its place in the journal.
func (s *Store) log(r record) (kept func() error, err error) {
	if s.journal == nil || len(r.Operations) == 0 {
		return func() error { return nil }, nil
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode a change: %w", err)
	}
	slot := s.journal.Reserve()
	slot.Fill(text)
	return func() error { return s.journal.Wait(slot.Seq) }, nil
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

// Close ends the store. No change may run any more.
func (s *Store) Close() error {
	if s.journal == nil {
		return nil
	}
	s.compacts.Wait()
	return s.journal.Close()
}
