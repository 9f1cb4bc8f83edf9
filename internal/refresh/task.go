package refresh

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"heek.kr/heektime/internal/schema"
)

// Task asks for one refresh of one semester; it is the body of POST /refresh.
type Task struct {
	School   string            `json:"school"`
	Semester schema.SemesterID `json:"semester"`
	// Slot is the time that the refresh was due; a run for an older slot than the newest finished one does nothing.
	Slot time.Time `json:"slot"`
	// Accept publishes a list that would be held back as suspicious: a person has looked at it.
	Accept bool `json:"accept,omitempty"`
}

// Validate says what is missing in a task.
func (t *Task) Validate() error {
	switch {
	case t.School == "":
		return errors.New("task without a school")
	case t.Slot.IsZero():
		return errors.New("task without a slot")
	}
	return t.Semester.Validate()
}

// id names the task, so that Cloud Tasks takes one slot of one semester only once, and never takes the next slot for it.
// Ids of schools are in any script, task names are not; and a name that begins with a hash spreads well over the queue.
func (t *Task) id() string {
	sum := sha256.Sum256([]byte(t.School + "/" + string(t.Semester)))
	return fmt.Sprintf("%x-%d", sum[:8], t.Slot.UnixMilli())
}

// Queue is the Cloud Tasks queue that refreshes wait in.
type Queue struct {
	// Client is the official client.
	Client *cloudtasks.Client
	// Name is projects/P/locations/L/queues/Q.
	Name string
	// URL of the refresh service, without a path, and the audience that it wants in tokens.
	URL, Audience string
	// ServiceAccount that the queue calls the refresh service as.
	ServiceAccount string
}

func (q *Queue) validate() error {
	switch {
	case q == nil || q.Client == nil:
		return errors.New("queue needs a Cloud Tasks client")
	case q.Name == "", q.URL == "", q.Audience == "", q.ServiceAccount == "":
		return errors.New("queue needs a name, a URL, an audience and a service account")
	}
	return nil
}

// TaskName is the task's name in the queue.
func (q *Queue) TaskName(t Task) string { return q.Name + "/tasks/" + t.id() }

// dispatchDeadline is how long Cloud Tasks waits for an answer: the longest run and some air.
const dispatchDeadline = runTimeout + time.Minute

// Enqueue puts the task into the queue. added is false when the slot was enqueued before.
func (q *Queue) Enqueue(ctx context.Context, t Task) (added bool, err error) {
	body, err := json.Marshal(t)
	if err != nil {
		return false, fmt.Errorf("encode task: %w", err)
	}
	// CreateTask's own deadline may be at most 30 seconds.
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	_, err = q.Client.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{
		Parent: q.Name,
		Task: &cloudtaskspb.Task{
			Name:             q.TaskName(t),
			DispatchDeadline: durationpb.New(dispatchDeadline),
			MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
				Url:        q.URL + "/refresh",
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
	return false, fmt.Errorf("enqueue refresh of %s %s: %w", t.School, t.Semester, err)
}
