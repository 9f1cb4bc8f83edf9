package deletion

import (
	"context"
	"fmt"
	"time"

	"heek.kr/heektime/internal/schema"
)

// PurgeBound is how long after the end of its grace period an account is purged at the latest. A purge
// runs every hour, a second one an hour after the first, and the largest accounts need a few more.
const PurgeBound = 24 * time.Hour

// Overdue is an account that still exists although it should have been purged.
type Overdue struct {
	UID string
	// Until is when the account could be restored last.
	Until time.Time
}

// FindOverdue returns the account that is overdue the longest, nil if none is.
//
// Billed: 1 read.
func (s *Service) FindOverdue(ctx context.Context) (*Overdue, error) {
	docs, err := schema.OverdueDeletions(s.firestore, s.now().Add(-PurgeBound)).Limit(1).Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("find accounts whose purge is late: %w", err)
	}
	if len(docs) == 0 {
		return nil, nil
	}
	until, _ := docs[0].Data()[schema.FieldUntil].(time.Time) // the query returns only times
	return &Overdue{docs[0].Ref.ID, until}, nil
}
