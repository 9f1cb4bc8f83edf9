package push

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/schema"
)

const (
	// maxLectures is how many lectures one task notifies students of: in two languages, the messages of two calls of
	// Cloud Messaging. Another task continues.
	maxLectures = 250
	// maxChanges is how many changes are read for one task: those of a day in which a list changes every five
	// minutes.
	maxChanges = 300
)

// semester is what [Service.Notify] works on.
type semester struct {
	school string
	id     schema.SemesterID
	ref    *firestore.DocumentRef // of what has been sent
	stored schema.Push
	update time.Time // of the document, zero if it does not exist
}

// Notify notifies students of what changed in a semester's list, as far as it is due, and adds a task for what is
// due later. Before it sends, it records that it will: if it dies, the next attempt sends the same messages again,
// or says what became of them.
//
// Billed: 1 read for what was sent, and 1 for each change since, at least 1; if there is one, 1 write, or 2 if
// something is sent, and 2 operations of class B for each change of many lectures.
func (s *Service) Notify(ctx context.Context, schoolID string, id schema.SemesterID) error {
	sem := &semester{school: schoolID, id: id, ref: schema.PushRef(s.firestore, schoolID, id)}
	if sem.ref == nil {
		return nil // no semester can have these IDs
	}
	snap, err := sem.ref.Get(ctx)
	exists, err := schema.Decode(sem.ref, snap, err, &sem.stored)
	if err != nil {
		return err
	}
	if exists {
		sem.update = snap.UpdateTime
	}
	now := s.now()
	state := pushplan.State(sem.stored)
	changes, err := s.changes(ctx, sem, state.From(now))
	if err != nil {
		return err
	}
	if len(changes) == 0 && state.ListChanged.IsZero() {
		return nil // an earlier task has sent everything
	}
	if err := s.compareLists(ctx, sem, changes); err != nil {
		return err
	}
	plan := pushplan.Make(changes, state, now)
	due := plan.Due[:min(len(plan.Due), maxLectures)]
	for i := range due {
		plan.State.Sending(&due[i], now)
	}
	if err := s.store(ctx, sem, plan.State); err != nil {
		return err
	}
	failed := s.send(ctx, sem, &plan, due)
	if plan.ListDue {
		failed = errors.Join(failed, s.sendList(ctx, sem, &plan, now))
	}
	if err := s.store(ctx, sem, plan.State); err != nil {
		return err
	}
	switch {
	case failed != nil:
		return failed
	case len(plan.Due) > len(due):
		return pushtask.Changed(ctx, s.queue, schoolID, id, now, now)
	case !plan.Next.IsZero():
		return pushtask.Changed(ctx, s.queue, schoolID, id, plan.Next, now)
	}
	return nil
}

// changes reads the changes of a semester after a time.
func (s *Service) changes(ctx context.Context, sem *semester, from time.Time) ([]schema.Change, error) {
	query := schema.ChangesAfter(schema.SemesterRef(s.firestore, sem.school, sem.id), from).Limit(maxChanges)
	docs, err := query.Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("read the changes of %s %s: %w", sem.school, sem.id, err)
	}
	changes := make([]schema.Change, len(docs))
	for i, doc := range docs {
		if err := doc.DataTo(&changes[i]); err != nil {
			return nil, fmt.Errorf("decode %s: %w", schema.Path(doc.Ref), err)
		}
	}
	return changes, nil
}

// store stores what students have been told, unless the document has it already. If another task has changed the
// document, it fails: the retry plans again.
func (s *Service) store(ctx context.Context, sem *semester, state pushplan.State) error {
	push := schema.Push(state)
	if push.Equal(sem.stored) {
		return nil
	}
	var result *firestore.WriteResult
	var err error
	if sem.update.IsZero() {
		result, err = sem.ref.Create(ctx, push.Fields())
	} else {
		result, err = sem.ref.Update(ctx, push.Updates(), firestore.LastUpdateTime(sem.update))
	}
	switch status.Code(err) {
	case codes.OK:
		sem.stored, sem.update = push.Clone(), result.UpdateTime
		return nil
	case codes.AlreadyExists, codes.FailedPrecondition, codes.NotFound:
		return fmt.Errorf("another task notifies the students of %s %s", sem.school, sem.id)
	}
	return fmt.Errorf("record what students of %s %s were told: %w", sem.school, sem.id, err)
}
