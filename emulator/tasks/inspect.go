package tasks

import (
	"fmt"
	"math"
	"slices"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/proto"
)

// State is where a task is in its life.
type State string

// The states of a task.
const (
	Waiting State = "waiting" // for its time, its next attempt, or its queue's limits
	Running State = "running" // a request is under way
	Done    State = "done"    // its target answered 2xx
	Dead    State = "dead"    // given up: its retries were exhausted, or it became too old
	Deleted State = "deleted" // by a call, or with a purge
)

// QueueInfo is a queue as a console shows it.
type QueueInfo struct {
	Queue   *cloudtaskspb.Queue
	Waiting int // tasks that wait
	Running int // tasks with a request under way
	Done    int // tasks done since the server was started
	Dead    int // tasks given up since the server was started
}

// TaskInfo is a task as a console shows it.
type TaskInfo struct {
	Task     *cloudtaskspb.Task // FULL view; of ended tasks with a body over 64 KiB the BASIC one
	State    State
	Attempts []Attempt // the last 20, oldest first
	Ended    time.Time // when it was done, given up or deleted; zero before
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

// Tasks returns the tasks of a queue: first those that are not done, by name, then the last 200 that ended, newest
// first. It fails when there is no such queue.
func (s *Server) Tasks(queueName string) ([]TaskInfo, error) {
	infos, _, err := s.FirstTasks(queueName, math.MaxInt)
	return infos, err
}

// FirstTasks are [Server.Tasks] with no more than n of those that are not done, and how many of these were left out. A
// queue may hold very many.
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
		infos[i].Task = proto.CloneOf(infos[i].Task) // the caller may do with it what it wants
	}
	return infos, more, nil
}

// attempts is a copy of the task's attempts.
func (t *task) attempts() []Attempt {
	attempts := make([]Attempt, len(t.Attempts))
	for i, a := range t.Attempts {
		attempts[i] = *a
	}
	return attempts
}
