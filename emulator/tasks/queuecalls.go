package tasks

import (
	"context"
	"strings"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"heek.kr/heektime/emulator/internal/fieldmask"
)

// maxQueuePage is the largest page size of queues.
const maxQueuePage = 9800

// unimplemented returns an UNIMPLEMENTED error for a feature that the local cloud lacks.
func unimplemented(feature string) error {
	return status.Errorf(codes.Unimplemented, "The local cloud does not support %s.", feature)
}

// ListQueues returns the queues of a location by name. Filters are not implemented.
func (s *Server) ListQueues(_ context.Context, r *cloudtaskspb.ListQueuesRequest) (*cloudtaskspb.ListQueuesResponse, error) {
	switch {
	case !locationName.MatchString(r.Parent):
		return nil, errParent
	case r.Filter != "":
		return nil, unimplemented("filters of queues")
	}
	size, err := pageSize(r.PageSize, maxQueuePage)
	if err != nil {
		return nil, err
	}
	s.base.Lock()
	defer s.base.Unlock()
	response, prefix := &cloudtaskspb.ListQueuesResponse{}, r.Parent+"/queues/"
	s.queues.Ascend(max(prefix, r.PageToken), func(name string, q *queue) bool {
		switch {
		case !strings.HasPrefix(name, prefix):
			return false
		case len(response.Queues) == size:
			response.NextPageToken = name
			return false
		}
		response.Queues = append(response.Queues, q.pb)
		return true
	})
	return response, nil
}

// pageSize returns how many entries to return for a requested size; 0 means the maximum.
func pageSize(size, most int32) (int, error) {
	switch {
	case size < 0:
		return 0, invalid("page_size is %d; it must be 0 or more.", size)
	case size == 0:
		size = most
	}
	return int(min(size, most)), nil
}

// GetQueue returns a queue.
func (s *Server) GetQueue(_ context.Context, r *cloudtaskspb.GetQueueRequest) (*cloudtaskspb.Queue, error) {
	s.base.Lock()
	defer s.base.Unlock()
	q, err := s.queue(r.Name)
	if err != nil {
		return nil, err
	}
	return q.pb, nil
}

// queue finds a queue by the name in a request. The mutex is held.
func (s *Server) queue(name string) (*queue, error) {
	if err := checkQueueName(name); err != nil {
		return nil, err
	}
	q, ok := s.queues.Get(name)
	if !ok {
		return nil, errNoQueue
	}
	return q, nil
}

// CreateQueue creates a queue, which is ready immediately (Google may take a minute). The name of a deleted
// queue is reserved for three days.
func (s *Server) CreateQueue(_ context.Context, r *cloudtaskspb.CreateQueueRequest) (*cloudtaskspb.Queue, error) {
	if !locationName.MatchString(r.Parent) {
		return nil, errParent
	}
	if r.Queue == nil {
		return nil, invalid("CreateQueueRequest.queue is required.")
	}
	if err := checkQueueName(r.Queue.Name); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(r.Queue.Name, r.Parent+"/queues/") {
		return nil, invalid("The queue name '%s' must be in the parent '%s'.", r.Queue.Name, r.Parent)
	}
	return durably(s, func() (*cloudtaskspb.Queue, error) {
		if _, exists := s.queues.Get(r.Queue.Name); exists {
			return nil, errQueueExists
		}
		return s.addQueue(r.Queue)
	})
}

// addQueue creates a queue that does not exist. The mutex is held.
func (s *Server) addQueue(given *cloudtaskspb.Queue) (*cloudtaskspb.Queue, error) {
	if err := s.base.CheckOpen(); err != nil {
		return nil, err
	}
	if until, deleted := s.deleted[given.Name]; deleted && s.clock.Now().Before(until) {
		return nil, errQueueRecent
	}
	pb, err := normalizeQueue(given, nil)
	if err != nil {
		return nil, err
	}
	delete(s.deleted, pb.Name)
	q := newQueue(pb)
	s.queues.Set(pb.Name, q)
	s.base.Changes.Add(newQueueRecord(q))
	s.base.Go(func() { s.dispatch(q) })
	return pb, nil
}

