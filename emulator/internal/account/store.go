package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/wal"
)

// Config configures a [Store].
type Config struct {
	Clock    *clock.Clock // required
	DataDir  string       // data directory; empty: memory only
	Defaults Settings     // of projects without settings of their own
}

// Store stores the accounts of all projects. It is safe for concurrent use.
type Store struct {
	clock    *clock.Clock
	defaults Settings
	log      *wal.Log // nil: memory only

	mu          sync.RWMutex
	projects    map[string]*project
	compactAt   int64 // log size in bytes at which to compact; 0 during compaction
	compactions sync.WaitGroup
}

// Open returns a store with the contents of its data directory.
func Open(cfg Config) (*Store, error) {
	if cfg.Clock == nil {
		return nil, errors.New("account: Config.Clock is missing")
	}
	s := &Store{clock: cfg.Clock, defaults: cfg.Defaults, projects: map[string]*project{}, compactAt: minCompactBytes}
	if cfg.DataDir == "" {
		return s, nil
	}
	var err error
	if s.log, err = wal.Open(cfg.DataDir, s.replay); err != nil {
		return nil, fmt.Errorf("opening the accounts in %s: %w", cfg.DataDir, err)
	}
	return s, nil
}

// Update runs f as a transaction on a project. If f returns an error or panics, nothing changes.
// When Update returns nil, the changes are visible and, with a data directory, durable.
// Transactions run one at a time, so f must be fast; passwords are hashed before.
func (s *Store) Update(projectID string, f func(*Tx) error) error {
	wait, err := s.change(projectID, f)
	if err != nil {
		return err
	}
	if err := wait(); err != nil {
		return fmt.Errorf("writing a change to disk: %w", err)
	}
	return nil
}

// change runs f in memory and returns a function that waits until the change is on disk.
func (s *Store) change(projectID string, f func(*Tx) error) (wait func() error, err error) {
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
	wait, err = s.append(record{projectID, tx.done})
	if err != nil {
		return nil, err
	}
	finished = true
	if len(tx.done) > 0 {
		s.projects[projectID] = p
		s.compact()
	}
	return wait, nil
}

// append appends a change to the log and returns a function that waits until it is on disk.
func (s *Store) append(r record) (wait func() error, err error) {
	if s.log == nil || len(r.Operations) == 0 {
		return func() error { return nil }, nil
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encoding a change: %w", err)
	}
	slot := s.log.Reserve()
	slot.Fill(text)
	return func() error { return s.log.Wait(slot.Seq) }, nil
}

// View runs f as a read-only transaction, concurrently with other views.
func (s *Store) View(projectID string, f func(*Tx)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.projects[projectID]
	if p == nil {
		p = newProject()
	}
	f(&Tx{store: s, project: p})
}

// Projects returns the ids of all projects with contents, in no particular order.
func (s *Store) Projects() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ids := make([]string, 0, len(s.projects))
	for id := range s.projects {
		ids = append(ids, id)
	}
	return ids
}

// Close closes the store. No transaction may be running.
func (s *Store) Close() error {
	if s.log == nil {
		return nil
	}
	s.compactions.Wait()
	return s.log.Close()
}
