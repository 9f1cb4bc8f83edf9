package deletion

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/internal/schema"
)

// ErrPurging means that an account is being purged, so it can be neither blocked nor unblocked.
var ErrPurging = errors.New("the account is being purged")

// Block blocks an account: nobody can sign in to it, its sessions end, others do not see it, and the rules
// deny its writes. Its data stays. A deletion that is pending, or is requested later, continues; its owner
// cannot cancel it, because they cannot sign in.
//
// reason is a note for operators. Blocking again keeps the reason if it is "", and changes nothing else. If
// Block fails, the account may be hidden but not signed out yet; repeating it or the hourly purge completes
// it. The error wraps [ErrPurging] if there is nothing left to block.
//
// Billed: 2 reads, 2 writes, 1 delete, and 2 reads for the function that the delete triggers.
func (s *Service) Block(ctx context.Context, uid, reason string) (*schema.PendingDeletion, error) {
	refs, err := s.documents(uid)
	if err != nil {
		return nil, err
	}
	h, err := s.hide(ctx, refs, func(pending *schema.PendingDeletion) ([]firestore.Update, error) {
		switch old := pending.Block; {
		case pending.Purging:
			return nil, ErrPurging
		case old == nil:
			// Read within the transaction, so that it is not the state that an earlier block is about to undo.
			before, err := s.accountState(ctx, uid)
			if err != nil {
				return nil, err
			}
			pending.Block = &schema.Block{At: s.now(), Reason: reason, Before: before}
		case !old.Lifting && (reason == "" || reason == old.Reason):
			return nil, nil
		default:
			old.Reason, old.Lifting = cmp.Or(reason, old.Reason), false
		}
		return []firestore.Update{{Path: schema.FieldBlock, Value: pending.Block}}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("block the account %s: %w", uid, err)
	}
	return h.PendingDeletion, s.settle(ctx, refs, uid, h)
}

// Unblock restores everything of a blocked account except its sessions. It reports whether the account was
// blocked. If a deletion is pending, it stays pending, and the owner can sign in again to cancel it.
//
// If Unblock fails, the account may be able to sign in but is still hidden; repeating it or the hourly purge
// completes it. The error wraps [ErrPurging] if there is nothing left to unblock.
//
// Billed: 3 reads, 2 writes, 1 delete.
func (s *Service) Unblock(ctx context.Context, uid string) (wasBlocked bool, err error) {
	refs, err := s.documents(uid)
	if err != nil {
		return false, err
	}
	var h hidden
	var committed firestore.CommitResponse
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		h = hidden{}
		snap, err := tx.Get(refs.pending)
		pending, err := decode(refs.pending, snap, err)
		switch {
		case err != nil || pending == nil || !pending.IsBlocked():
			return err
		case pending.Purging:
			return ErrPurging
		}
		pending.Block.Lifting, pending.SignedOut = true, false
		h.PendingDeletion = pending
		return tx.Update(refs.pending, []firestore.Update{
			{Path: schema.FieldBlock, Value: pending.Block}, {Path: schema.FieldSignedOut, Value: false},
		})
	}, firestore.WithCommitResponseTo(&committed))
	if err != nil {
		return false, fmt.Errorf("unblock the account %s: %w", uid, err)
	}
	if h.PendingDeletion == nil {
		return false, nil
	}
	h.version = committed.CommitTime()
	return true, s.settle(ctx, refs, uid, h)
}

// accountState returns the state of an account in Authentication.
func (s *Service) accountState(ctx context.Context, uid string) (schema.AccountState, error) {
	user, err := s.accounts.GetUser(ctx, uid)
	switch {
	case firebaseauth.IsUserNotFound(err):
		return schema.AccountMissing, nil
	case err != nil:
		return "", fmt.Errorf("look up the account %s: %w", uid, err)
	case user.Disabled:
		return schema.AccountDisabled, nil
	}
	return schema.AccountEnabled, nil
}
