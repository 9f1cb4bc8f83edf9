package state

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// poll is how often servers read the state during a switch while they have calls, which bills 60 reads a second each.
const poll = 50 * time.Millisecond

// acknowledgedPoll is how often the tool reads which servers have acknowledged a change.
const acknowledgedPoll = 25 * time.Millisecond

// switching reports whether a switch is prepared or in progress, so that servers acknowledge the state.
func (s State) switching() bool { return s.Lease() < QuietLease }

// acknowledged reports whether every server that takes part in a switch decides by a state or a later one.
//
// It reads the servers after the state has changed. A server whose view is of this switch, but older than the state,
// wrote its document before it read that view, see [Viewer.joined]. So it is among those that are found here, with an
// older epoch. Servers with an epoch from before the switch was prepared have no view that is still valid, or do not
// take part yet.
func (s *Store) acknowledged(ctx context.Context, of State) (bool, error) {
	docs, err := schema.MigrationServers(s.client, of.Kind).Documents(ctx).GetAll()
	if err != nil {
		return false, fmt.Errorf("read which servers have acknowledged %v: %w", of, err)
	}
	for _, doc := range docs {
		if epoch := epochOf(doc); epoch >= of.prepared && epoch < of.Epoch {
			return false, nil
		}
	}
	return true, nil
}

func epochOf(doc *firestore.DocumentSnapshot) int64 {
	var server schema.MigrationServer
	if _, err := schema.Decode(doc.Ref, doc, nil, &server); err != nil {
		return 0
	}
	return server.Epoch
}

// awaitAcknowledged waits until servers have acknowledged a state, or the context ends.
func (s *Store) awaitAcknowledged(ctx context.Context, of State) bool {
	for {
		if all, err := s.acknowledged(ctx, of); err == nil && all {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(acknowledgedPoll):
		}
	}
}

// acknowledge writes that a server decides by a state or a later one.
func (s *Store) acknowledge(ctx context.Context, server string, of State) error {
	ref := schema.MigrationServers(s.client, of.Kind).Doc(server)
	if _, err := ref.Set(ctx, schema.MigrationServer{Epoch: of.Epoch, At: s.now()}.Fields()); err != nil {
		return fmt.Errorf("acknowledge %v: %w", of, err)
	}
	return nil
}

// forget deletes the documents of the servers that took part in earlier switches of a kind only: most of them have ended.
// It ignores errors, because these documents do no harm. The state must have changed before: then the tool of an earlier
// switch, if it is still at work, can no longer miss them.
func (s *Store) forget(ctx context.Context, prepared State) {
	docs, err := schema.MigrationServers(s.client, prepared.Kind).Documents(ctx).GetAll()
	if err != nil {
		return
	}
	for _, doc := range docs {
		if epochOf(doc) < prepared.Epoch {
			// A server that joins this switch meanwhile keeps its document.
			_, _ = doc.Ref.Delete(ctx, firestore.LastUpdateTime(doc.UpdateTime))
		}
	}
}
