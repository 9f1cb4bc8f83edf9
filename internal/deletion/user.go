package deletion

import (
	"context"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// User is for when users/{uid} was deleted, by whom only a server or an operator can be: it marks the account as due at once
// and purges it. username is the one that the document had, at is when it was deleted.
//
// Of an account that has a user document again it frees that name, if it is his no more, and nothing else; likewise of one that
// has a mark: its document was put into the mark, or its purge is under way. Once the mark stands, the purge is sure to go
// on, so an error is one of the time before.
//
// Billed: 2 reads when the account has a mark or lives, and what [Service.FreeUsername] bills when it has another name.
func (s *Service) User(ctx context.Context, uid, username string, at time.Time) error {
	marked, has, err := s.MarkForDeletion(ctx, uid, at)
	switch {
	case err != nil:
		return err
	case marked:
		s.purgeOne(ctx, uid, &Report{})
	case has != username:
		_, err := s.FreeUsername(ctx, uid, username)
		return err
	}
	return nil
}

// MarkForDeletion marks an account that has no user document as due at once, and says whether it did: not when it has a user document,
// or a mark already. Then username is the one that it has, or will have when it comes back.
//
// Billed: 2 reads, 1 write.
func (s *Service) MarkForDeletion(ctx context.Context, uid string, at time.Time) (marked bool, username string, err error) {
	docs, err := s.documents(uid)
	if err != nil {
		return false, "", err
	}
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		snaps, err := tx.GetAll([]*firestore.DocumentRef{docs.mark, docs.user})
		if err != nil {
			return err
		}
		mark, err := decode(docs.mark, snaps[0], nil)
		if err != nil {
			return err
		}
		marked, username = false, ""
		switch {
		case snaps[1].Exists():
			username = schema.UsernameOf(snaps[1])
			return nil
		case mark != nil:
			username = mark.Username()
			return nil
		}
		marked = true
		return tx.Create(docs.mark, schema.PendingDeletion{RequestedAt: at, Until: s.now(), Due: s.now(), Purging: true})
	})
	return marked, username, wrap(err, "mark the account %s, whose user document is gone", uid)
}
