package deletion

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/schema"
)

// hidden is the document of a hidden account, nil if there is none, as it was at a version.
type hidden struct {
	*schema.PendingDeletion
	version time.Time
}

// errChanged means that the document of a hidden account has changed since it was read.
var errChanged = errors.New("the pending deletion has changed since it was read")

// settle makes Authentication agree with the document of a hidden account: it ends the sessions, sets or
// removes [Claim], and disables or enables the account. Then it records this in the document, on the
// condition that the document has not changed. If it has, because somebody else requested, restored,
// blocked or unblocked at the same time, settle starts again from the new document. So the last change of
// the document always wins, in whichever order the calls to Authentication arrive.
//
// If there is no document, or no longer one, it removes the claim and what the last block did. Nothing can
// be recorded then, so it reads once more: without a document, the account is as it should be.
//
// A purge takes over from settle.
func (s *Service) settle(ctx context.Context, refs documents, uid string, h hidden) error {
	var last *schema.Block // the last block that settle may have applied
	for h.PendingDeletion == nil || !h.Purging {
		var err error
		if last, err = s.apply(ctx, uid, h.PendingDeletion, last); err != nil {
			return err
		}
		if h.PendingDeletion != nil {
			if err := s.record(ctx, refs, uid, h); !errors.Is(err, errChanged) {
				return err
			}
		}
		snap, err := refs.pending.Get(ctx)
		current, err := decode(refs.pending, snap, err)
		switch {
		case err != nil:
			return err
		case current == nil && h.PendingDeletion == nil:
			return nil
		}
		h = hidden{PendingDeletion: current}
		if current != nil {
			h.version = snap.UpdateTime
		}
	}
	return nil
}

// record records that Authentication agrees with the document. If the account is being unblocked, it
// removes the block, and restores the user document unless a deletion is pending. The error may be
// [errChanged].
func (s *Service) record(ctx context.Context, refs documents, uid string, h hidden) error {
	var err error
	if h.Block != nil && h.Block.Lifting {
		err = s.lift(ctx, refs, uid, h)
	} else {
		_, err = refs.pending.Update(ctx, []firestore.Update{{Path: schema.FieldSignedOut, Value: true}}, firestore.LastUpdateTime(h.version))
	}
	switch code := status.Code(err); {
	case code == codes.NotFound, code == codes.FailedPrecondition, errors.Is(err, errChanged):
		return errChanged
	case err != nil:
		return fmt.Errorf("record the sign-out of %s: %w", uid, err)
	}
	return nil
}

// lift removes a block.
func (s *Service) lift(ctx context.Context, refs documents, uid string, h hidden) error {
	return s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snap, err := tx.Get(refs.pending)
		pending, err := decode(refs.pending, snap, err)
		switch {
		case err != nil:
			return err
		case pending == nil || !snap.UpdateTime.Equal(h.version):
			return errChanged
		case pending.IsDeleting():
			return tx.Update(refs.pending, []firestore.Update{
				{Path: schema.FieldBlock, Value: firestore.Delete}, {Path: schema.FieldSignedOut, Value: true},
			})
		}
		if err := s.restoreUser(tx, refs, uid, pending); err != nil {
			return err
		}
		return tx.Delete(refs.pending)
	})
}

// apply does everything in Authentication that the document of a hidden account says, nil if there is none.
// It may be repeated. last is the block that was applied before, nil if none was; apply lifts it if the
// document has no block anymore, and returns the block that is applied now.
func (s *Service) apply(ctx context.Context, uid string, pending *schema.PendingDeletion, last *schema.Block) (*schema.Block, error) {
	block := last
	if pending != nil && pending.Block != nil {
		block = pending.Block
	} else if last != nil {
		lifted := *last
		lifted.Lifting = true
		block = &lifted
	}
	if err := s.applyBlock(ctx, uid, block); err != nil {
		return nil, err
	}
	if err := s.setClaim(ctx, uid, pending); err != nil {
		return nil, err
	}
	if pending == nil || pending.Block != nil && pending.Block.Lifting {
		return block, nil // a block has ended the sessions, and so has a deletion
	}
	if err := s.accounts.RevokeRefreshTokens(ctx, uid); err != nil && !firebaseauth.IsUserNotFound(err) {
		return nil, fmt.Errorf("end the sessions of %s: %w", uid, err)
	}
	return block, nil
}

// applyBlock disables an account, or restores its state from before the block if that is being lifted.
//
// An account that is not in Authentication is created there, disabled and without a way to sign in. Otherwise
// a custom token from before the block, or a migration, would create it enabled.
func (s *Service) applyBlock(ctx context.Context, uid string, block *schema.Block) error {
	if block == nil || utf8.RuneCountInString(uid) > maxUIDLength {
		return nil
	}
	disable := !block.Lifting || block.Before == schema.AccountDisabled
	for {
		user, err := s.accounts.GetUser(ctx, uid)
		switch {
		case firebaseauth.IsUserNotFound(err) && block.Lifting:
			return nil
		case firebaseauth.IsUserNotFound(err):
			_, err := s.accounts.CreateUser(ctx, (&firebaseauth.UserToCreate{}).UID(uid).Disabled(true))
			if firebaseauth.IsUIDAlreadyExists(err) {
				continue // a migration has just created it
			}
			if err != nil {
				return fmt.Errorf("create the disabled account %s: %w", uid, err)
			}
			return nil
		case err != nil:
			return fmt.Errorf("look up the account %s: %w", uid, err)
		case block.Lifting && block.Before == schema.AccountMissing && user.Disabled && len(user.ProviderUserInfo) == 0:
			_, err := s.deleteAccount(ctx, uid) // the one that the block created
			return err
		case user.Disabled == disable:
			return nil
		}
		_, err = s.accounts.UpdateUser(ctx, uid, (&firebaseauth.UserToUpdate{}).Disabled(disable))
		if firebaseauth.IsUserNotFound(err) {
			continue // deleted in the meantime
		}
		if err != nil {
			return fmt.Errorf("disable or enable the account %s: %w", uid, err)
		}
		return nil
	}
}
