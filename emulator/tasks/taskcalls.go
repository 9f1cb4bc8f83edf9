package tasks

import (
	"context"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/types/known/emptypb"
)

// maxTaskPage is the largest page size of tasks.
const maxTaskPage = 1000

// CreateTask adds a task to a queue. It returns ALREADY_EXISTS if another task has the name or had it within
// the last 24 hours.
func (s *Server) CreateTask(ctx context.Context, r *cloudtaskspb.CreateTaskRequest) (*cloudtaskspb.Task, error) {
	if err := checkQueueName(r.Parent); err != nil {
		return nil, err
	}
	if r.Task == nil {
		return nil, invalid("CreateTaskRequest.task is required.")
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) > maxCallDeadline {
		return nil, invalid("The request deadline is %s. The deadline cannot be more than 30s in the future.", deadline.Format(time.RFC3339Nano))
	}
	if r.Task.Name != "" {
		queue, err := checkTaskName(r.Task.Name)
		if err != nil {
			return nil, err
		}
		if queue != r.Parent {
			return nil, invalid("The queue name from request ('%s') must be the same as the queue name in the named task ('%s').", r.Parent, queue)
		}
	}
	return durably(s, func() (*cloudtaskspb.Task, error) { return s.createTask(r) })
}

// createTask is CreateTask with the mutex held.
func (s *Server) createTask(r *cloudtaskspb.CreateTaskRequest) (*cloudtaskspb.Task, error) {
	if err := s.base.CheckOpen(); err != nil {
		return nil, err
	}
	q, err := s.queue(r.Parent)
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	t, err := newTask(r.Task, q, now)
	if err != nil {
		return nil, err
	}
	if _, exists := q.tasks.Get(t.pb.Name); exists {
		return nil, errTaskExists
	}
	if q.tombstones.has(t.pb.Name, now) {
		return nil, errTaskRecent
	}
	s.addTask(t)
	s.base.Changes.Add(newTaskRecord(t))
	return t.view(r.ResponseView), nil
}

// addTask adds a task to its queue. The mutex is held.
func (s *Server) addTask(t *task) {
	s.order++
	t.order = s.order
	t.waiting = true
	t.queue.tasks.Set(t.pb.Name, t)
	t.queue.due.Set(t)
	t.queue.wake.Fire()
}

// GetTask returns a pending task.
func (s *Server) GetTask(_ context.Context, r *cloudtaskspb.GetTaskRequest) (*cloudtaskspb.Task, error) {
	s.base.Lock()
	defer s.base.Unlock()
	q, t, err := s.task(r.Name)
	switch {
	case err != nil:
		return nil, err
	case t != nil:
		return t.view(r.ResponseView), nil
	case q.tombstones.has(r.Name, s.clock.Now()):
		return nil, errTaskEnded
	}
	return nil, errNoEntity
}

// task finds a task by the name in a request. The task is nil if its queue has no such task. The mutex is
// held.
func (s *Server) task(name string) (*queue, *task, error) {
	queue, err := checkTaskName(name)
	if err != nil {
		return nil, nil, err
	}
	q, err := s.queue(queue)
	if err != nil {
		return nil, nil, err
	}
	t, _ := q.tasks.Get(name)
	return q, t, nil
}

// ListTasks returns the tasks of a queue by name.
func (s *Server) ListTasks(_ context.Context, r *cloudtaskspb.ListTasksRequest) (*cloudtaskspb.ListTasksResponse, error) {
	size, err := pageSize(r.PageSize, maxTaskPage)
	if err != nil {
		return nil, err
	}
	s.base.Lock()
	defer s.base.Unlock()
	q, err := s.queue(r.Parent)
	if err != nil {
		return nil, err
	}
	response := &cloudtaskspb.ListTasksResponse{}
	q.tasks.Ascend(r.PageToken, func(name string, t *task) bool {
		if len(response.Tasks) == size {
			response.NextPageToken = name
			return false
		}
		response.Tasks = append(response.Tasks, t.view(r.ResponseView))
		return true
	})
	return response, nil
}

// DeleteTask deletes a task. A request in flight continues; its response is ignored.
func (s *Server) DeleteTask(_ context.Context, r *cloudtaskspb.DeleteTaskRequest) (*emptypb.Empty, error) {
	return durably(s, func() (*emptypb.Empty, error) {
		_, t, err := s.task(r.Name)
		switch {
		case err != nil:
			return nil, err
		case t == nil:
			return nil, errNoEntity
		}
		s.end(t, Deleted)
		return &emptypb.Empty{}, nil
	})
}

// RunTask dispatches a task immediately, even if it is scheduled for later, in flight already, or in a queue
// that is paused or at its limits. It returns when the request has started.
func (s *Server) RunTask(_ context.Context, r *cloudtaskspb.RunTaskRequest) (*cloudtaskspb.Task, error) {
	s.base.Lock()
	defer s.base.Unlock()
	_, t, err := s.task(r.Name)
	switch {
	case err != nil:
		return nil, err
	case t == nil:
		return nil, errNoEntity
	}
	if err := s.base.CheckOpen(); err != nil {
		return nil, err
	}
	s.start(t, s.clock.Now())
	return t.view(r.ResponseView), nil
}
