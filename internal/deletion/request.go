package deletion

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/errwrap"
	"heek.kr/heektime/internal/schema"
)

// Claim is a custom claim in the ID tokens of an account whose deletion is pending: until when the
// account can be restored, in seconds since 1970. Clients see it however they sign in.
const Claim = "deletion"

// ErrTooLate means that an account can no longer be restored.
var ErrTooLate = errors.New("the account is being deleted and can no longer be restored")

// Request makes the deletion of an account pending, which hides the account, and ends its sessions.
// Calling it again changes nothing. If it fails after the first of the two steps, the purge ends the
// sessions.
//
// The user document moves into the pending deletion, so that no query finds it. The username stays
// taken in case the account is restored.
//
// Billed: 2 reads, 2 writes, 1 delete, and 2 reads for the function that the delete triggers.
func (s *Service) Request(ctx context.Context, uid string) (*schema.PendingDeletion, error) {
	refs, err := s.documents(uid)
	if err != nil {
		return nil, err
	}
	var pending *schema.PendingDeletion
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snaps, err := tx.GetAll([]*firestore.DocumentRef{refs.pending, refs.user})
		if err != nil {
			return err
		}
		if snaps[0].Exists() {
			pending, err = decode(refs.pending, snaps[0], nil)
			return err
		}
		now := s.now()
		pending = &schema.PendingDeletion{RequestedAt: now, Until: now.Add(Grace), Due: now.Add(Grace)}
		if snaps[1].Exists() {
			pending.User = snaps[1].Data()
			if err := tx.Delete(refs.user); err != nil {
				return err
			}
		}
		return tx.Create(refs.pending, pending)
	})
	if err != nil {
		return nil, fmt.Errorf("mark the account %s for deletion: %w", uid, err)
	}
	if pending.SignedOut || pending.Purging {
		return pending, nil
	}
	return pending, s.signOut(ctx, refs, uid, pending)
}

// signOut ends the sessions of an account and sets [Claim] for its next ones.
func (s *Service) signOut(ctx context.Context, refs documents, uid string, pending *schema.PendingDeletion) error {
	if err := s.setClaim(ctx, uid, pending); err != nil {
		return err
	}
	if err := s.accounts.RevokeRefreshTokens(ctx, uid); err != nil && !firebaseauth.IsUserNotFound(err) {
		return fmt.Errorf("end the sessions of %s: %w", uid, err)
	}
	_, err := refs.pending.Update(ctx, []firestore.Update{{Path: schema.FieldSignedOut, Value: true}})
	if status.Code(err) == codes.NotFound { // restored in the meantime
		return s.setClaim(ctx, uid, nil)
	}
	return errwrap.Wrap(err, "record that %s is signed out", uid)
}

// resumeSignOuts ends the sessions of accounts whose request stopped halfway. An account that fails is
// logged and retried in the next run; the others are not affected.
func (s *Service) resumeSignOuts(ctx context.Context, r *Report) error {
	query := schema.DeletionsNotSignedOut(s.firestore).Limit(page)
	for next := query; ; {
		docs, err := next.Documents(ctx).GetAll()
		if err != nil {
			return fmt.Errorf("find accounts that are not signed out: %w", err)
		}
		for _, doc := range docs {
			pending, err := decode(doc.Ref, doc, nil)
			if err == nil {
				err = s.signOut(ctx, documents{pending: doc.Ref}, doc.Ref.ID, pending)
			}
			if err != nil {
				r.Failed++
				s.log.ErrorContext(ctx, "signing out an account with a pending deletion failed; it will be retried",
					"uid", doc.Ref.ID, "error", err.Error())
				continue
			}
			r.SignedOut++
		}
		if len(docs) < page {
			return nil
		}
		next = query.StartAfter(docs[page-1])
	}
}

// setClaim sets [Claim] for an account, or removes it if pending is nil.
func (s *Service) setClaim(ctx context.Context, uid string, pending *schema.PendingDeletion) error {
	user, err := s.accounts.GetUser(ctx, uid)
	if firebaseauth.IsUserNotFound(err) {
		return nil // nobody can have tokens
	}
	if err != nil {
		return fmt.Errorf("look up the account %s: %w", uid, err)
	}
	claims := maps.Clone(user.CustomClaims)
	_, has := claims[Claim]
	switch {
	case pending != nil:
		if claims == nil {
			claims = map[string]any{}
		}
		claims[Claim] = pending.Until.Unix()
	case !has:
		return nil
	default:
		delete(claims, Claim)
	}
	if err := s.accounts.SetCustomUserClaims(ctx, uid, claims); err != nil && !firebaseauth.IsUserNotFound(err) {
		return fmt.Errorf("change the custom claims of %s: %w", uid, err)
	}
	return nil
}

// Restore restores everything of an account except its sessions. It does nothing if no deletion is
// pending, and returns an error that wraps [ErrTooLate] if the purge may have begun.
//
// Billed: 2 reads, 1 write, 1 delete.
func (s *Service) Restore(ctx context.Context, uid string) error {
	refs, err := s.documents(uid)
	if err != nil {
		return err
	}
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snap, err := tx.Get(refs.pending)
		pending, err := decode(refs.pending, snap, err)
		if err != nil || pending == nil {
			return err
		}
		if pending.Purging || !pending.Until.After(s.now()) {
			return ErrTooLate
		}
		if err := s.restoreUser(tx, refs, uid, pending); err != nil {
			return err
		}
		return tx.Delete(refs.pending)
	})
	if err != nil {
		return fmt.Errorf("restore the account %s: %w", uid, err)
	}
	return s.setClaim(ctx, uid, nil)
}

// restoreUser writes the user document and the index document of its username. If the username
// belongs to somebody else, which no code of ours causes, the account is restored without a user
// document, and its owner chooses another name.
func (s *Service) restoreUser(tx *firestore.Transaction, refs documents, uid string, pending *schema.PendingDeletion) error {
	if pending.User == nil {
		return nil
	}
	ref := schema.UsernameRef(s.firestore, pending.Username())
	if ref == nil { // no name, or one of the old system that cannot be a document id
		return tx.Create(refs.user, pending.User)
	}
	index, err := tx.Get(ref)
	switch {
	case status.Code(err) == codes.NotFound:
		if err := tx.Create(ref, schema.Username{UID: uid}); err != nil {
			return err
		}
	case err != nil:
		return err
	case schema.UIDOf(index) != uid:
		s.log.Error("restored an account without its username, which belongs to another user", "uid", uid, "username", ref.ID)
		return nil
	}
	return tx.Create(refs.user, pending.User)
}

// PurgeNow makes a pending deletion due immediately, for accounts that nobody can restore. It does
// nothing if no deletion is pending.
//
// Billed: 1 write.
func (s *Service) PurgeNow(ctx context.Context, uid string) error {
	refs, err := s.documents(uid)
	if err != nil {
		return err
	}
	_, err = refs.pending.Update(ctx, []firestore.Update{{Path: schema.FieldUntil, Value: s.now()}, {Path: schema.FieldDue, Value: s.now()}})
	if status.Code(err) == codes.NotFound {
		return nil
	}
	return errwrap.Wrap(err, "make the purge of %s due", uid)
}
