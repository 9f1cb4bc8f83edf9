package scheduler

import (
	"path"
	"slices"
	"time"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	codepb "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/internal/dispatch"
)

// run is one execution of a job: a request and its retries. The server's mutex guards it.
type run struct {
	slot     time.Time // the scheduled time; for a forced run, the time of the call
	forced   bool      // by RunJob
	attempts []Attempt
	next     time.Time // when the next attempt is due; zero while a request is in flight
	ended    time.Time
}

// Attempt is one request of a run.
type Attempt = dispatch.Attempt

// addRun adds a run to the job. The mutex is held.
func (s *Server) addRun(j *job, slot time.Time, forced bool) *run {
	r := &run{slot: slot, forced: forced}
	j.active = append(j.active, r)
	j.runs = append(j.runs, r)
	if excess := len(j.runs) - maxRuns; excess > 0 {
		j.runs = slices.Clone(j.runs[excess:])
	}
	s.base.Changed.Fire()
	return r
}

// run makes attempts until one succeeds or no retries remain. If the server is closed, it returns early and
// leaves the run active.
func (s *Server) run(j *job, r *run) {
	for {
		s.base.Lock()
		now := s.clock.Now()
		r.next = time.Time{}
		r.attempts = append(r.attempts, Attempt{Dispatched: now})
		j.set(func(pb *schedulerpb.Job) { pb.LastAttemptTime = timestamp(now) })
		request := request(j.pb, r.slot)
		s.base.Begin()
		s.base.Unlock()

		answer := s.base.Send(request)

		s.base.Lock()
		s.base.End()
		if s.base.Closed() {
			s.base.Unlock()
			return
		}
		again := s.handleResponse(j, r, answer)
		s.base.Unlock()
		if !again || !s.waitForRetry(j, r) {
			return
		}
	}
}

// handleResponse records the response to an attempt. If it returns true, the run is retried at r.next. The
// mutex is held.
func (s *Server) handleResponse(j *job, r *run, answer dispatch.Answer) bool {
	now := s.clock.Now()
	last := &r.attempts[len(r.attempts)-1]
	last.End(now, answer)
	next, again := retry(j.pb.RetryConfig, r, now)
	// Retries end when the next run starts.
	again = again && !answer.OK() && !j.deleted && j.enabled() && next.Before(j.slot)
	if !answer.OK() {
		// jobName and status are those of Cloud Scheduler's own log:
		// https://cloud.google.com/scheduler/docs/logging
		s.base.Log.Warn("run of a job failed", "jobName", j.pb.Name, "slot", r.slot, "attempt", len(r.attempts),
			"status", codepb.Code(answer.Proto().Code).String(), "httpStatus", answer.Status, "answer", answer.Text, "again", again)
	}
	if again {
		r.next = next
	} else {
		s.end(j, r, now)
	}
	j.set(func(pb *schedulerpb.Job) { pb.Status = answer.Proto() })
	s.save(j)
	s.base.Changed.Fire()
	return again
}

// end ends a run. The mutex is held.
func (s *Server) end(j *job, r *run, now time.Time) {
	r.ended, r.next = now, time.Time{}
	j.active = slices.DeleteFunc(j.active, func(other *run) bool { return other == r })
}

// retry returns when to retry a failed run, and whether to retry it at all. After retry_count retries there
// are no more, unless max_retry_duration is set and has not passed.
func retry(cfg *schedulerpb.RetryConfig, r *run, now time.Time) (time.Time, bool) {
	failed := len(r.attempts)
	if cfg.RetryCount == 0 {
		return time.Time{}, false
	}
	duration := cfg.MaxRetryDuration.AsDuration()
	if failed > int(cfg.RetryCount) && (duration == 0 || now.Sub(r.attempts[0].Dispatched) >= duration) {
		return time.Time{}, false
	}
	wait := dispatch.Backoff{
		Min:       cfg.MinBackoffDuration.AsDuration(),
		Max:       cfg.MaxBackoffDuration.AsDuration(),
		Doublings: int(cfg.MaxDoublings),
	}.Wait(failed)
	return now.Add(wait), true
}

// waitForRetry waits until the next attempt is due. It returns false if the job is paused or deleted or the
// server closed in the meantime.
func (s *Server) waitForRetry(j *job, r *run) bool {
	for {
		s.base.Lock()
		if s.base.Closed() {
			s.base.Unlock()
			return false
		}
		if j.deleted || !j.enabled() {
			s.end(j, r, s.clock.Now())
			j.set(func(*schedulerpb.Job) {})
			s.save(j)
			s.base.Changed.Fire()
			s.base.Unlock()
			return false
		}
		wake := j.wake.Wait()
		s.base.Unlock()
		if s.clock.Wait(wake, r.next) {
			return true
		}
	}
}

// request returns a run's request, with the headers that Cloud Scheduler adds.
// https://cloud.google.com/scheduler/docs/reference/rpc/google.cloud.scheduler.v1#httptarget
func request(pb *schedulerpb.Job, slot time.Time) dispatch.Request {
	target := pb.GetHttpTarget()
	header := dispatch.Headers(target.Headers, "X-CloudScheduler")
	// Not header.Set, which would change Google's spelling of the names.
	header["User-Agent"] = []string{userAgent}
	header["X-CloudScheduler"] = []string{"true"}
	header["X-CloudScheduler-JobName"] = []string{path.Base(pb.Name)}
	header["X-CloudScheduler-ScheduleTime"] = []string{slot.UTC().Format(time.RFC3339)}
	return dispatch.Request{
		Method:   target.HttpMethod.String(),
		URL:      target.Uri,
		Header:   header,
		Body:     target.Body,
		Account:  target.GetOidcToken().GetServiceAccountEmail(),
		Audience: target.GetOidcToken().GetAudience(),
		Deadline: pb.AttemptDeadline.AsDuration(),
	}
}

// timestamp converts a time to the API's precision, microseconds.
func timestamp(t time.Time) *timestamppb.Timestamp {
	return timestamppb.New(t.Truncate(time.Microsecond))
}
