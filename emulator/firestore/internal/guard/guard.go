// Package guard authorizes requests by security rules.
//
// A [Guard] holds the rules of one project. For each request it begins a [Session] with the
// [Caller]. The service asks the session before it reads and, within a commit, before it writes.
// Rules do not apply to servers, nor to anyone in a project without rules: for them the session is
// nil, and a nil *Session allows everything at no cost.
//
// Google does not document the following cases. This package decides them as follows:
//
//   - Rules evaluate a read, including their get() and exists() calls, on exactly the state that the
//     read returns, also in the past.
//   - A verify is evaluated as a get of its document: rules must not see a write where there is
//     none, and a caller that may not read a document must not learn whether it exists.
//   - For the same reason, only callers that may get the document learn that a precondition failed;
//     all others are denied.
//   - Only servers may list collection ids, query all collections, list missing documents or write
//     batches that are not atomic. Google's emulator denies them, too. A missing document has no rules, and
//     its name says that there is something below.
//   - The limit of a query with find_nearest is that of the search.
package guard

import (
	"log/slog"
	"sync/atomic"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/rules"
)

// Guard authorizes the requests to one project. It is safe for concurrent use.
type Guard struct {
	active atomic.Pointer[ActiveRules]
	logger *slog.Logger
	log    rules.RequestLog
	reads  atomic.Uint64 // documents read by rules
	meter  *billing.Meter
}

// ActiveRules is a compiled ruleset and its coverage.
type ActiveRules struct {
	Rules    *rules.Ruleset
	Coverage *rules.Coverage
}

// NewActiveRules returns a ruleset with empty coverage.
func NewActiveRules(set *rules.Ruleset) *ActiveRules {
	return &ActiveRules{Rules: set, Coverage: set.NewCoverage()}
}

// New returns a guard with the given rules; nil allows every request. The meter, which may be nil, counts
// the documents that rules read.
func New(r *ActiveRules, logger *slog.Logger, meter *billing.Meter) *Guard {
	g := &Guard{logger: logger, meter: meter}
	g.active.Store(r)
	return g
}

// Set replaces the rules. Requests that have begun keep the old ones.
func (g *Guard) Set(r *ActiveRules) { g.active.Store(r) }

// Active returns the rules in use, nil for none.
func (g *Guard) Active() *ActiveRules { return g.active.Load() }

// Evaluations returns the most recent evaluations, newest first.
func (g *Guard) Evaluations() []rules.Evaluation { return g.log.Last() }

// DocumentReads returns how many documents rules have read so far. Each is billed as a read.
func (g *Guard) DocumentReads() uint64 { return g.reads.Load() }

// CheckCredentials returns an UNAUTHENTICATED error for a caller with invalid credentials, unless
// the project has no rules.
func (g *Guard) CheckCredentials(who Caller) error {
	if g.active.Load() == nil {
		return nil
	}
	return unauthenticated(who)
}

// Begin begins a request to db. The session is nil when rules do not apply to the caller.
func (g *Guard) Begin(db *store.DB, who Caller) (*Session, error) {
	if who.Owner {
		return nil, nil
	}
	active := g.active.Load()
	if active == nil {
		return nil, nil
	}
	if err := unauthenticated(who); err != nil {
		return nil, err
	}
	return &Session{guard: g, active: active, store: db, db: db.Name, who: who}, nil
}
