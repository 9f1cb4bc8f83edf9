package functions

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"golang.org/x/sync/singleflight"

	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

// topics makes the topics of users' devices follow their timetables. It adds tasks for the push service, which does
// the work: many events of a user within some seconds are one task.
type topics struct {
	firestore *firestore.Client
	queue     *taskqueue.Queue
	log       *slog.Logger
	now       func() time.Time

	checks singleflight.Group // by user: the events of one commit arrive together

	mu sync.Mutex
	// covered is the time up to which changes of a user need nothing more, because a task that is added reads the
	// timetable later, or would if the user had a device. It is Firestore's time, so clocks are not compared.
	covered map[string]time.Time
}

// maxCovered bounds the users in memory. Beyond it, the function reads again.
const maxCovered = 10_000

// LectureWritten handles a lecture of a timetable that was added, changed or deleted. Only its identifier matters.
// The lectures of a deleted timetable are deleted, too, so nothing else needs to be handled.
//
// Billed: 1 read, none for what the user changes in the next ten minutes; 1 task if the user has a device.
func (t *topics) LectureWritten(ctx context.Context, e cloudevent.Event) error {
	uid, ok := schema.SplitLecturePath(e.Path)
	if !ok {
		return fmt.Errorf("%w: its document is %s", cloudevent.ErrPermanent, strings.Join(e.Path, "/"))
	}
	if e.Text(schema.FieldIdentifier) == e.NewText(schema.FieldIdentifier) {
		return nil
	}
	for !t.isCovered(uid, e.Time) {
		mine := false
		_, err, _ := t.checks.Do(uid, func() (any, error) { mine = true; return nil, t.check(ctx, uid, e.Time) })
		if err != nil {
			return err
		}
		if mine {
			return nil // it began after the change
		}
	}
	return nil
}

// check adds a task if a user, who changed something at a time, has a device.
func (t *topics) check(ctx context.Context, uid string, changed time.Time) error {
	found, err := schema.SubscriptionsOf(schema.UserRef(t.firestore, uid)).Limit(1).Documents(ctx).GetAll()
	if err != nil {
		return fmt.Errorf("look for devices of %s: %w", uid, err)
	}
	if len(found) == 0 {
		// The tasks of a device that is subscribed from now on were added less than CommitWithin ago. The second is not
		// due for a while.
		t.cover(uid, changed.Add(pushtask.FollowAgain-pushtask.CommitWithin))
		return nil
	}
	if err := pushtask.Follow(ctx, t.queue, uid, t.now()); err != nil {
		return err
	}
	t.cover(uid, changed.Add(pushtask.TopicsEvery))
	return nil
}

// SubscriptionDeleted handles a subscription that was deleted: with its account, or because it expired.
//
// Billed: 1 task, and none if the device had no topics.
func (t *topics) SubscriptionDeleted(ctx context.Context, e cloudevent.Event) error {
	if _, ok := schema.SplitSubscriptionPath(e.Path); !ok {
		return fmt.Errorf("%w: its document is %s", cloudevent.ErrPermanent, strings.Join(e.Path, "/"))
	}
	token, names := e.Text(schema.FieldToken), e.Texts(schema.FieldTopics)
	if token == "" || len(names) == 0 {
		return nil
	}
	return pushtask.Leave(ctx, t.queue, token, names, e.ID)
}

func (t *topics) isCovered(uid string, at time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return at.Before(t.covered[uid])
}

func (t *topics) cover(uid string, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.covered == nil || len(t.covered) >= maxCovered {
		t.covered = map[string]time.Time{}
	}
	if until.After(t.covered[uid]) {
		t.covered[uid] = until
	}
}
