package functions

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
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
	// covered is the time up to which changes of a user with a device need nothing more, because a task that was added
	// reads the timetable later. It is Firestore's time, so clocks are not compared.
	covered map[string]time.Time
	vacant  []vacancy
}

// vacancy is a range of users without a device. Few users may have one, so one read can be about thousands.
type vacancy struct {
	from, until string    // uids: the first, and the first beyond them, "" if there is none
	covered     time.Time // the time up to which their changes need nothing
}

// maxCovered bounds the users and the ranges in memory. Beyond it, the function reads again.
const maxCovered = 10_000

// LectureWritten handles a lecture of a timetable that was added, changed or deleted. Only its identifier matters.
// The lectures of a deleted timetable are deleted, too, so nothing else needs to be handled.
//
// Billed: 1 read, and none for ten minutes for all users up to the next one with a device; 1 task if the user has a device.
// An instance reads once more in ten minutes.
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
	if t.isCovered(uid, changed) {
		return nil // by a check that ended between the caller's look and this one
	}
	next := ""
	if !t.isCovered("", changed) {
		// Ask for the first device of all: if nobody before its user has one, that is often everybody.
		first, err, _ := t.checks.Do("", func() (any, error) {
			if t.isCovered("", changed) {
				return "", nil
			}
			return t.nextWithDevice(ctx, "", changed)
		})
		if err != nil {
			return err
		}
		if t.isCovered(uid, changed) {
			return nil
		}
		next = first.(string)
	}
	if next != uid {
		var err error
		if next, err = t.nextWithDevice(ctx, uid, changed); err != nil || next != uid {
			return err
		}
	}
	if err := pushtask.Follow(ctx, t.queue, uid, t.now()); err != nil {
		return err
	}
	t.cover(uid, changed.Add(pushtask.TopicsEvery))
	return nil
}

// nextWithDevice returns the first user from a uid on who has a device, "" if there is none, and remembers that those
// before have none.
func (t *topics) nextWithDevice(ctx context.Context, from string, changed time.Time) (next string, err error) {
	found, err := schema.SubscriptionsFrom(t.firestore, from).Select().Limit(1).Documents(ctx).GetAll()
	if err != nil {
		return "", fmt.Errorf("look for devices of users from %q: %w", from, err)
	}
	if len(found) > 0 {
		next = schema.SubscriptionOwner(found[0].Ref)
	}
	if next != from || next == "" {
		// The tasks of a device that is subscribed from now on were added less than CommitWithin ago. The second is not
		// due for a while. Whole seconds make no difference of which of some simultaneous changes came first.
		t.leaveOut(vacancy{from, next, changed.Truncate(time.Second).Add(pushtask.FollowAgain - pushtask.CommitWithin)})
	}
	return next, nil
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
	return at.Before(t.covered[uid]) || slices.ContainsFunc(t.vacant, func(v vacancy) bool {
		return v.from <= uid && (v.until == "" || uid < v.until) && at.Before(v.covered)
	})
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

// leaveOut adds a range, in place of those that began at the same user and of those whose time is over.
func (t *topics) leaveOut(v vacancy) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.vacant) >= maxCovered {
		t.vacant = nil
	}
	over := v.covered.Add(-pushtask.FollowAgain)
	t.vacant = append(slices.DeleteFunc(t.vacant, func(old vacancy) bool {
		return old.covered.Before(over) || old.from == v.from && !old.covered.After(v.covered)
	}), v)
}
