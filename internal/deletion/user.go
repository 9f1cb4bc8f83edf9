package deletion

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/errwrap"
	"heek.kr/heektime/internal/schema"
)

// PurgeDeletedUser purges an account whose document users/{uid} was deleted at the given time. Only
// a server or an operator can delete that document. username is the one that the document had.
//
// If the account has a user document again, or its deletion is pending already (Request deleted the
// document, or a purge is running), PurgeDeletedUser only frees the username, and only if the account
// does not use it. Once the deletion is pending, the hourly purge retries what fails, so an error
// means that it is not pending yet.
//
// Billed: 2 reads if the account has a user document or a pending deletion, and what
// [Service.FreeUsername] bills if its username differs.
func (s *Service) PurgeDeletedUser(ctx context.Context, uid, username string, at time.Time) error {
	marked, current, err := s.MarkForDeletion(ctx, uid, at)
	switch {
	case err != nil:
		return err
	case marked:
		s.purgeOne(ctx, uid, &Report{})
	case current != username:
		_, err := s.FreeUsername(ctx, uid, username)
		return err
	}
	return nil
}

// MarkForDeletion creates a pending deletion that is due immediately, and reports whether it did.
// It does nothing if the account has a user document or a pending deletion; it then returns the
// username that the account has, or will have when it is restored.
//
// Billed: 2 reads, 1 write.
func (s *Service) MarkForDeletion(ctx context.Context, uid string, at time.Time) (marked bool, username string, err error) {
	refs, err := s.documents(uid)
	if err != nil {
		return false, "", err
	}
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snaps, err := tx.GetAll([]*firestore.DocumentRef{refs.pending, refs.user})
		if err != nil {
			return err
		}
		pending, err := decode(refs.pending, snaps[0], nil)
		if err != nil {
			return err
		}
		marked, username = false, ""
		switch {
		case snaps[1].Exists():
			username = schema.UsernameOf(snaps[1])
			return nil
		case pending != nil:
			username = pending.Username()
			return nil
		}
		marked = true
		return tx.Create(refs.pending, schema.PendingDeletion{RequestedAt: at, Until: s.now(), Due: s.now(), Purging: true})
	})
	return marked, username, errwrap.Wrap(err, "mark the account %s, which has no user document, for deletion", uid)
}

// Evict deletes an account that somebody had no right to create, immediately and without a way back: it
// removes the user document and the account in Authentication, and makes the purge due, which removes
// everything else. If Evict fails or is killed, repeating it or the purge completes it.
//
// Billed: 2 reads, 1 write, 1 delete if there is a user document, and what the function bills that the
// delete triggers.
func (s *Service) Evict(ctx context.Context, uid string) error {
	refs, err := s.documents(uid)
	if err != nil {
		return err
	}
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snaps, err := tx.GetAll([]*firestore.DocumentRef{refs.pending, refs.user})
		if err != nil {
			return err
		}
		pending, err := decode(refs.pending, snaps[0], nil)
		if err != nil {
			return err
		}
		if snaps[1].Exists() {
			if err := tx.Delete(refs.user); err != nil {
				return err
			}
		}
		now := s.now()
		switch {
		case pending == nil:
			return tx.Create(refs.pending, schema.PendingDeletion{RequestedAt: now, Until: now, Due: now, Purging: true})
		case pending.Purging:
			return nil
		}
		return tx.Update(refs.pending, []firestore.Update{
			{Path: schema.FieldRequestedAt, Value: now}, {Path: schema.FieldUntil, Value: now}, {Path: schema.FieldDue, Value: now},
			{Path: schema.FieldPurging, Value: true},
		})
	})
	if err != nil {
		return fmt.Errorf("mark the account %s for immediate deletion: %w", uid, err)
	}
	_, err = s.deleteAccount(ctx, uid)
	return err
}
