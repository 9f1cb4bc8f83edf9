package deletion

import (
	"context"
	"time"

	"cloud.google.com/go/firestore"
)

// User is for when users/{uid} was deleted, by whom only a server or an operator can be: it marks the account as due at once
// and purges it. at is when that happened.
//
// It changes nothing of an account that has a user document again, but for names that are no longer his; and nothing of one
// that has a mark: its document was put into the mark, or its purge is under way. Once the mark stands, the purge is sure
// to go on, so an error is one of the time before.
//
// Billed: 2 reads when the account has a mark, what [Service.FreeUsernames] bills more when it lives.
func (s *Service) User(ctx context.Context, uid string, at time.Time) error {
	marked, lives, err := s.Mark(ctx, uid, at)
	switch {
	case err != nil:
		return err
	case lives:
		_, err := s.FreeUsernames(ctx, uid)
		return err
	case marked:
		s.purgeOne(ctx, uid, &Report{})
	}
	return nil
}

// Mark marks an account that has no user document as due at once, and says whether it did: not when it has a user document,
// or a mark already.
//
// Billed: 2 reads, 1 write.
func (s *Service) Mark(ctx context.Context, uid string, at time.Time) (marked, lives bool, err error) {
	docs, err := s.documents(uid)
	if err != nil {
		return false, false, err
	}
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snaps, err := tx.GetAll([]*firestore.DocumentRef{docs.mark, docs.user})
		if err != nil {
			return err
		}
		marked, lives = false, snaps[1].Exists()
		if lives || snaps[0].Exists() {
			return nil
		}
		marked = true
		return tx.Create(docs.mark, Mark{RequestedAt: at, Until: s.now(), Due: s.now(), Purging: true})
	})
	return marked, lives, wrap(err, "mark the account %s, whose user document is gone", uid)
}
