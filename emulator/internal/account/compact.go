package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"heek.kr/heektime/emulator/internal/wal"
)

// minCompactBytes is the size of a journal from which on it is compacted. A sign-in adds less than 1 KiB.
const minCompactBytes = 8 << 20

// replay does again what a record says.
func (s *Store) replay(text []byte) error {
	var r record
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // of a newer version, which must not be forgotten
	if err := d.Decode(&r); err != nil {
		return fmt.Errorf("read a change of accounts: %w", err)
	}
	p := s.projects[r.Project]
	if p == nil {
		p = newProject()
		s.projects[r.Project] = p
	}
	for _, op := range r.Operations {
		p.apply(op)
	}
	return nil
}

// compact begins to write the whole state in place of the journal, when that has grown large. The caller holds the lock.
func (s *Store) compact() {
	if s.journal == nil || s.compactAt == 0 || s.journal.Size() < s.compactAt {
		return
	}
	snapshot, err := s.journal.Rotate()
	if err != nil {
		return // the journal is broken, which the change that waits for it will say
	}
	state := make(map[string]*project, len(s.projects))
	for id, p := range s.projects {
		state[id] = &project{users: p.users.Copy(), codes: maps.Clone(p.codes), settings: p.settings}
	}
	s.compactAt = 0
	s.compacts.Go(func() {
		written, err := writeState(snapshot, state)
		if err == nil {
			err = snapshot.Finish()
		}
		if err != nil {
			snapshot.Abandon() // the journal goes on as it is
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		// A large state is written again only when as much has changed.
		s.compactAt = s.journal.Size() + max(minCompactBytes, written)
	})
}

// writeState writes every project, some accounts to a record.
func writeState(to *wal.Snapshot, state map[string]*project) (written int64, err error) {
	const operationsPerRecord = 256
	for id, p := range state {
		for operations := range slices.Chunk(p.operations(), operationsPerRecord) {
			text, err := json.Marshal(record{id, operations})
			if err != nil {
				return written, fmt.Errorf("encode the accounts of %s: %w", id, err)
			}
			if err := to.Write(text); err != nil {
				return written, err
			}
			written += int64(len(text))
		}
	}
	return written, nil
}

// operations are what makes an empty project into this one.
func (p *project) operations() []operation {
	var all []operation
	if p.settings != nil {
		all = append(all, operation{Settings: p.settings})
	}
	p.users.Scan(func(_ string, u *User) bool {
		all = append(all, operation{Put: u})
		return true
	})
	for _, code := range p.codes {
		all = append(all, operation{Code: &code})
	}
	return all
}
