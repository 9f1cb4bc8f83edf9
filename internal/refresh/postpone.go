package refresh

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/schema"
)

// maxPostponement bounds how long after its slot a task is retried because a school asks for more time.
// A semester without a schedule has no later slot that would end its retries.
const maxPostponement = 24 * time.Hour

// retryDelay returns how long a school asked not to be asked again. The course service reports it as a
// detail of its error.
func retryDelay(err error) (delay time.Duration, ok bool) {
	s, _ := status.FromError(err)
	for _, d := range s.Details() {
		if info, isInfo := d.(*errdetails.RetryInfo); isInfo && info.GetRetryDelay() != nil {
			return min(max(info.GetRetryDelay().AsDuration(), 0), maxPostponement), true
		}
	}
	return 0, false
}

// notBefore returns the time before which a school must not be asked.
func (s *Service) notBefore(ctx context.Context, schoolID string) (time.Time, error) {
	var stored schema.Schedule
	_, err := schema.Read(ctx, schema.ScheduleRef(s.firestore), &stored)
	return stored.NotBefore[schoolID], err
}

// keepAway records that no task of the school may ask it before a time: the semesters of a school have
// one server.
func (s *Service) keepAway(ctx context.Context, schoolID string, until time.Time) error {
	fields := map[string]any{schema.FieldNotBefore: map[string]any{schoolID: until}}
	if _, err := schema.ScheduleRef(s.firestore).Set(ctx, fields, firestore.MergeAll); err != nil {
		return fmt.Errorf("record when %s may be asked again: %w", schoolID, err)
	}
	return nil
}

// postpone records a run that has to wait until the school may be asked again, and enqueues its task
// for then, unless a later slot's task will run by then anyway. So at most one task of a semester waits.
//
// The queue's own retries cannot do this: they come after seconds or minutes, whatever the school said.
// Repeating postpone does no harm, because the task's name contains the time.
func (s *Service) postpone(ctx context.Context, t target, task Task, run *Run, until time.Time) error {
	at := until.Format(time.RFC3339)
	later, ok := t.semester.Slot(until)
	switch {
	case ok && later.After(task.Slot):
		run.Reason += fmt.Sprintf("; the refresh of %s follows after %s", later.UTC().Format(time.RFC3339), at)
	case until.Sub(task.Slot) > maxPostponement:
		run.Reason += "; given up a day after it was due"
	default:
		if _, err := s.queue.enqueue(ctx, task, until); err != nil {
			return err
		}
		run.Retry = true
		run.Reason += "; retried at " + at
	}
	return s.record(ctx, t, run)
}
