package guard

import (
	"context"
	"log/slog"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/txn"
	"heek.kr/heektime/emulator/firestore/internal/write"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
	"heek.kr/heektime/emulator/rules"
)

// errRefused is all that a client is told of a refusal, in production's words.
func errRefused() error {
	return status.Error(codes.PermissionDenied, "Missing or insufficient permissions.")
}

// Session judges one request. It belongs to one goroutine. A nil *Session allows everything.
type Session struct {
	guard  *Guard
	active *ActiveRules
	store  *store.DB
	db     resource.Database
	who    Caller

	access  *rules.Access
	at      value.Micros
	asked   []rules.Evaluation
	refused *rules.Request // the one that was not allowed
}

// Get judges reads of documents, there or not, in a view.
func (s *Session) AuthorizeGet(ctx context.Context, v store.View, keys ...resource.Key) error {
	if s == nil {
		return nil
	}
	s.begin(s.store.Now(), reads{s.db, v}, len(keys) > 1)
	for _, k := range keys {
		if err := s.evaluate(ctx, rules.Request{Method: rules.Get, Path: pathOf(s.db, k), Before: fieldsOf(v.Get(k))}); err != nil {
			return err
		}
	}
	return nil
}

// List judges a query, by what it asks for, not by its results.
func (s *Session) AuthorizeList(ctx context.Context, v store.View, q *query.Query) error {
	if s == nil {
		return nil
	}
	if q.Group == "" {
		return s.RequireServer("query all collections", q.Parent)
	}
	s.begin(s.store.Now(), reads{s.db, v}, false)
	path, asked := queryOf(s.db, q)
	return s.evaluate(ctx, rules.Request{Method: rules.List, Path: path, Query: asked})
}

// Admin refuses what only servers may do.
func (s *Session) RequireServer(what string, key resource.Key) error {
	if s == nil {
		return nil
	}
	path := pathOf(s.db, key)
	s.asked = append(s.asked, rules.Evaluation{
		Time: s.store.Now().Time(), Method: rules.List, Path: path, UID: s.who.UID(),
		Denial: &rules.Denial{Method: rules.List, Path: path, Limit: "only servers may " + what},
	})
	return errRefused()
}

// Commit is the judge of a commit's writes: each on the state that the writes before it left, and on the state after
// all of them. It is nil, as [txn.Manager.Commit] wants it, when there is nothing to judge.
func (s *Session) AuthorizeCommit(ctx context.Context, several bool) txn.Authorize {
	if s == nil {
		return nil
	}
	return func(tx *store.Tx, steps []txn.Step, failed error) error {
		s.begin(tx.Time, writes{reads{s.db, tx.Base().Latest()}, tx}, several || len(steps) > 1)
		if failed != nil {
			return s.precondition(ctx, steps[len(steps)-1], failed)
		}
		for _, step := range steps {
			if err := s.evaluate(ctx, s.request(step)); err != nil {
				return err
			}
		}
		return nil
	}
}

// precondition says that a write failed to those who may read its document.
func (s *Session) precondition(ctx context.Context, step txn.Step, failed error) error {
	switch status.Code(failed) {
	case codes.NotFound, codes.AlreadyExists, codes.FailedPrecondition:
	default:
		return failed
	}
	r := rules.Request{Method: rules.Get, Path: pathOf(s.db, step.Write.Key), Before: fieldsOf(step.Before)}
	if err := s.evaluate(ctx, r); err != nil {
		return err
	}
	return failed
}

func (s *Session) request(step txn.Step) rules.Request {
	r := rules.Request{Path: pathOf(s.db, step.Write.Key), Before: fieldsOf(step.Before)}
	switch {
	case step.Write.Kind == write.Verify:
		r.Method = rules.Get
	case step.Write.Kind == write.Delete:
		r.Method = rules.Delete
	case r.Before == nil:
		r.Method, r.After = rules.Create, fieldsOf(step.After)
	default:
		r.Method, r.After = rules.Update, fieldsOf(step.After)
	}
	return r
}

// begin forgets what was judged on another state.
func (s *Session) begin(at value.Micros, docs rules.Documents, several bool) {
	s.at, s.asked, s.refused = at, s.asked[:0], nil
	if several {
		s.access = rules.NewBatchAccess(docs)
	} else {
		s.access = rules.NewAccess(docs)
	}
}

func (s *Session) evaluate(ctx context.Context, r rules.Request) error {
	r.Service, r.Auth, r.Time, r.Access, r.Coverage = rules.Firestore, s.who.Auth, s.at.Time(), s.access, s.active.Coverage
	d := s.active.Rules.Evaluate(ctx, &r)
	s.asked = append(s.asked, rules.Evaluation{
		Time: r.Time, Method: r.Method, Path: r.Path, UID: s.who.UID(),
		Allowed: d.Allowed, Granted: d.Granted, Err: d.Err, Calls: d.Calls, Expressions: d.Expressions,
	})
	switch {
	case d.Allowed:
		return nil
	case ctx.Err() != nil:
		return status.FromContextError(ctx.Err()).Err()
	case d.Err != nil:
		return status.Errorf(codes.Internal, "The security rules could not be followed: %v", d.Err)
	}
	s.refused = &r
	return errRefused()
}

// Watched are the documents that rules have asked for.
func (s *Session) Dependencies() []resource.Key {
	if s == nil || s.access == nil {
		return nil
	}
	var keys []resource.Key
	for _, p := range s.access.Paths() {
		if k, ok := keyOf(s.db, p); ok {
			keys = append(keys, k)
		}
	}
	return keys
}

// End writes down what was decided, and why. It does so after everything else, as a commit is judged under a lock.
func (s *Session) End(ctx context.Context) {
	if s == nil || len(s.asked) == 0 {
		return
	}
	last := &s.asked[len(s.asked)-1]
	if s.refused != nil { // what it was judged by is immutable: it can be judged again to ask why
		s.refused.Explain, s.refused.Coverage = true, nil
		last.Denial = s.active.Rules.Evaluate(ctx, s.refused).Denial
	}
	calls := 0
	for _, j := range s.asked {
		calls += j.Calls
	}
	s.guard.calls.Add(uint64(calls))
	s.guard.log.Add(s.asked...)
	if last.Denial != nil {
		s.guard.logger.LogAttrs(ctx, slog.LevelInfo, "security rules refused a request",
			slog.String("method", last.Method.String()), slog.String("path", last.Path), slog.String("uid", last.UID),
			slog.String("why", last.Denial.String()))
	}
	if last.Err != nil {
		s.guard.logger.LogAttrs(ctx, slog.LevelError, "security rules could not be followed",
			slog.String("method", last.Method.String()), slog.String("path", last.Path), slog.Any("error", last.Err))
	}
	s.asked, s.refused = s.asked[:0], nil
}
