package tasks

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"heek.kr/heektime/emulator/internal/dispatch"
)

// Limits of tasks. https://cloud.google.com/tasks/docs/quotas
const (
	userAgent       = "Google-Cloud-Tasks"
	maxTaskSize     = 1 << 20             // bytes of the encoded task
	maxAhead        = 30 * 24 * time.Hour // of schedule_time
	minDeadline     = 15 * time.Second
	maxDeadline     = 30 * time.Minute
	defaultDeadline = 10 * time.Minute
	maxCallDeadline = 30 * time.Second // of CreateTask itself
)

// newTask checks a task to be created and returns it with defaults and a name filled in.
func newTask(given *cloudtaskspb.Task, q *queue, now time.Time) (*task, error) {
	target, err := newTarget(given)
	if err != nil {
		return nil, err
	}
	due := now
	if given.ScheduleTime != nil {
		if given.ScheduleTime.CheckValid() != nil {
			return nil, invalid("Task.schedule_time is not a valid time.")
		}
		if at := given.ScheduleTime.AsTime(); at.After(now) {
			due = at
		}
	}
	if due.Sub(now) > maxAhead {
		return nil, invalid("The Task.scheduleTime, %s, is too far in the future. Schedule time must be no more than %.0fh in the future.",
			due.Format(time.RFC3339), maxAhead.Hours())
	}
	deadline := given.DispatchDeadline
	if deadline == nil {
		deadline = durationpb.New(defaultDeadline)
	}
	if d := deadline.AsDuration(); deadline.CheckValid() != nil || d < minDeadline || d > maxDeadline {
		return nil, invalid("The Task.dispatchDeadline must be between [%v, %v].", minDeadline, maxDeadline)
	}
	retry := given.RetryConfig
	if retry != nil {
		if retry, err = normalizeRetry(retry, q.pb.RetryConfig); err != nil {
			return nil, err
		}
	}
	t := &task{queue: q, named: given.Name != "", pb: &cloudtaskspb.Task{
		Name:             given.Name,
		MessageType:      &cloudtaskspb.Task_HttpRequest{HttpRequest: target},
		CreateTime:       timestamp(now.Truncate(time.Second)),
		DispatchDeadline: durationpb.New(deadline.AsDuration().Truncate(time.Millisecond)),
		RetryConfig:      retry,
	}}
	t.Due = due.Truncate(time.Microsecond)
	if !t.named {
		t.pb.Name = fmt.Sprintf("%s/tasks/%020d", q.pb.Name, rand.Uint64())
	}
	if size := proto.Size(given); size > maxTaskSize {
		return nil, invalid("The task has %d bytes; the limit is %d.", size, maxTaskSize)
	}
	return t, nil
}

// newTarget checks a task's HTTP request and returns a copy with defaults filled in.
func newTarget(given *cloudtaskspb.Task) (*cloudtaskspb.HttpRequest, error) {
	if given.GetAppEngineHttpRequest() != nil {
		return nil, unimplemented("App Engine targets; use http_request")
	}
	if given.GetHttpRequest() == nil {
		return nil, invalid("Task.http_request is required.")
	}
	target := proto.CloneOf(given.GetHttpRequest())
	if target.Url == "" {
		return nil, invalid("HttpRequest.url is required.")
	}
	if err := dispatch.CheckURL(target.Url); err != nil {
		return nil, invalid("HttpRequest.url: %v", err)
	}
	if err := dispatch.CheckHeaders(target.Headers); err != nil {
		return nil, invalid("HttpRequest.headers: %v", err)
	}
	switch target.HttpMethod {
	case cloudtaskspb.HttpMethod_HTTP_METHOD_UNSPECIFIED:
		target.HttpMethod = cloudtaskspb.HttpMethod_POST
	case cloudtaskspb.HttpMethod_POST, cloudtaskspb.HttpMethod_PUT, cloudtaskspb.HttpMethod_PATCH:
	default:
		if _, known := cloudtaskspb.HttpMethod_name[int32(target.HttpMethod)]; !known {
			return nil, invalid("HttpRequest.http_method %d does not exist.", target.HttpMethod)
		}
		if len(target.Body) > 0 {
			return nil, invalid("HttpRequest.body is only allowed with POST, PUT or PATCH, not with %s.", target.HttpMethod)
		}
	}
	switch token := target.AuthorizationHeader.(type) {
	case *cloudtaskspb.HttpRequest_OauthToken:
		return nil, unimplemented("OAuth access tokens for targets; use oidc_token")
	case *cloudtaskspb.HttpRequest_OidcToken:
		if token.OidcToken.GetServiceAccountEmail() == "" {
			return nil, invalid("HttpRequest.oidc_token.service_account_email is required.")
		}
	}
	// Google stores the caller's headers with its own User-Agent; reserved headers are dropped at dispatch.
	if target.Headers == nil {
		target.Headers = map[string]string{}
	}
	maps.DeleteFunc(target.Headers, func(name, _ string) bool { return strings.EqualFold(name, "User-Agent") })
	target.Headers["User-Agent"] = userAgent
	return target, nil
}
