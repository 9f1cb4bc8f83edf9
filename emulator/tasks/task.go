package tasks

import (
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/internal/dispatch"
)

const (
	maxAge      = 31 * 24 * time.Hour // tasks are deleted after this time even if retries remain
	maxAttempts = 20                  // attempts of a task kept for inspection
)

// task is a pending task. The server's mutex guards all of it except pb.
type task struct {
	progress

	pb      *cloudtaskspb.Task // as created, immutable; progress holds what changes
	queue   *queue
	named   bool   // the creator chose the name, so it leaves a tombstone
	order   uint64 // orders tasks that are due at the same time
	running int    // requests in flight; RunTask can cause more than one
	waiting bool   // it is in queue.due
	ended   bool   // it is done or deleted; responses to requests still in flight are ignored
}

// progress is the part of a task's state that changes after its creation.
type progress struct {
	Due        time.Time  // schedule_time: when the next attempt is or was due
	Dispatched int32      // attempts started
	Answered   int32      // attempts with a response
	Executed   int32      // attempts with a response other than 5xx
	Status     int        // HTTP status of the last attempt; 0 without a response
	First      time.Time  // when the first attempt started
	Attempts   []*Attempt // the most recent ones, oldest first; Answered is zero while in flight
}

// Attempt is one request for a task.
type Attempt struct {
	Number    int       // 1 for the first
	Scheduled time.Time // when the task was due
	dispatch.Attempt
}

// proto returns the attempt as an API message.
func (a *Attempt) proto() *cloudtaskspb.Attempt {
	pb := &cloudtaskspb.Attempt{ScheduleTime: timestamp(a.Scheduled), DispatchTime: timestamp(a.Dispatched)}
	if !a.Answered.IsZero() {
		pb.ResponseTime = timestamp(a.Answered)
		pb.ResponseStatus = dispatch.Answer{Status: a.Status, TimedOut: a.TimedOut, Text: a.Text}.Proto()
	}
	return pb
}

// view returns the task as an API message. It shares only immutable data with the task.
func (t *task) view(v cloudtaskspb.Task_View) *cloudtaskspb.Task {
	if v == cloudtaskspb.Task_VIEW_UNSPECIFIED {
		v = cloudtaskspb.Task_BASIC
	}
	pb := &cloudtaskspb.Task{
		Name:             t.pb.Name,
		MessageType:      t.pb.MessageType,
		ScheduleTime:     timestamp(t.Due),
		CreateTime:       t.pb.CreateTime,
		DispatchDeadline: t.pb.DispatchDeadline,
		RetryConfig:      t.pb.RetryConfig,
		DispatchCount:    t.Dispatched,
		ResponseCount:    t.Answered,
		View:             v,
	}
	if v == cloudtaskspb.Task_BASIC {
		request := t.pb.GetHttpRequest()
		pb.MessageType = &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
			Url:                 request.Url,
			HttpMethod:          request.HttpMethod,
			Headers:             request.Headers,
			AuthorizationHeader: request.AuthorizationHeader,
		}}
	}
	if !t.First.IsZero() {
		pb.FirstAttempt = &cloudtaskspb.Attempt{DispatchTime: timestamp(t.First)}
	}
	if n := len(t.Attempts); n > 0 {
		pb.LastAttempt = t.Attempts[n-1].proto()
	}
	return pb
}

// tooOld reports whether the task has reached its maximum age.
func (t *task) tooOld(now time.Time) bool { return now.Sub(t.pb.CreateTime.AsTime()) >= maxAge }

// retry returns the task's own retry configuration or its queue's.
func (t *task) retry() *cloudtaskspb.RetryConfig {
	if t.pb.RetryConfig != nil {
		return t.pb.RetryConfig
	}
	return t.queue.pb.RetryConfig
}

// exhausted reports whether a failed task has no retries left. Of max_attempts and max_retry_duration, all
// limits that are set must be reached.
// https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#retryconfig
func (t *task) exhausted(now time.Time) bool {
	retry := t.retry()
	attempts, duration := retry.MaxAttempts, retry.MaxRetryDuration.AsDuration()
	switch {
	case t.tooOld(now):
		return true
	case attempts == -1 && duration == 0:
		return false
	}
	return (attempts == -1 || t.Dispatched >= attempts) && (duration == 0 || now.Sub(t.First) >= duration)
}

// backoff returns the backoff after a failed attempt.
func (t *task) backoff() time.Duration {
	retry := t.retry()
	return dispatch.Backoff{
		Min:       retry.MinBackoff.AsDuration(),
		Max:       retry.MaxBackoff.AsDuration(),
		Doublings: int(retry.MaxDoublings),
	}.Wait(int(t.Dispatched))
}

// timestamp converts a time to the API's precision, microseconds.
func timestamp(t time.Time) *timestamppb.Timestamp {
	return timestamppb.New(t.Truncate(time.Microsecond))
}
