package tasks

import (
	"fmt"
	"path"
	"strconv"
	"time"

	"heek.kr/heektime/emulator/internal/dispatch"
)

// start starts a request for the task. The mutex is held.
func (s *Server) start(t *task, now time.Time) {
	if t.waiting {
		t.queue.due.Delete(t)
		t.waiting = false
	}
	request := t.request() // before the counts change
	t.Dispatched++
	if t.First.IsZero() {
		t.First = now
	}
	attempt := &Attempt{Number: int(t.Dispatched), Scheduled: t.Due, Attempt: dispatch.Attempt{Dispatched: now}}
	t.Attempts = append(t.Attempts, attempt)
	if excess := len(t.Attempts) - maxAttempts; excess > 0 {
		t.Attempts = append([]*Attempt(nil), t.Attempts[excess:]...)
	}
	t.running++
	t.queue.running++
	s.countDispatch(t)
	if s.faults.Twice {
		s.countDispatch(t)
		s.send(request, func(dispatch.Answer) {})
	}
	s.send(request, func(answer dispatch.Answer) { s.finish(t, attempt, answer) })
}

// send sends a request in a goroutine and calls done with the response, with the mutex held, unless the
// server is closed in the meantime. The mutex is held.
func (s *Server) send(request dispatch.Request, done func(dispatch.Answer)) {
	request.NotBefore = s.clock.Now().Add(s.faults.RandomDelay())
	s.base.Begin()
	s.base.Go(func() {
		answer := s.base.Send(request)
		s.base.Lock()
		defer s.base.Unlock()
		s.base.End()
		if !s.base.Closed() {
			done(answer)
		}
		s.base.Changed.Fire()
	})
}

// finish handles the response to a task: it is done, dead, or retried. The mutex is held.
func (s *Server) finish(t *task, a *Attempt, answer dispatch.Answer) {
	now := s.clock.Now()
	t.running--
	t.queue.running--
	t.queue.wake.Fire()
	a.End(now, answer)
	if t.ended {
		return
	}
	t.Status = answer.Status
	if answer.Status != 0 {
		t.Answered++
		if answer.Status < 500 {
			t.Executed++
		}
	}
	if answer.OK() {
		s.end(t, Done)
		return
	}
	log := s.base.Log.With("task", t.pb.Name, "attempt", a.Number, "status", answer.Status, "answer", answer.Text)
	if t.exhausted(now) {
		log.Warn("task is dead: its retries are exhausted")
		s.end(t, Dead)
		return
	}
	t.Due = now.Add(max(t.backoff(), answer.RetryAfter))
	s.base.Changes.Add(record{Progress: &progressRecord{t.pb.Name, t.progress}})
	log.Info("task failed and will be retried", "at", t.Due)
	if t.running == 0 { // otherwise the last request to end enqueues it
		t.queue.due.Set(t)
		t.waiting = true
	}
}

// request returns the task's next request, with the headers that Cloud Tasks adds.
// https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler
func (t *task) request() dispatch.Request {
	target := t.pb.GetHttpRequest()
	header := dispatch.Headers(target.Headers, "X-CloudTasks-")
	// Not header.Set, which would change Google's spelling of the names.
	for name, value := range map[string]string{
		"User-Agent":                      userAgent,
		"X-CloudTasks-QueueName":          path.Base(t.queue.pb.Name),
		"X-CloudTasks-TaskName":           path.Base(t.pb.Name),
		"X-CloudTasks-TaskRetryCount":     strconv.Itoa(int(t.Dispatched)),
		"X-CloudTasks-TaskExecutionCount": strconv.Itoa(int(t.Executed)),
		"X-CloudTasks-TaskETA":            eta(t.Due),
	} {
		header[name] = []string{value}
	}
	if t.Status != 0 {
		header["X-CloudTasks-TaskPreviousResponse"] = []string{strconv.Itoa(t.Status)}
	}
	if t.Dispatched > 0 {
		// Google sends this header and leaves it empty for HTTP targets.
		header["X-CloudTasks-TaskRetryReason"] = []string{""}
	}
	return dispatch.Request{
		Method:   target.HttpMethod.String(),
		URL:      target.Url,
		Header:   header,
		Body:     target.Body,
		Account:  target.GetOidcToken().GetServiceAccountEmail(),
		Audience: target.GetOidcToken().GetAudience(),
		Deadline: t.pb.DispatchDeadline.AsDuration(),
	}
}

// eta formats a time as Google does: seconds since 1970 with a fraction.
func eta(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }
