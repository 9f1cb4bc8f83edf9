package guard

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
	"heek.kr/heektime/emulator/rules"
)

// errDenied returns the only thing that production tells a client whose request was denied.
func errDenied() error {
	return status.Error(codes.PermissionDenied, "Missing or insufficient permissions.")
}

// Session authorizes one request. It belongs to one goroutine. A nil *Session allows everything.
type Session struct {
	guard  *Guard
	active *ActiveRules
	store  *store.DB
	db     resource.Database
	who    Caller

	access      *rules.Access
	now         value.Micros // request.time
	evaluations []rules.Evaluation
	denied      *rules.Request // the one that was denied, nil for none
}

// AuthorizeGet authorizes reads of documents, existing or not, in a view.
func (s *Session) AuthorizeGet(ctx context.Context, v store.View, keys ...resource.Key) error {
	if s == nil {
		return nil
	}
	s.reset(s.store.Now(), reads{s.db, v}, len(keys) > 1)
	for _, k := range keys {
		r := rules.Request{Method: rules.Get, Path: pathOf(s.db, k), Before: fieldsOf(v.Get(k))}
		if err := s.evaluate(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// AuthorizeList authorizes a query by its constraints, not by its results.
func (s *Session) AuthorizeList(ctx context.Context, v store.View, q *query.Query) error {
	if s == nil {
		return nil
	}
	if q.Group == "" {
		return s.RequireServer("query all collections", q.Parent)
	}
	s.reset(s.store.Now(), reads{s.db, v}, false)
	path, rulesQuery := queryOf(s.db, q)
	return s.evaluate(ctx, rules.Request{Method: rules.List, Path: path, Query: rulesQuery})
}

// RequireServer denies a request that only servers may make. action completes "only servers may".
func (s *Session) RequireServer(action string, key resource.Key) error {
	if s == nil {
		return nil
	}
	path := pathOf(s.db, key)
	s.evaluations = append(s.evaluations, rules.Evaluation{
		Time: s.store.Now().Time(), Method: rules.List, Path: path, UID: s.who.UID(),
		Denial: &rules.Denial{Method: rules.List, Path: path, Limit: "only servers may " + action},
	})
	return errDenied()
}

// reset prepares the session to evaluate requests on another state. batch tells whether several
// requests share the limit of document reads.
func (s *Session) reset(now value.Micros, docs rules.Documents, batch bool) {
	s.now, s.evaluations, s.denied = now, s.evaluations[:0], nil
	if batch {
		s.access = rules.NewBatchAccess(docs)
	} else {
		s.access = rules.NewAccess(docs)
	}
}

// evaluate returns nil if the rules allow a request.
func (s *Session) evaluate(ctx context.Context, r rules.Request) error {
	r.Service, r.Auth, r.Time, r.Access, r.Coverage = rules.Firestore, s.who.Auth, s.now.Time(), s.access, s.active.Coverage
	d := s.active.Rules.Evaluate(ctx, &r)
	s.evaluations = append(s.evaluations, rules.NewEvaluation(&r, d))
	switch {
	case d.Allowed:
		return nil
	case ctx.Err() != nil:
		return status.FromContextError(ctx.Err()).Err()
	case d.Err != nil:
		return status.Errorf(codes.Internal, "The security rules could not be evaluated: %v", d.Err)
	}
	s.denied = &r
	return errDenied()
}

// Dependencies returns the documents that the rules have read.
func (s *Session) Dependencies() []resource.Key {
	if s == nil || s.access == nil {
		return nil
	}
	var keys []resource.Key
	for _, p := range s.access.Paths() {
		if k, ok := keyOf(s.db, p); ok && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

// Bill counts the documents that rules read for a request, each once. They are billed even if the rules
// deny the request.
//
// Sources: https://firebase.google.com/docs/firestore/pricing#firestore-rules and
// https://firebase.google.com/docs/firestore/security/rules-conditions#access_call_limits
func (g *Guard) Bill(who Caller, documents []resource.Key) {
	g.reads.Add(uint64(len(documents)))
	if g.meter == nil {
		return
	}
	for _, k := range documents {
		g.meter.Add(billing.FirestoreReads, who.Cause(k.Collection().Pattern()), 1)
	}
}

// End records and logs what the rules decided. Call it last: a commit is authorized under a lock,
// and finding the reasons of a denial takes time.
func (s *Session) End(ctx context.Context) {
	if s == nil || len(s.evaluations) == 0 {
		return
	}
	// Explaining a denial may read more documents. Nobody is billed for those.
	if slices.ContainsFunc(s.evaluations, func(e rules.Evaluation) bool { return e.Calls > 0 }) {
		s.guard.Bill(s.who, s.Dependencies())
	}
	last := &s.evaluations[len(s.evaluations)-1]
	if s.denied != nil { // the request and the state it saw do not change: evaluate it again to explain
		s.denied.Explain, s.denied.Coverage = true, nil
		last.Denial = s.active.Rules.Evaluate(ctx, s.denied).Denial
	}
	s.guard.log.Add(s.evaluations...)
	last.LogTo(ctx, s.guard.logger)
	s.evaluations, s.denied = s.evaluations[:0], nil
}
