package deletion

import (
	"context"
	"fmt"
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
// Billed: 2 reads when the account is marked, 1 more and 3 for each name that is no longer his when it lives.
func (s *Service) User(ctx context.Context, uid string, at time.Time) error {
	docs, err := s.documents(uid)
	if err != nil {
		return err
	}
	var lives, marked bool
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snaps, err := read(tx, docs.mark, docs.user)
		if err != nil {
			return err
		}
		marked, lives = snaps[0].Exists(), snaps[1].Exists()
		if marked || lives {
			return nil
		}
		return tx.Create(docs.mark, Mark{RequestedAt: at, Until: s.now(), Due: s.now(), Purging: true})
	})
	switch {
	case err != nil:
		return fmt.Errorf("mark the account %s, whose user document is gone: %w", uid, err)
	case lives && !marked:
		_, err := s.FreeUsernames(ctx, uid)
		return err
	case marked:
		return nil
	}
	s.purgeOne(ctx, uid, &Report{})
	return nil
}
