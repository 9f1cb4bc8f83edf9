package refresh

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

// Task requests one refresh of one semester. It is the body of POST /refresh.
type Task struct {
	School   string            `json:"school"`
	Semester schema.SemesterID `json:"semester"`
	// Slot is the time the refresh was due. A run does nothing if one for the same or a later slot has
	// finished.
	Slot time.Time `json:"slot"`
	// Accept publishes a list that would otherwise be held back as suspicious. A person has checked it.
	Accept bool `json:"accept,omitempty"`
}

// Validate returns an error naming the first missing or malformed field.
func (t *Task) Validate() error {
	switch {
	case t.School == "":
		return errors.New("task has no school")
	case t.Slot.IsZero():
		return errors.New("task has no slot")
	}
	return t.Semester.Validate()
}

// id returns the task's id in the queue. It is unique to a slot of a semester, so Cloud Tasks drops
// duplicates of a slot but accepts the next one. It is a hash because school ids may be in any script
// and task ids may not, and because Cloud Tasks distributes hashed ids better.
func (t *Task) id() string {
	sum := sha256.Sum256([]byte(t.School + "/" + string(t.Semester)))
	return fmt.Sprintf("%x-%d", sum[:8], t.Slot.UnixMilli())
}

// Queue is the Cloud Tasks queue of refreshes.
type Queue taskqueue.Queue

func (q *Queue) validate() error { return (*taskqueue.Queue)(q).Validate() }

// TaskName returns the full resource name of t in the queue.
func (q *Queue) TaskName(t Task) string { return (*taskqueue.Queue)(q).TaskName(t.id()) }

// DispatchDeadline is how long Cloud Tasks waits for a response: the longest run plus a margin.
const DispatchDeadline = RunTimeout + time.Minute

// Enqueue adds t to the queue. It reports false if the slot was enqueued before.
func (q *Queue) Enqueue(ctx context.Context, t Task) (added bool, err error) {
	return q.enqueue(ctx, t, time.Time{})
}

// enqueue adds t to the queue, to run at a time or, if that is zero, immediately. It reports false if
// that was done before.
func (q *Queue) enqueue(ctx context.Context, t Task, at time.Time) (added bool, err error) {
	id := t.id()
	if !at.IsZero() {
		id += fmt.Sprintf("-at-%d", at.Unix())
	}
	added, err = (*taskqueue.Queue)(q).Add(ctx, taskqueue.Task{ID: id, Path: "/refresh", Body: t, At: at, Deadline: DispatchDeadline})
	if err != nil {
		return false, fmt.Errorf("refresh of %s %s: %w", t.School, t.Semester, err)
	}
	return added, nil
}
