package firestore

import (
	"fmt"
	"slices"
	"strings"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/rules"
)

// Evaluation is one decision of the security rules: on a get, a query, or one write of a commit.
type Evaluation struct {
	Database string // the id of the database
	rules.Evaluation
}

// SetRules replaces the security rules of a project with the text of a firestore.rules file;
// project "" means every project without rules of its own. Listeners are authorized again. The
// error wraps a *[rules.Error], which names lines and columns; the old rules then stay in effect.
func (s *Server) SetRules(project string, text []byte) (warnings []rules.Issue, err error) {
	set, warnings, err := rules.CompileFor(rules.Firestore, "firestore.rules", string(text))
	if err != nil {
		return warnings, fmt.Errorf("firestore: %w", err)
	}
	s.engine.SetRules(project, guard.NewActiveRules(set))
	return warnings, nil
}

// DropRules removes the rules of a project, so that every request is allowed; project "" means
// every project without rules of its own.
func (s *Server) DropRules(project string) { s.engine.SetRules(project, nil) }

// Rules returns the text of the security rules of a project. ok is false when it has none.
func (s *Server) Rules(project string) (text string, ok bool) {
	if active := s.engine.Guard(project).Active(); active != nil {
		return active.Rules.Source(), true
	}
	return "", false
}

// Coverage returns the coverage of a project's rules since they were set, nil when it has none. It
// keeps counting.
func (s *Server) Coverage(project string) *rules.Coverage {
	if active := s.engine.Guard(project).Active(); active != nil {
		return active.Coverage
	}
	return nil
}

// Evaluations returns the most recent decisions of a project's rules, newest first: up to 256 that
// allowed and 256 that denied. In a denied commit, the writes before the denied one count as
// allowed.
func (s *Server) Evaluations(project string) []Evaluation {
	all := s.engine.Guard(project).Evaluations()
	for _, g := range s.engine.OwnGuards(project) {
		all = append(all, g.Evaluations()...)
	}
	slices.SortStableFunc(all, func(a, b rules.Evaluation) int { return b.Time.Compare(a.Time) })
	var out []Evaluation
	for _, e := range all {
		_, at, _ := strings.Cut(e.Path, "/databases/")
		id, _, _ := strings.Cut(at, "/")
		out = append(out, Evaluation{id, e})
	}
	return out
}

// RulesReads returns how many documents a project's rules have read so far, for the console. The
// meter counts them with all other reads.
func (s *Server) RulesReads(project string) uint64 {
	n := s.engine.Guard(project).DocumentReads()
	for _, g := range s.engine.OwnGuards(project) {
		n += g.DocumentReads()
	}
	return n
}

// Documents gives the rules of another service access to a project's default database. In the rules
// of Cloud Storage, firestore.get() and firestore.exists() reach no other database.
// Source:
// https://firebase.google.com/docs/storage/security/rules-conditions#enhance_with_firestore.
func (s *Server) Documents(project string) (rules.Documents, error) {
	db, err := s.Database(project, "(default)")
	if err != nil {
		return nil, err
	}
	return guard.Documents{DB: db.d.DB}, nil
}
