package firestore

import (
	"fmt"
	"strings"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/rules"
)

// Judgement is one decision of security rules: of a read, a query, or one write of a commit.
type Evaluation struct {
	Database string // its id
	rules.Evaluation
}

// SetRules replaces the security rules of a project by the text of a firestore.rules; project "" is every project that was
// given none of its own. Whoever listens is judged anew. The error is a *[rules.Error], which names lines and columns;
// the rules are then as before.
func (s *Server) SetRules(project string, text []byte) (warnings []rules.Issue, err error) {
	set, warnings, err := rules.Compile("firestore.rules", string(text))
	if err != nil {
		return warnings, fmt.Errorf("firestore: %w", err)
	}
	s.engine.SetRules(project, guard.NewActiveRules(set))
	return warnings, nil
}

// DropRules lets everybody do everything in a project; project "" is every project that was given no rules of its own.
func (s *Server) DropRules(project string) { s.engine.SetRules(project, nil) }

// Rules is the text of the security rules of a project; ok is false when it has none.
func (s *Server) Rules(project string) (text string, ok bool) {
	if e := s.engine.Guard(project).Active(); e != nil {
		return e.Rules.Source(), true
	}
	return "", false
}

// Coverage is what has been counted of a project's rules since they were set, nil when it has none. It goes on counting.
func (s *Server) Coverage(project string) *rules.Coverage {
	if e := s.engine.Guard(project).Active(); e != nil {
		return e.Coverage
	}
	return nil
}

// Judgements are the last decisions of a project's rules, newest first: up to 256 that allowed and 256 that refused.
// Those of a commit of which one write was refused count as they were judged.
func (s *Server) Evaluations(project string) []Evaluation {
	var out []Evaluation
	for _, j := range s.engine.Guard(project).Evaluations() {
		_, at, _ := strings.Cut(j.Path, "/databases/")
		id, _, _ := strings.Cut(at, "/")
		out = append(out, Evaluation{id, j})
	}
	return out
}

// RulesReads is how many documents a project's rules have asked for so far, in all requests. Each is billed as a read.
func (s *Server) RulesReads(project string) uint64 { return s.engine.Guard(project).DocumentReads() }

// Documents are the documents of a project's default database, for the rules of another service to ask for: those of Cloud
// Storage know firestore.get() and firestore.exists(), and no other database.
// Source: https://firebase.google.com/docs/storage/security/rules-conditions#enhance_with_firestore.
func (s *Server) Documents(project string) (rules.Documents, error) {
	db, err := s.Database(project, "(default)")
	if err != nil {
		return nil, err
	}
	return guard.Documents{DB: db.d.DB}, nil
}
