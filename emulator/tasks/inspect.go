package tasks

import (
	"fmt"
	"math"
	"slices"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/proto"
)

// State is the state of a task.
type State string

// The states of a task.
const (
	Waiting State = "waiting" // for its time, its next attempt, or its queue's limits
	Running State = "running" // a request is in flight
	Done    State = "done"    // its target responded with 2xx
	Dead    State = "dead"    // its retries are exhausted, or it became too old
	Deleted State = "deleted" // by a call or a purge
)

// QueueInfo describes a queue.
type QueueInfo struct {
	Queue   *cloudtaskspb.Queue
	Waiting int // waiting tasks
	Running int // tasks with a request in flight
	Done    int // tasks done since the server started
	Dead    int // dead tasks since the server started
}

// TaskInfo describes a task.
type TaskInfo struct {
	Task     *cloudtaskspb.Task // FULL view; BASIC for ended tasks with a body over 64 KiB
	State    State
	Attempts []Attempt // the last 20, oldest first
	Ended    time.Time // when it was done, dead or deleted; zero before
}

// Queues returns all queues of all projects and locations, by name.
func (s *Server) Queues() []QueueInfo {
	s.base.Lock()
	defer s.base.Unlock()
	infos := make([]QueueInfo, 0, s.queues.Len())
	s.queues.Scan(func(_ string, q *queue) bool {
		infos = append(infos, QueueInfo{
			Queue:   proto.CloneOf(q.pb),
			Waiting: q.due.Len(),
			Running: q.tasks.Len() - q.due.Len(),
			Done:    q.ended.done,
			Dead:    q.ended.dead,
		})
		return true
	})
	return infos
}

// Tasks returns the tasks of a queue: first the pending ones by name, then the last 200 that ended, newest
// first. It returns an error if there is no such queue.
func (s *Server) Tasks(queueName string) ([]TaskInfo, error) {
	infos, _, err := s.FirstTasks(queueName, math.MaxInt)
	return infos, err
}

// FirstTasks is [Server.Tasks] with at most n pending tasks, because a queue may hold very many. It also
// returns how many were left out.
func (s *Server) FirstTasks(queueName string, n int) (infos []TaskInfo, more int, err error) {
	s.base.Lock()
	defer s.base.Unlock()
	q, ok := s.queues.Get(queueName)
	if !ok {
		return nil, 0, fmt.Errorf("there is no queue %q", queueName)
	}
	more = max(0, q.tasks.Len()-n)
	infos = make([]TaskInfo, 0, q.tasks.Len()-more+len(q.ended.last))
	q.tasks.Scan(func(_ string, t *task) bool {
		if len(infos) == n {
			return false
		}
		info := TaskInfo{State: Waiting, Task: t.view(cloudtaskspb.Task_FULL), Attempts: t.attempts()}
		if t.running > 0 {
			info.State = Running
		}
		infos = append(infos, info)
		return true
	})
	for _, info := range slices.Backward(q.ended.last) {
		infos = append(infos, info)
	}
	for i := range infos {
		infos[i].Task = proto.CloneOf(infos[i].Task) // callers may modify it
	}
	return infos, more, nil
}

// attempts returns a copy of the task's attempts.
func (t *task) attempts() []Attempt {
	attempts := make([]Attempt, len(t.Attempts))
	for i, a := range t.Attempts {
		attempts[i] = *a
	}
	return attempts
}
