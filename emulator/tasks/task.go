package tasks

import (
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/internal/dispatch"
)

const (
	maxAge      = 31 * 24 * time.Hour // after which a task is deleted whatever its retries allow
	maxAttempts = 20                  // attempts of a task that are kept to be shown
)

// task is a task that was neither done nor deleted. The server's mutex guards all of it but pb.
type task struct {
	progress

	pb      *cloudtaskspb.Task // as created, never changed; what changes is in progress
	queue   *queue
	named   bool   // by its creator, so that its name leaves a tombstone
	order   uint64 // among the tasks that are due at the same time
	running int    // requests that are under way; more than one only by RunTask
	waiting bool   // it is in queue.due
	gone    bool   // it was done or deleted; requests that are still under way mean nothing any more
}

// progress is what happened to a task since it was created.
type progress struct {
	Due        time.Time  // schedule_time: when it is or was to be attempted
	Dispatched int32      // attempts that began
	Answered   int32      // attempts that got an answer
	Executed   int32      // attempts that got an answer other than 5xx
	Status     int        // HTTP status of the last answer; 0 when there was none
	First      time.Time  // when the first attempt began
	Attempts   []*Attempt // the last of them, oldest first; one that is under way has no answer time yet
}

// Attempt is one request for a task.
type Attempt struct {
	Number    int       // 1 for the first
	Scheduled time.Time // when the task was due
	dispatch.Attempt
}

// proto is the attempt as the API shows it.
func (a *Attempt) proto() *cloudtaskspb.Attempt {
	pb := &cloudtaskspb.Attempt{ScheduleTime: timestamp(a.Scheduled), DispatchTime: timestamp(a.Dispatched)}
	if !a.Answered.IsZero() {
		pb.ResponseTime = timestamp(a.Answered)
		pb.ResponseStatus = dispatch.Answer{Status: a.Status, TimedOut: a.TimedOut, Text: a.Text}.Proto()
	}
	return pb
}

// view is the task as the API shows it. It shares nothing with the task that ever changes.
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

// tooOld reports whether the task has been kept as long as any task is.
func (t *task) tooOld(now time.Time) bool { return now.Sub(t.pb.CreateTime.AsTime()) >= maxAge }

// retry is the configuration that holds for the task: its own, or its queue's.
func (t *task) retry() *cloudtaskspb.RetryConfig {
	if t.pb.RetryConfig != nil {
		return t.pb.RetryConfig
	}
	return t.queue.pb.RetryConfig
}

// exhausted reports whether a failed task is to be given up. A limit that is not set (attempts -1, duration 0) does
// not count; of two that are set both must be reached.
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

// wait is how long to wait before the attempt after a failed one.
func (t *task) wait() time.Duration {
	retry := t.retry()
	return dispatch.Backoff{
		Min:       retry.MinBackoff.AsDuration(),
		Max:       retry.MaxBackoff.AsDuration(),
		Doublings: int(retry.MaxDoublings),
	}.Wait(int(t.Dispatched))
}

// timestamp has microseconds, as all times of the API.
func timestamp(t time.Time) *timestamppb.Timestamp {
	return timestamppb.New(t.Truncate(time.Microsecond))
}
