package guard

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/firestore/internal/txn"
	"heek.kr/heektime/emulator/firestore/internal/write"
	"heek.kr/heektime/emulator/rules"
)

// AuthorizeCommit returns a function that authorizes the writes of a commit. Rules see each write
// on the state that the writes before it left; getAfter() sees the state after all of them. It
// returns nil, which [txn.Manager.Commit] takes as no check, when rules do not apply. batch tells
// whether the commit may read more documents than a single request, as a transaction may.
func (s *Session) AuthorizeCommit(ctx context.Context, batch bool) txn.Authorize {
	if s == nil {
		return nil
	}
	return func(tx *store.Tx, steps []txn.Step, failed error) error {
		// The time of a write is that of its server timestamps, so that rules can compare them:
		// https://firebase.google.com/docs/reference/rules/rules.firestore.Request#time
		s.reset(tx.Time.Truncate(), writes{reads{s.db, tx.Base().Latest()}, tx}, batch || len(steps) > 1)
		if failed != nil {
			return s.authorizeFailure(ctx, steps[len(steps)-1], failed)
		}
		for _, step := range steps {
			if err := s.evaluate(ctx, s.request(step)); err != nil {
				return err
			}
		}
		return nil
	}
}

// authorizeFailure returns the error of a write whose precondition failed to callers that may get
// the document, and denies all others.
func (s *Session) authorizeFailure(ctx context.Context, step txn.Step, failed error) error {
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

// request converts a write for rules.
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
