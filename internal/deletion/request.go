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

	"heek.kr/heektime/internal/schema"
)

// Claim is in the ID tokens of an account that is going to be deleted: when that can be taken back no more, in seconds since
// 1970. So a client that signs in knows, however it signs in.
const Claim = "deletion"

// ErrTooLate says that an account cannot be taken back any more.
var ErrTooLate = errors.New("the account is being deleted, and cannot be taken back any more")

// Request marks an account for deletion, which hides it, and ends its sessions. Asking again changes nothing. When it fails
// after the mark, the purge ends the sessions.
//
// Its user document is put into the mark: no query finds it any more. The username stays taken, for when it is taken back.
//
// Billed: 2 reads, 2 writes, 1 delete, and 2 reads for the function that hears of the delete.
func (s *Service) Request(ctx context.Context, uid string) (*schema.PendingDeletion, error) {
	at, err := s.documents(uid)
	if err != nil {
		return nil, err
	}
	var mark *schema.PendingDeletion
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snaps, err := tx.GetAll([]*firestore.DocumentRef{at.mark, at.user})
		if err != nil {
			return err
		}
		if snaps[0].Exists() {
			mark, err = decode(at.mark, snaps[0], nil)
			return err
		}
		now := s.now()
		mark = &schema.PendingDeletion{RequestedAt: now, Until: now.Add(Grace), Due: now.Add(Grace)}
		if snaps[1].Exists() {
			mark.User = snaps[1].Data()
			if err := tx.Delete(at.user); err != nil {
				return err
			}
		}
		return tx.Create(at.mark, mark)
	})
	if err != nil {
		return nil, fmt.Errorf("mark the account %s: %w", uid, err)
	}
	if mark.SignedOut || mark.Purging {
		return mark, nil
	}
	return mark, s.signOut(ctx, at, uid, mark)
}

// signOut ends the sessions of a marked account and lets its next ones know.
func (s *Service) signOut(ctx context.Context, at documents, uid string, mark *schema.PendingDeletion) error {
	if err := s.setClaim(ctx, uid, mark); err != nil {
		return err
	}
	if err := s.accounts.RevokeRefreshTokens(ctx, uid); err != nil && !firebaseauth.IsUserNotFound(err) {
		return fmt.Errorf("end the sessions of %s: %w", uid, err)
	}
	_, err := at.mark.Update(ctx, []firestore.Update{{Path: schema.FieldSignedOut, Value: true}})
	if status.Code(err) == codes.NotFound { // taken back meanwhile
		return s.setClaim(ctx, uid, nil)
	}
	return wrap(err, "note that %s is signed out", uid)
}

// signOutRest ends the sessions of accounts whose request stopped half-way. One that fails is tried again in the next run, and
// holds up nobody.
func (s *Service) signOutRest(ctx context.Context, r *Report) error {
	rest := schema.DeletionsNotSignedOut(s.firestore).Limit(page)
	for next := rest; ; {
		docs, err := next.Documents(ctx).GetAll()
		if err != nil {
			return fmt.Errorf("find the accounts that are not signed out: %w", err)
		}
		for _, doc := range docs {
			mark, err := decode(doc.Ref, doc, nil)
			if err == nil {
				err = s.signOut(ctx, documents{mark: doc.Ref}, doc.Ref.ID, mark)
			}
			if err != nil {
				r.Failed++
				s.log.ErrorContext(ctx, "an account that is to be deleted is not signed out; it will be tried again", "uid", doc.Ref.ID, "error", err.Error())
				continue
			}
			r.SignedOut++
		}
		if len(docs) < page {
			return nil
		}
		next = rest.StartAfter(docs[page-1])
	}
}

// setClaim makes the tokens of an account say what its mark says; mark is nil when it has none.
func (s *Service) setClaim(ctx context.Context, uid string, mark *schema.PendingDeletion) error {
	user, err := s.accounts.GetUser(ctx, uid)
	if firebaseauth.IsUserNotFound(err) {
		return nil // there are no tokens
	}
	if err != nil {
		return fmt.Errorf("look up the account %s: %w", uid, err)
	}
	claims := maps.Clone(user.CustomClaims)
	_, has := claims[Claim]
	switch {
	case mark != nil:
		if claims == nil {
			claims = map[string]any{}
		}
		claims[Claim] = mark.Until.Unix()
	case !has:
		return nil
	default:
		delete(claims, Claim)
	}
	if err := s.accounts.SetCustomUserClaims(ctx, uid, claims); err != nil && !firebaseauth.IsUserNotFound(err) {
		return fmt.Errorf("change what tokens of %s say: %w", uid, err)
	}
	return nil
}

// Restore takes an account back: everything is as it was, but for its sessions. Nothing happens to one that has no mark. The
// error wraps [ErrTooLate].
//
// Billed: 2 reads, 1 write, 1 delete.
func (s *Service) Restore(ctx context.Context, uid string) error {
	at, err := s.documents(uid)
	if err != nil {
		return err
	}
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snap, err := tx.Get(at.mark)
		mark, err := decode(at.mark, snap, err)
		if err != nil || mark == nil {
			return err
		}
		if mark.Purging || !mark.Until.After(s.now()) {
			return ErrTooLate
		}
		if err := s.putBack(tx, at, uid, mark); err != nil {
			return err
		}
		return tx.Delete(at.mark)
	})
	if err != nil {
		return fmt.Errorf("take the account %s back: %w", uid, err)
	}
	return s.setClaim(ctx, uid, nil)
}

// putBack writes the user document again, with the index of its name. If somebody else has the name, which nobody of ours
// brings about, the account comes back without, and its owner chooses another.
func (s *Service) putBack(tx *firestore.Transaction, at documents, uid string, mark *schema.PendingDeletion) error {
	if mark.User == nil {
		return nil
	}
	ref := schema.UsernameRef(s.firestore, mark.Username())
	if ref == nil { // no name, or one that no document can have, as the old system may have allowed
		return tx.Create(at.user, mark.User)
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
		s.log.Error("an account comes back without its username, which another has", "uid", uid, "username", ref.ID)
		return nil
	}
	return tx.Create(at.user, mark.User)
}

// PurgeNow makes the purge of an account due immediately, if a deletion is pending: for accounts that nobody can take
// back.
//
// Billed: 1 write.
func (s *Service) PurgeNow(ctx context.Context, uid string) error {
	at, err := s.documents(uid)
	if err != nil {
		return err
	}
	_, err = at.mark.Update(ctx, []firestore.Update{{Path: schema.FieldUntil, Value: s.now()}, {Path: schema.FieldDue, Value: s.now()}})
	if status.Code(err) == codes.NotFound {
		return nil
	}
	return wrap(err, "make the purge of %s due", uid)
}
