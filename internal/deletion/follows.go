package deletion

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// removeFollows removes the follows of an account by others, its own, and its counts, and counts them in p. A function
// corrects how many followers those have whom the account followed. It stops early, with p.More, after it removed as many
// documents as a purge may.
//
// Billed for n followers, and m whom the account followed: 2n + m reads, but at least 3, n writes, and n + m deletes, 2 more for
// the counts.
func (s *Service) removeFollows(ctx context.Context, user *firestore.DocumentRef, p *Purged) error {
	for {
		n, more, err := s.removeFollowers(ctx, user.ID)
		if err != nil {
			return err
		}
		if p.Follows += n; !more {
			break
		}
		if p.Follows >= s.turn {
			p.More = true
			return nil
		}
	}
	always := func(*firestore.Transaction, int) error { return nil }
	for _, query := range []firestore.Query{schema.Follows(user).Select(), schema.CountsOf(user).Select()} {
		for {
			_, more, err := s.removeBatch(ctx, user, query, always)
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
	}
	return nil
}

// removeFollowers removes up to [BatchSize] follows of an account by others, and subtracts them from how many those
// follow. It reports whether there may be more.
func (s *Service) removeFollowers(ctx context.Context, uid string) (removed int, more bool, err error) {
	query := schema.FollowsOf(s.firestore, uid).Select().Limit(BatchSize)
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		follows, err := tx.Documents(query).GetAll()
		if removed = len(follows); err != nil || removed == 0 {
			return err
		}
		refs := make([]*firestore.DocumentRef, removed)
		for i, follow := range follows {
			refs[i] = schema.FollowingRef(schema.Follower(follow.Ref))
		}
		counts, err := tx.GetAll(refs)
		if err != nil {
			return err
		}
		for i, follow := range follows {
			if err := tx.Delete(follow.Ref); err != nil {
				return err
			}
			if !counts[i].Exists() {
				continue
			}
			following := schema.Following{Count: max(0, schema.ReadFollowing(counts[i]).Count-1), UID: uid}
			if err := tx.Set(refs[i], following.Fields()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, false, fmt.Errorf("remove the follows of %s by others: %w", uid, err)
	}
	return removed, removed == BatchSize, nil
}
