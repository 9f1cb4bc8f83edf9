package tasks

import (
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
)

const (
	// taskTombstone is how long the name of a task stays reserved after the task ended. Google says "up to
	// 24 hours"; the local cloud always takes the maximum.
	taskTombstone = 24 * time.Hour
	// queueTombstone is how long the name of a deleted queue stays reserved: "up to 3 days".
	queueTombstone = 3 * 24 * time.Hour

	maxEnded     = 200       // ended tasks of a queue kept for inspection
	maxEndedBody = 64 * 1024 // bytes; larger bodies of ended tasks are not kept
)

// tombstone is a name that is reserved until a time.
type tombstone struct {
	name  string
	until time.Time
}

// tombstones are the reserved names of a queue's tasks. All of them last equally long, so the oldest expire
// first.
type tombstones struct {
	byName map[string]time.Time
	oldest []tombstone
}

func (t *tombstones) add(name string, until time.Time) {
	if t.byName == nil {
		t.byName = map[string]time.Time{}
	}
	t.byName[name] = until
	t.oldest = append(t.oldest, tombstone{name, until})
}

// has reports whether a name is reserved, and removes expired tombstones.
func (t *tombstones) has(name string, now time.Time) bool {
	for len(t.oldest) > 0 && !now.Before(t.oldest[0].until) {
		delete(t.byName, t.oldest[0].name)
		t.oldest = t.oldest[1:]
	}
	_, found := t.byName[name]
	return found
}

// end removes a task from its queue and reserves its name. The mutex is held.
func (s *Server) end(t *task, state State) {
	now, q := s.clock.Now(), t.queue
	t.ended = true
	q.tasks.Delete(t.pb.Name)
	if t.waiting {
		q.due.Delete(t)
		t.waiting = false
	}
	gone := removalRecord{Name: t.pb.Name}
	if t.named {
		gone.Until = now.Add(taskTombstone)
		q.tombstones.add(gone.Name, gone.Until)
	}
	s.base.Changes.Add(record{TaskGone: &gone})
	q.ended.add(t, state, now)
	s.base.Changed.Fire()
}

// ended keeps the tasks of a queue that ended most recently and counts all of them.
type ended struct {
	last       []TaskInfo // oldest first
	done, dead int
}

func (e *ended) add(t *task, state State, now time.Time) {
	switch state {
	case Done:
		e.done++
	case Dead:
		e.dead++
	}
	info := TaskInfo{State: state, Task: t.view(cloudtaskspb.Task_FULL), Attempts: t.attempts(), Ended: now}
	if len(info.Task.GetHttpRequest().GetBody()) > maxEndedBody {
		info.Task = t.view(cloudtaskspb.Task_BASIC)
	}
	e.last = append(e.last, info)
	if len(e.last) > maxEnded {
		e.last = append(e.last[:0:0], e.last[1:]...)
	}
}
