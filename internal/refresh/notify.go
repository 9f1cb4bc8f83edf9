package refresh

import (
	"context"
	"time"

	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/schema"
)

// The transaction that publishes a list also records when students are to be notified of what changed, and the
// task is added after it. If the process dies in between, the next run finds the time in the record and adds the
// task. Its name follows from the time, so that a task is not added twice, and the push service knows what it has
// sent.
//
// The next run that writes the record also clears the time, so that neither costs a write.

// setNotify records in st when students are to be notified of the change that is being published.
func setNotify(st *state) {
	wake := pushtask.WakeFor(st.change)
	if wake.IsZero() {
		return
	}
	if !st.record.Notify.IsZero() && wake.After(st.record.Notify) {
		// Perhaps there is no task for the change before. A time that no earlier task has is soon enough for both.
		wake = pushtask.Earliest(st.change.At)
	}
	st.record.Notify = wake
}

// clearNotify forgets the time that this instance has added a task for.
func (s *Service) clearNotify(t target, r *Record) {
	if at, ok := s.notified.Load(schema.Path(t.record)); ok && r.Notify.Equal(at.(time.Time)) {
		r.Notify = time.Time{}
	}
}

// notify adds the task that notifies students, unless this instance has added it.
func (s *Service) notify(ctx context.Context, t target, at time.Time) error {
	key := schema.Path(t.record)
	if last, ok := s.notified.Load(key); at.IsZero() || ok && at.Equal(last.(time.Time)) {
		return nil
	}
	if err := pushtask.Changed(ctx, s.push, t.school.ID, t.semester.ID, at, s.now()); err != nil {
		return err
	}
	s.notified.Store(key, at)
	return nil
}
