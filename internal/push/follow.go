package push

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/push/topic"
	"heek.kr/heektime/internal/schema"
)

const (
	// lease is how long a process has a device's topics for itself.
	lease = time.Minute
	// maxTimetables is how many of a user's timetables are read: the latest.
	maxTimetables = 20
	// parallel is how many topics of a device change concurrently.
	parallel = 8
)

// Follow makes the topics of a user's devices follow their timetables: announcements for everyone, those of the
// user's schools, and the lectures of current semesters, up to [schema.MaxTopics].
//
// A subscription says what is wanted. Before the first change, its document lists all topics that the device may
// have from then on; after the last, exactly those that it has. So whatever happens in between, the next attempt
// knows what to undo. If the timetable changes in the meantime, another task follows.
//
// Billed: 1 read for each subscription, at least 1; if there is one, 1 for each timetable and lecture; 2 writes for
// each subscription whose topics change.
func (s *Service) Follow(ctx context.Context, uid string) error {
	user := schema.UserRef(s.firestore, uid)
	if user == nil {
		return nil // no user can have this uid
	}
	docs, err := schema.SubscriptionsOf(user).Documents(ctx).GetAll()
	if err != nil {
		return fmt.Errorf("read the subscriptions of %s: %w", uid, err)
	}
	if len(docs) == 0 {
		return nil
	}
	subs := make([]*subscription, len(docs))
	for i, doc := range docs {
		subs[i] = &subscription{ref: doc.Ref, update: doc.UpdateTime}
		if err := doc.DataTo(&subs[i].Subscription); err != nil {
			return fmt.Errorf("decode %s: %w", schema.Path(doc.Ref), err)
		}
		if subs[i].Lease.After(s.now()) { // do not read the timetables in vain
			return fmt.Errorf("%s: %w", schema.Path(doc.Ref), errBusy)
		}
	}
	names, err := s.wanted(ctx, user)
	if err != nil {
		return err
	}
	var errs []error
	for _, sub := range subs {
		errs = append(errs, s.settle(ctx, sub, names))
	}
	return errors.Join(errs...)
}

// wanted returns what a user is notified of.
func (s *Service) wanted(ctx context.Context, user *firestore.DocumentRef) ([]topic.Name, error) {
	names := []topic.Name{topic.Announcements}
	timetables, err := schema.LatestTimetables(user, false).Limit(maxTimetables).Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("read the timetables of %s: %w", user.ID, err)
	}
	left := schema.MaxTopics
	for _, doc := range timetables {
		timetable := schema.ReadTimetable(doc)
		if timetable.Semester == nil {
			continue
		}
		school, id, ok := schema.SplitSemesterPath(schema.Path(timetable.Semester))
		if !ok || !id.IsNear(s.now()) || left == 0 {
			continue
		}
		names = append(names, topic.School(school))
		lectures, err := schema.Lectures(doc.Ref).Limit(left).Documents(ctx).GetAll()
		if err != nil {
			return nil, fmt.Errorf("read the lectures of %s: %w", schema.Path(doc.Ref), err)
		}
		left -= len(lectures)
		for _, lecture := range lectures {
			if l := schema.ReadLecture(lecture); l.Identifier != "" {
				names = append(names, topic.Lecture(school, id, l.Identifier))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// subscription is the document of a device, as it was at a time.
type subscription struct {
	schema.Subscription
	ref    *firestore.DocumentRef
	update time.Time
}

// errBusy means that another process changes the topics of a device, or that its document changed.
var errBusy = errors.New("another process changes the topics of this device")

// settle subscribes a device to what is wanted, and to nothing else.
func (s *Service) settle(ctx context.Context, sub *subscription, names []topic.Name) error {
	var want []string
	if !sub.Removed {
		for _, name := range names {
			want = append(want, name.In(sub.Language))
		}
	}
	if sub.Settled && !sub.Removed && slices.Equal(sub.Topics, want) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lease*3/4)
	defer cancel()
	had := sub.Topics
	add := want
	if sub.Settled {
		add = slices.DeleteFunc(slices.Clone(want), func(t string) bool { return slices.Contains(had, t) })
	}
	remove := slices.DeleteFunc(slices.Clone(had), func(t string) bool { return slices.Contains(want, t) })
	all := slices.Concat(want, remove)
	err := sub.change(ctx, []firestore.Update{
		{Path: schema.FieldTopics, Value: all}, {Path: schema.FieldSettled, Value: false}, {Path: schema.FieldLease, Value: s.now().Add(lease)},
	})
	if err != nil {
		return err
	}
	gone, err := s.changeTopics(ctx, sub.Token, add, remove)
	switch {
	case err != nil:
		return errors.Join(err, sub.change(ctx, []firestore.Update{{Path: schema.FieldLease, Value: time.Time{}}}))
	case gone, sub.Removed:
		if _, err := sub.ref.Delete(ctx, firestore.LastUpdateTime(sub.update)); err != nil {
			return sub.conflict(err)
		}
		s.log.InfoContext(ctx, "subscription removed", "subscription", sub.ref.ID, "gone", gone)
		return nil
	}
	return sub.change(ctx, []firestore.Update{
		{Path: schema.FieldTopics, Value: want}, {Path: schema.FieldSettled, Value: true}, {Path: schema.FieldLease, Value: time.Time{}},
	})
}

// change updates the document unless somebody else has.
func (sub *subscription) change(ctx context.Context, updates []firestore.Update) error {
	result, err := sub.ref.Update(ctx, updates, firestore.LastUpdateTime(sub.update))
	if err != nil {
		return sub.conflict(err)
	}
	sub.update = result.UpdateTime
	return nil
}

func (sub *subscription) conflict(err error) error {
	switch status.Code(err) {
	case codes.NotFound, codes.FailedPrecondition:
		return fmt.Errorf("%s: %w", schema.Path(sub.ref), errBusy)
	}
	return fmt.Errorf("update %s: %w", schema.Path(sub.ref), err)
}

// changeTopics adds a device to topics and removes it from others. gone means that the device is not registered
// anymore: then it has no topics.
//
// It waits for every answer, even after one failed: a request that is given up may still be carried out, later
// than what the next attempt undoes. If the time is up, answers are missing, and the lease stays until it ends.
func (s *Service) changeTopics(ctx context.Context, token string, add, remove []string) (gone bool, err error) {
	var group errgroup.Group
	group.SetLimit(parallel)
	for _, t := range add {
		group.Go(func() error {
			response, err := s.messaging.SubscribeToTopic(ctx, []string{token}, t)
			return topicError(t, response, err)
		})
	}
	for _, t := range remove {
		group.Go(func() error {
			response, err := s.messaging.UnsubscribeFromTopic(ctx, []string{token}, t)
			return topicError(t, response, err)
		})
	}
	err = group.Wait()
	if errors.Is(err, errGone) {
		return true, nil
	}
	return false, err
}

// Leave removes a device whose document is gone from its topics, unless it has subscribed again.
//
// Billed: 1 read.
func (s *Service) Leave(ctx context.Context, token string, topics []string) error {
	docs, err := schema.SubscriptionsWithToken(s.firestore, token).Limit(1).Documents(ctx).GetAll()
	if err != nil {
		return fmt.Errorf("look for a device that was forgotten: %w", err)
	}
	if len(docs) > 0 {
		return nil // its topics are in the other document
	}
	_, err = s.changeTopics(ctx, token, nil, topics)
	return err
}
