package deletion

import (
	"context"
	"fmt"

	"heek.kr/heektime/internal/schema"
)

// forgetDevices removes the subscriptions of an account that has no user document, so that its devices get no more
// notifications: it is hidden or deleted. If it is restored, apps subscribe their devices again when the user is back
// (docs/push.md). A function removes the devices from their topics.
//
// Billed: 1 read if there is a user document; otherwise 2, and for each subscription a delete and, from the second
// on, a read.
func (s *Service) forgetDevices(ctx context.Context, uid string) error {
	refs, err := s.documents(uid)
	if err != nil {
		return err
	}
	var user schema.User
	if exists, err := schema.Read(ctx, refs.user, &user); err != nil || exists {
		return err
	}
	_, err = s.removeSubscriptions(ctx, uid)
	return err
}

// removeSubscriptions removes all subscriptions of an account and returns how many.
//
// Billed for n subscriptions: n reads, but at least 1, and n deletes.
func (s *Service) removeSubscriptions(ctx context.Context, uid string) (removed int, err error) {
	refs, err := s.documents(uid)
	if err != nil {
		return 0, err
	}
	for {
		docs, err := schema.SubscriptionsOf(refs.user).Documents(ctx).GetAll()
		if err != nil {
			return removed, fmt.Errorf("read the subscriptions of %s: %w", uid, err)
		}
		if len(docs) == 0 {
			return removed, nil
		}
		for _, doc := range docs {
			if _, err := doc.Ref.Delete(ctx); err != nil {
				return removed, fmt.Errorf("remove %s: %w", schema.Path(doc.Ref), err)
			}
			removed++
		}
		if len(docs) < 2*schema.MaxSubscriptions {
			return removed, nil
		}
	}
}
