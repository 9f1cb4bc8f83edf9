package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"heek.kr/heektime/emulator/internal/wal"
)

// minCompactBytes is the log size at which compaction starts. A sign-in adds less than 1 KiB.
const minCompactBytes = 8 << 20

// replay applies a record of the log.
func (s *Store) replay(text []byte) error {
	var r record
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // do not lose fields of a newer version
	if err := d.Decode(&r); err != nil {
		return fmt.Errorf("decoding a change of accounts: %w", err)
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

// compact starts replacing the log with a snapshot of the state if the log is large. The caller
// holds mu.
func (s *Store) compact() {
	if s.log == nil || s.compactAt == 0 || s.log.Size() < s.compactAt {
		return
	}
	snapshot, err := s.log.Rotate()
	if err != nil {
		return // the log is broken; the change that waits for it returns the error
	}
	state := make(map[string]*project, len(s.projects))
	for id, p := range s.projects {
		state[id] = &project{users: p.users.Copy(), codes: maps.Clone(p.codes), settings: p.settings}
	}
	s.compactAt = 0
	s.compactions.Go(func() {
		written, err := writeState(snapshot, state)
		if err == nil {
			err = snapshot.Finish()
		}
		if err != nil {
			snapshot.Abandon() // the log stays as it is
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		// Compact again once the log has grown by the size of the snapshot.
		s.compactAt = s.log.Size() + max(minCompactBytes, written)
	})
}

// writeState writes every project to a snapshot, with several accounts per record.
func writeState(to *wal.Snapshot, state map[string]*project) (written int64, err error) {
	const operationsPerRecord = 256
	for id, p := range state {
		for operations := range slices.Chunk(p.operations(), operationsPerRecord) {
			text, err := json.Marshal(record{id, operations})
			if err != nil {
				return written, fmt.Errorf("encoding the accounts of %s: %w", id, err)
			}
			if err := to.Write(text); err != nil {
				return written, err
			}
			written += int64(len(text))
		}
	}
	return written, nil
}

// operations returns the operations that create this project from an empty one.
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
