// Package guard judges requests by security rules.
//
// A [Guard] has the rules of one project. For each request it begins a [Session] with the [Caller], which the service
// asks before it reads or, inside the commit, before it writes. Servers, and everybody where there are no rules, get no
// session at all: a nil *Session allows everything and costs nothing.
//
// What Google does not document is decided here thus:
//
//   - What a read is judged by, get() and exists() included, is the very state that it reads, also in the past.
//   - A verify is judged as a get of its document: rules must not see a write where there is none, and who may not read
//     a document must not find out whether it exists.
//   - For the same reason, that a precondition failed is told to those who may get the document; others are refused.
//   - Nobody but servers may list collection ids, or query all collections at once.
//   - A query with find_nearest has the smaller of both limits.
package guard

import (
	"log/slog"
	"sync/atomic"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/rules"
)

// Guard judges the requests of one project. It is safe for concurrent use.
type Guard struct {
	active atomic.Pointer[ActiveRules]
	logger *slog.Logger
	log    rules.RequestLog
	calls  atomic.Uint64
}

// Edition is compiled rules and what was counted of them.
type ActiveRules struct {
	Rules    *rules.Ruleset
	Coverage *rules.Coverage
}

// NewEdition begins to count for a ruleset.
func NewActiveRules(set *rules.Ruleset) *ActiveRules {
	return &ActiveRules{Rules: set, Coverage: set.NewCoverage()}
}

// New makes a guard with rules; nil allows everybody everything.
func New(e *ActiveRules, logger *slog.Logger) *Guard {
	g := &Guard{logger: logger}
	g.active.Store(e)
	return g
}

// Set replaces the rules. Requests that are being judged are judged by the old ones.
func (g *Guard) Set(e *ActiveRules) { g.active.Store(e) }

// Edition is the rules in use, nil for none.
func (g *Guard) Active() *ActiveRules { return g.active.Load() }

// Judgements are the last ones, newest first.
func (g *Guard) Evaluations() []rules.Evaluation { return g.log.Last() }

// DocumentReads is how many documents rules have asked for in all requests. Each is billed as a read.
func (g *Guard) DocumentReads() uint64 { return g.calls.Load() }

// CheckCredentials refuses, as UNAUTHENTICATED, a caller whose credentials make no sense.
func (g *Guard) CheckCredentials(who Caller) error {
	if g.active.Load() == nil {
		return nil
	}
	return unauthenticated(who)
}

// Begin begins a request to db. The session is nil for those whom rules do not judge.
func (g *Guard) Begin(db *store.DB, who Caller) (*Session, error) {
	if who.Owner {
		return nil, nil
	}
	e := g.active.Load()
	if e == nil {
		return nil, nil
	}
	if err := unauthenticated(who); err != nil {
		return nil, err
	}
	return &Session{guard: g, active: e, store: db, db: db.Name, who: who}, nil
}
