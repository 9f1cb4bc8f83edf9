package scheduler

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"heek.kr/heektime/emulator/internal/fieldmask"
	"heek.kr/heektime/emulator/internal/statelog"
)

// maxPage is the largest page size.
const maxPage = 500

// ListJobs returns the jobs of a location by name.
func (s *Server) ListJobs(_ context.Context, r *schedulerpb.ListJobsRequest) (*schedulerpb.ListJobsResponse, error) {
	if !locationName.MatchString(r.Parent) {
		return nil, invalid("%q is not the name of a location.", r.Parent)
	}
	size := int(r.PageSize)
	switch {
	case size < 0:
		return nil, invalid("page_size is %d; it must be 0 or more.", size)
	case size == 0 || size > maxPage:
		size = maxPage
	}
	s.base.Lock()
	defer s.base.Unlock()
	response, prefix := &schedulerpb.ListJobsResponse{}, r.Parent+"/jobs/"
	s.jobs.Ascend(max(prefix, r.PageToken), func(name string, j *job) bool {
		switch {
		case !strings.HasPrefix(name, prefix):
			return false
		case len(response.Jobs) == size:
			response.NextPageToken = name
			return false
		}
		response.Jobs = append(response.Jobs, j.pb)
		return true
	})
	return response, nil
}

// GetJob returns a job.
func (s *Server) GetJob(_ context.Context, r *schedulerpb.GetJobRequest) (*schedulerpb.Job, error) {
	s.base.Lock()
	defer s.base.Unlock()
	j, err := s.job(r.Name)
	if err != nil {
		return nil, err
	}
	return j.pb, nil
}

// job finds a job by the name in a request. The mutex is held.
func (s *Server) job(name string) (*job, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	j, ok := s.jobs.Get(name)
	if !ok {
		return nil, status.Error(codes.NotFound, "Job not found.")
	}
	return j, nil
}

// CreateJob creates a job. It generates a name if none is given.
func (s *Server) CreateJob(_ context.Context, r *schedulerpb.CreateJobRequest) (*schedulerpb.Job, error) {
	switch {
	case !locationName.MatchString(r.Parent):
		return nil, invalid("%q is not the name of a location.", r.Parent)
	case r.Job == nil:
		return nil, invalid("CreateJobRequest.job is required.")
	}
	pb, when, err := normalizeJob(r.Job)
	if err != nil {
		return nil, err
	}
	if pb.Name == "" {
		pb.Name = fmt.Sprintf("%s/jobs/%020d", r.Parent, rand.Uint64())
	}
	if err := checkName(pb.Name); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(pb.Name, r.Parent+"/jobs/") {
		return nil, invalid("The job name '%s' must be in the parent '%s'.", pb.Name, r.Parent)
	}
	return durably(s, func() (*schedulerpb.Job, error) {
		if err := s.base.CheckOpen(); err != nil {
			return nil, err
		}
		if _, exists := s.jobs.Get(pb.Name); exists {
			return nil, status.Errorf(codes.AlreadyExists, "Job %s already exists.", pb.Name)
		}
		now := s.clock.Now()
		pb.UserUpdateTime = timestamp(now)
		j := &job{pb: pb, schedule: when, slot: when.next(now)}
		j.reschedule()
		s.jobs.Set(pb.Name, j)
		s.countJob(pb.Name, 1)
		s.save(j)
		s.base.Go(func() { s.runOnSchedule(j) })
		return j.pb, nil
	})
}

// UpdateJob changes the fields in the mask, or all if the mask is empty. The job's next run is at the next
// scheduled time.
func (s *Server) UpdateJob(_ context.Context, r *schedulerpb.UpdateJobRequest) (*schedulerpb.Job, error) {
	return durably(s, func() (*schedulerpb.Job, error) { return s.updateJob(r) })
}

// updateJob is UpdateJob with the mutex held.
func (s *Server) updateJob(r *schedulerpb.UpdateJobRequest) (*schedulerpb.Job, error) {
	j, err := s.job(r.Job.GetName())
	if err != nil {
		return nil, err
	}
	wanted := r.Job
	if len(r.UpdateMask.GetPaths()) > 0 {
		wanted = proto.CloneOf(j.pb)
		if err := fieldmask.Apply(wanted, r.Job, r.UpdateMask); err != nil {
			return nil, invalid("%v", err)
		}
		wanted.Name = j.pb.Name
	}
	pb, when, err := normalizeJob(wanted)
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	j.schedule, j.slot = when, when.next(now)
	j.set(func(old *schedulerpb.Job) {
		pb.State, pb.Status, pb.LastAttemptTime = old.State, old.Status, old.LastAttemptTime
		pb.UserUpdateTime = timestamp(now)
		proto.Reset(old)
		proto.Merge(old, pb)
	})
	s.save(j)
	j.wake.Fire()
	return j.pb, nil
}

// DeleteJob deletes a job. A request in flight continues but is not retried.
func (s *Server) DeleteJob(_ context.Context, r *schedulerpb.DeleteJobRequest) (*emptypb.Empty, error) {
	return durably(s, func() (*emptypb.Empty, error) {
		j, err := s.job(r.Name)
		if err != nil {
			return nil, err
		}
		s.jobs.Delete(r.Name)
		s.countJob(r.Name, 0)
		j.deleted = true
		s.base.Changes.Add(record{Name: r.Name})
		j.wake.Fire()
		s.base.Changed.Fire()
		return &emptypb.Empty{}, nil
	})
}

// PauseJob stops a job's runs and retries. A request in flight continues.
func (s *Server) PauseJob(_ context.Context, r *schedulerpb.PauseJobRequest) (*schedulerpb.Job, error) {
	return s.switchState(r.Name, schedulerpb.Job_ENABLED, schedulerpb.Job_PAUSED)
}

// ResumeJob resumes a paused job. Its next run is at the next scheduled time.
func (s *Server) ResumeJob(_ context.Context, r *schedulerpb.ResumeJobRequest) (*schedulerpb.Job, error) {
	return s.switchState(r.Name, schedulerpb.Job_PAUSED, schedulerpb.Job_ENABLED)
}

func (s *Server) switchState(name string, from, to schedulerpb.Job_State) (*schedulerpb.Job, error) {
	return durably(s, func() (*schedulerpb.Job, error) {
		j, err := s.job(name)
		if err != nil {
			return nil, err
		}
		if j.pb.State != from {
			return nil, status.Errorf(codes.FailedPrecondition, "The job is in state %v; it must be in state %v.", j.pb.State, from)
		}
		j.slot = j.schedule.next(s.clock.Now())
		j.set(func(pb *schedulerpb.Job) { pb.State = to })
		s.save(j)
		j.wake.Fire()
		s.base.Changed.Fire()
		return j.pb, nil
	})
}

// RunJob runs a job immediately, even if it is paused or already running. It returns when the run has
// started.
func (s *Server) RunJob(_ context.Context, r *schedulerpb.RunJobRequest) (*schedulerpb.Job, error) {
	return durably(s, func() (*schedulerpb.Job, error) {
		j, err := s.job(r.Name)
		if err != nil {
			return nil, err
		}
		if err := s.base.CheckOpen(); err != nil {
			return nil, err
		}
		forced := s.addRun(j, s.clock.Now(), true)
		s.save(j)
		s.base.Go(func() { s.run(j, forced) })
		return j.pb, nil
	})
}

// durably makes a change with the mutex held and returns when the change is durable.
func durably[T any](s *Server, change func() (T, error)) (T, error) {
	return statelog.Written(s.base.Changes, &s.base.Mutex, change)
}
