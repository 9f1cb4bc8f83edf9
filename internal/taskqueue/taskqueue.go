// Package taskqueue adds tasks to queues of Cloud Tasks: requests that call a service later, and again until it
// responds 2xx.
package taskqueue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Queue is a queue of Cloud Tasks, and the service that its tasks call.
type Queue struct {
	Client *cloudtasks.Client
	// Name is projects/P/locations/L/queues/Q.
	Name string
	// URL is the base URL of the service, Audience the audience it requires in tokens.
	URL, Audience string
	// ServiceAccount is the email of the account the queue authenticates as.
	ServiceAccount string
}

// Validate returns an error if something is missing.
func (q *Queue) Validate() error {
	switch {
	case q == nil || q.Client == nil:
		return errors.New("queue needs a Cloud Tasks client")
	case q.Name == "", q.URL == "", q.Audience == "", q.ServiceAccount == "":
		return errors.New("queue needs a name, a URL, an audience and a service account")
	}
	return nil
}

// Task is a task to add.
type Task struct {
	// ID names the task: a second one with the same ID is not added, even hours after the first has run.
	ID string
	// Path is that of the request, Body its JSON.
	Path string
	Body any
	// At is when the task runs; zero means immediately. Cloud Tasks allows [MaxDelay] from now.
	At time.Time
	// Deadline is how long Cloud Tasks waits for a response.
	Deadline time.Duration
}

// MaxDelay is how far in the future a task may be.
//
// Source: https://cloud.google.com/tasks/docs/quotas
const MaxDelay = 30 * 24 * time.Hour

// TaskName returns the full resource name of a task.
func (q *Queue) TaskName(id string) string { return q.Name + "/tasks/" + id }

// Add adds a task. It reports false if the task was added before.
func (q *Queue) Add(ctx context.Context, t Task) (added bool, err error) {
	body, err := json.Marshal(t.Body)
	if err != nil {
		return false, fmt.Errorf("encode task: %w", err)
	}
	var schedule *timestamppb.Timestamp
	if !t.At.IsZero() {
		schedule = timestamppb.New(t.At)
	}
	// Cloud Tasks rejects CreateTask with a deadline above 30 seconds.
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	_, err = q.Client.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{
		Parent: q.Name,
		Task: &cloudtaskspb.Task{
			Name:             q.TaskName(t.ID),
			ScheduleTime:     schedule,
			DispatchDeadline: durationpb.New(t.Deadline),
			MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
				Url:        q.URL + t.Path,
				HttpMethod: cloudtaskspb.HttpMethod_POST,
				Headers:    map[string]string{"Content-Type": "application/json"},
				Body:       body,
				AuthorizationHeader: &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{
					ServiceAccountEmail: q.ServiceAccount, Audience: q.Audience,
				}},
			}},
		},
	})
	switch status.Code(err) {
	case codes.OK:
		return true, nil
	case codes.AlreadyExists:
		return false, nil
	}
	return false, fmt.Errorf("enqueue %s: %w", t.ID, err)
}
