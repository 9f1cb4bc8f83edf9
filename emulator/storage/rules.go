package storage

import (
	"fmt"

	"heek.kr/heektime/emulator/rules"
)

// SetRules replaces the security rules of a bucket with the text of a storage.rules. Bucket ""
// means all buckets that have no rules of their own. A *[rules.Error] names lines and columns; the
// old rules then stay active.
func (s *Server) SetRules(bucket string, text []byte) (warnings []rules.Issue, err error) {
	return s.setRules(map[string]rulesFile{bucket: {Name: "storage.rules", Content: string(text)}})
}

// DropRules removes the rules of a bucket, so that everyone has full access. Bucket "" means all
// buckets that have no rules of their own.
func (s *Server) DropRules(bucket string) {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	s.guard.byBucket[bucket] = nil
}

// Rules returns the text of a bucket's security rules; ok is false if it has none.
func (s *Server) Rules(bucket string) (text string, ok bool) {
	if e := s.guard.active(bucket); e != nil {
		return e.rules.Source(), true
	}
	return "", false
}

// Coverage returns the live coverage of a bucket's rules since they were set, or nil if it has
// none.
func (s *Server) Coverage(bucket string) *rules.Coverage {
	if e := s.guard.active(bucket); e != nil {
		return e.coverage
	}
	return nil
}

// Evaluations returns the last evaluations of the rules, newest first: up to 256 that allowed a
// request and 256 that denied one.
func (s *Server) Evaluations() []rules.Evaluation { return s.guard.requestLog.Last() }

// rulesFile is the text of a rules file and its name for messages.
type rulesFile struct{ Name, Content string }

// setRules replaces the rules of several buckets, or none if any has an error.
func (s *Server) setRules(files map[string]rulesFile) (warnings []rules.Issue, err error) {
	next := map[string]*activeRules{}
	for bucket, f := range files {
		set, soft, err := rules.CompileFor(rules.Storage, f.Name, f.Content)
		warnings = append(warnings, soft...)
		if err != nil {
			return warnings, fmt.Errorf("storage: %w", err)
		}
		next[bucket] = &activeRules{set, set.NewCoverage()}
	}
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	for bucket, e := range next {
		s.guard.byBucket[bucket] = e
	}
	return warnings, nil
}
