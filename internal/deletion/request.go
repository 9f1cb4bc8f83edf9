package deletion

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

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
	h, err := s.hide(ctx, refs, func(pending *schema.PendingDeletion) ([]firestore.Update, error) {
		if pending.IsDeleting() {
			return nil, nil
		}
		now := s.now()
		pending.RequestedAt, pending.Until, pending.Due = now, now.Add(Grace), now.Add(Grace)
		return []firestore.Update{
			{Path: schema.FieldRequestedAt, Value: pending.RequestedAt}, {Path: schema.FieldUntil, Value: pending.Until},
			{Path: schema.FieldDue, Value: pending.Due},
		}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("mark the account %s for deletion: %w", uid, err)
	}
	if h.SignedOut || h.Purging {
		return h.PendingDeletion, nil
	}
	return h.PendingDeletion, s.settle(ctx, refs, uid, h)
}

// hide moves the user document into the pending deletion, unless the account is hidden already, and changes
// the pending deletion. change changes its argument, and returns the same changes for a document that
// exists, none if there is nothing to do.
func (s *Service) hide(
	ctx context.Context, refs documents, change func(*schema.PendingDeletion) ([]firestore.Update, error),
) (h hidden, err error) {
	var committed firestore.CommitResponse
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snaps, err := tx.GetAll([]*firestore.DocumentRef{refs.pending, refs.user})
		if err != nil {
			return err
		}
		if snaps[0].Exists() {
			pending, err := decode(refs.pending, snaps[0], nil)
			if err != nil {
				return err
			}
			h = hidden{pending, snaps[0].UpdateTime}
			updates, err := change(pending)
			if err != nil || updates == nil {
				return err
			}
			h.version, pending.SignedOut = time.Time{}, false
			return tx.Update(refs.pending, append(updates, firestore.Update{Path: schema.FieldSignedOut, Value: false}))
		}
		h = hidden{PendingDeletion: &schema.PendingDeletion{}}
		if _, err := change(h.PendingDeletion); err != nil {
			return err
		}
		if snaps[1].Exists() {
			h.User = snaps[1].Data()
			if err := tx.Delete(refs.user); err != nil {
				return err
			}
		}
		return tx.Create(refs.pending, h.PendingDeletion)
	}, firestore.WithCommitResponseTo(&committed))
	if h.version.IsZero() && err == nil {
		h.version = committed.CommitTime()
	}
	return h, err
}

// resumeSignOuts completes requests, blocks and unblocks that stopped halfway. An account that fails is
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
				refs := documents{doc.Ref, schema.UserRef(s.firestore, doc.Ref.ID)}
				err = s.settle(ctx, refs, doc.Ref.ID, hidden{pending, doc.UpdateTime})
			}
			if err != nil {
				r.Failed++
				s.log.ErrorContext(ctx, "signing out a hidden account failed; it will be retried",
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

// setClaim sets [Claim] for an account whose deletion is pending, and removes it otherwise.
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
	case pending != nil && pending.IsDeleting():
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
// pending, and returns an error that wraps [ErrTooLate] if the purge may have begun. A blocked account
// stays blocked.
//
// Billed: 3 reads, 1 write, 1 delete.
func (s *Service) Restore(ctx context.Context, uid string) error {
	refs, err := s.documents(uid)
	if err != nil {
		return err
	}
	var h hidden
	var committed firestore.CommitResponse
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		h = hidden{}
		snap, err := tx.Get(refs.pending)
		pending, err := decode(refs.pending, snap, err)
		if err != nil || pending == nil || !pending.IsDeleting() {
			return err
		}
		if pending.Purging || !pending.Until.After(s.now()) {
			return ErrTooLate
		}
		if pending.IsBlocked() {
			pending.RequestedAt, pending.Until, pending.Due, pending.SignedOut = time.Time{}, time.Time{}, time.Time{}, false
			h.PendingDeletion = pending
			return tx.Update(refs.pending, []firestore.Update{
				{Path: schema.FieldRequestedAt, Value: firestore.Delete}, {Path: schema.FieldUntil, Value: firestore.Delete},
				{Path: schema.FieldDue, Value: firestore.Delete}, {Path: schema.FieldSignedOut, Value: false},
			})
		}
		if err := s.restoreUser(tx, refs, uid, pending); err != nil {
			return err
		}
		return tx.Delete(refs.pending)
	}, firestore.WithCommitResponseTo(&committed))
	if err != nil {
		return fmt.Errorf("restore the account %s: %w", uid, err)
	}
	if h.PendingDeletion != nil {
		h.version = committed.CommitTime()
	}
	return s.settle(ctx, refs, uid, h)
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
// Billed: 1 read, 1 write.
func (s *Service) PurgeNow(ctx context.Context, uid string) error {
	refs, err := s.documents(uid)
	if err != nil {
		return err
	}
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snap, err := tx.Get(refs.pending)
		pending, err := decode(refs.pending, snap, err)
		if err != nil || pending == nil || !pending.IsDeleting() { // a block alone never becomes a deletion
			return err
		}
		return tx.Update(refs.pending, []firestore.Update{{Path: schema.FieldUntil, Value: s.now()}, {Path: schema.FieldDue, Value: s.now()}})
	})
	return errwrap.Wrap(err, "make the purge of %s due", uid)
}
