package tasks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/internal/statelog"
)

// record is one change in the log, as JSON. Exactly one field is set.
type record struct {
	Queue     *queueRecord    `json:",omitempty"` // a queue was created or changed
	QueueGone *removalRecord  `json:",omitempty"` // a queue was deleted with its tasks
	Task      *taskRecord     `json:",omitempty"` // a task was created
	Progress  *progressRecord `json:",omitempty"` // an attempt failed
	TaskGone  *removalRecord  `json:",omitempty"` // a task was done, dead or deleted
}

type queueRecord struct {
	Queue []byte // a cloudtaskspb.Queue
}

type taskRecord struct {
	Task     []byte // a cloudtaskspb.Task as created
	Named    bool
	Progress progress
}

type progressRecord struct {
	Task     string // name
	Progress progress
}

type removalRecord struct {
	Name  string
	Until time.Time // the name is reserved until then; zero if it is not
}

func newQueueRecord(q *queue) record {
	return record{Queue: &queueRecord{marshal(q.pb)}}
}

func newTaskRecord(t *task) record {
	return record{Task: &taskRecord{Task: marshal(t.pb), Named: t.named, Progress: t.progress}}
}

// marshal encodes a message. It cannot fail for messages that came over gRPC, whose strings are valid.
func marshal(m proto.Message) []byte {
	data, err := proto.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("tasks: encoding a %T: %v", m, err))
	}
	return data
}

// apply restores a change from an earlier process. It starts no goroutines.
func (s *Server) apply(data []byte) error {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("reading a record: %w", err)
	}
	switch {
	case r.Queue != nil:
		pb := &cloudtaskspb.Queue{}
		if err := proto.Unmarshal(r.Queue.Queue, pb); err != nil {
			return fmt.Errorf("reading a queue: %w", err)
		}
		if q, ok := s.queues.Get(pb.Name); ok {
			q.set(pb)
		} else {
			s.queues.Set(pb.Name, newQueue(pb))
			delete(s.deleted, pb.Name)
		}
	case r.QueueGone != nil:
		s.queues.Delete(r.QueueGone.Name)
		s.deleted[r.QueueGone.Name] = r.QueueGone.Until
	case r.Task != nil:
		pb := &cloudtaskspb.Task{}
		if err := proto.Unmarshal(r.Task.Task, pb); err != nil {
			return fmt.Errorf("reading a task: %w", err)
		}
		q, _, err := s.task(pb.Name)
		if err != nil {
			return fmt.Errorf("finding the queue of task %s: %w", pb.Name, err)
		}
		s.addTask(&task{pb: pb, queue: q, named: r.Task.Named, progress: r.Task.Progress.withoutInFlight()})
	case r.Progress != nil:
		q, t, err := s.task(r.Progress.Task)
		if err != nil || t == nil {
			return fmt.Errorf("a record refers to task %s, which does not exist", r.Progress.Task)
		}
		q.due.Delete(t)
		t.progress = r.Progress.Progress.withoutInFlight()
		q.due.Set(t)
	case r.TaskGone != nil:
		q, t, err := s.task(r.TaskGone.Name)
		if err != nil {
			return fmt.Errorf("finding the queue of an ended task: %w", err)
		}
		if t != nil {
			q.tasks.Delete(t.pb.Name)
			q.due.Delete(t)
		}
		if !r.TaskGone.Until.IsZero() {
			q.tombstones.add(r.TaskGone.Name, r.TaskGone.Until)
		}
	}
	return nil
}

// withoutInFlight returns the progress without attempts that were in flight when the process ended.
func (p progress) withoutInFlight() progress {
	p.Attempts = slices.DeleteFunc(p.Attempts, func(a *Attempt) bool { return a.Answered.IsZero() })
	return p
}

// state adds the records that recreate the current state. The mutex is held.
func (s *Server) state(add func(any)) {
	now := s.clock.Now()
	for name, until := range s.deleted {
		if now.Before(until) {
			add(record{QueueGone: &removalRecord{name, until}})
		}
	}
	s.queues.Scan(func(_ string, q *queue) bool {
		add(newQueueRecord(q))
		for _, t := range q.tombstones.oldest {
			if now.Before(t.until) {
				add(record{TaskGone: &removalRecord{t.name, t.until}})
			}
		}
		tasks := q.tasks.Values()
		slices.SortFunc(tasks, func(a, b *task) int { return cmp.Compare(a.order, b.order) })
		for _, t := range tasks {
			add(newTaskRecord(t))
		}
		return true
	})
}

// durably makes a change with the mutex held and returns when the change is durable.
func durably[T any](s *Server, change func() (T, error)) (T, error) {
	return statelog.Written(s.base.Changes, &s.base.Mutex, change)
}
