package storage

import (
	"fmt"

	"heek.kr/heektime/emulator/rules"
)

// SetRules replaces the security rules of a bucket by the text of a storage.rules; bucket "" is every bucket that was given
// none of its own. The error is a *[rules.Error], which names lines and columns; the rules are then as before.
func (s *Server) SetRules(bucket string, text []byte) (warnings []rules.Issue, err error) {
	return s.setRules(map[string]rulesFile{bucket: {Name: "storage.rules", Content: string(text)}})
}

// DropRules lets everybody do everything in a bucket; bucket "" is every bucket that was given no rules of its own.
func (s *Server) DropRules(bucket string) {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	s.guard.editions[bucket] = nil
}

// Rules is the text of the security rules for a bucket; ok is false when it has none.
func (s *Server) Rules(bucket string) (text string, ok bool) {
	if e := s.guard.edition(bucket); e != nil {
		return e.rules.Source(), true
	}
	return "", false
}

// Coverage is what has been counted of the rules for a bucket since they were set, nil when it has none. It goes on
// counting.
func (s *Server) Coverage(bucket string) *rules.Coverage {
	if e := s.guard.edition(bucket); e != nil {
		return e.coverage
	}
	return nil
}

// Judgements are the last decisions of the rules, newest first: up to 256 that allowed and 256 that refused.
func (s *Server) Evaluations() []rules.Evaluation { return s.guard.journal.Last() }

// rulesFile is a text of rules and what messages call it.
type rulesFile struct{ Name, Content string }

// setRules replaces the rules of several buckets, all or, when one has an error, none.
func (s *Server) setRules(files map[string]rulesFile) (warnings []rules.Issue, err error) {
	next := map[string]*edition{}
	for bucket, f := range files {
		set, soft, err := rules.Compile(f.Name, f.Content)
		warnings = append(warnings, soft...)
		if err != nil {
			return warnings, fmt.Errorf("storage: %w", err)
		}
		next[bucket] = &edition{set, set.NewCoverage()}
	}
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	for bucket, e := range next {
		s.guard.editions[bucket] = e
	}
	return warnings, nil
}