// UpdateQueue changes the fields in the mask, or all if the mask is empty, and creates the queue if it does
// not exist.
func (s *Server) UpdateQueue(_ context.Context, r *cloudtaskspb.UpdateQueueRequest) (*cloudtaskspb.Queue, error) {
	if err := checkQueueName(r.Queue.GetName()); err != nil {
		return nil, err
	}
	return durably(s, func() (*cloudtaskspb.Queue, error) { return s.updateQueue(r) })
}

// updateQueue is UpdateQueue with the mutex held.
func (s *Server) updateQueue(r *cloudtaskspb.UpdateQueueRequest) (*cloudtaskspb.Queue, error) {
	q, ok := s.queues.Get(r.Queue.Name)
	if !ok {
		return s.addQueue(r.Queue)
	}
	wanted := r.Queue
	if len(r.UpdateMask.GetPaths()) > 0 {
		wanted = proto.CloneOf(q.pb)
		if err := fieldmask.Apply(wanted, r.Queue, r.UpdateMask); err != nil {
			return nil, invalid("%v", err)
		}
		wanted.Name = q.pb.Name
	}
	pb, err := normalizeQueue(wanted, q.pb)
	if err != nil {
		return nil, err
	}
	q.set(pb)
	s.base.Changes.Add(newQueueRecord(q))
	return pb, nil
}

// DeleteQueue deletes a queue and its tasks. Requests in flight continue; their responses are ignored.
func (s *Server) DeleteQueue(_ context.Context, r *cloudtaskspb.DeleteQueueRequest) (*emptypb.Empty, error) {
	if err := checkQueueName(r.Name); err != nil {
		return nil, err
	}
	return durably(s, func() (*emptypb.Empty, error) {
		q, ok := s.queues.Delete(r.Name)
		if !ok {
			return nil, errNoEntity
		}
		q.tasks.Scan(func(_ string, t *task) bool {
			t.ended = true
			return true
		})
		q.closed = true
		q.wake.Fire()
		s.base.Changed.Fire()
		until := s.clock.Now().Add(queueTombstone)
		s.deleted[r.Name] = until
		s.base.Changes.Add(record{QueueGone: &removalRecord{r.Name, until}})
		return &emptypb.Empty{}, nil
	})
}

// PurgeQueue deletes all tasks of a queue immediately (Google may take a minute).
func (s *Server) PurgeQueue(_ context.Context, r *cloudtaskspb.PurgeQueueRequest) (*cloudtaskspb.Queue, error) {
	return s.change(r.Name, func(q *queue, pb *cloudtaskspb.Queue) {
		for _, t := range q.tasks.Values() {
			s.end(t, Deleted)
		}
		pb.PurgeTime = timestamp(s.clock.Now())
	})
}

// PauseQueue stops dispatching. Requests in flight continue.
func (s *Server) PauseQueue(_ context.Context, r *cloudtaskspb.PauseQueueRequest) (*cloudtaskspb.Queue, error) {
	return s.change(r.Name, func(_ *queue, pb *cloudtaskspb.Queue) { pb.State = cloudtaskspb.Queue_PAUSED })
}

// ResumeQueue resumes dispatching.
func (s *Server) ResumeQueue(_ context.Context, r *cloudtaskspb.ResumeQueueRequest) (*cloudtaskspb.Queue, error) {
	return s.change(r.Name, func(_ *queue, pb *cloudtaskspb.Queue) { pb.State = cloudtaskspb.Queue_RUNNING })
}

// change makes a change to a queue that cannot fail.
func (s *Server) change(name string, change func(*queue, *cloudtaskspb.Queue)) (*cloudtaskspb.Queue, error) {
	return durably(s, func() (*cloudtaskspb.Queue, error) {
		q, err := s.queue(name)
		if err != nil {
			return nil, err
		}
		pb := proto.CloneOf(q.pb)
		change(q, pb)
		q.set(pb)
		s.base.Changes.Add(newQueueRecord(q))
		s.base.Changed.Fire()
		return pb, nil
	})
}
