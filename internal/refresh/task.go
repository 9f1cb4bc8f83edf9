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
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/internal/schema"
)

// Task requests one refresh of one semester. It is the body of POST /refresh.
type Task struct {
	School   string            `json:"school"`
	Semester schema.SemesterID `json:"semester"`
	// Slot is the time the refresh was due. A run does nothing if one for the same or a later slot has
	// finished.
	Slot time.Time `json:"slot"`
	// Accept publishes a list that would otherwise be held back as suspicious. A person has checked it.
	Accept bool `json:"accept,omitempty"`
}

// Validate returns an error naming the first missing or malformed field.
func (t *Task) Validate() error {
	switch {
	case t.School == "":
		return errors.New("task has no school")
	case t.Slot.IsZero():
		return errors.New("task has no slot")
	}
	return t.Semester.Validate()
}

// id returns the task's id in the queue. It is unique to a slot of a semester, so Cloud Tasks drops
// duplicates of a slot but accepts the next one. It is a hash because school ids may be in any script
// and task ids may not, and because Cloud Tasks distributes hashed ids better.
func (t *Task) id() string {
	sum := sha256.Sum256([]byte(t.School + "/" + string(t.Semester)))
	return fmt.Sprintf("%x-%d", sum[:8], t.Slot.UnixMilli())
}

// Queue is the Cloud Tasks queue of refreshes.
type Queue struct {
	Client *cloudtasks.Client
	// Name is projects/P/locations/L/queues/Q.
	Name string
	// URL is the base URL of the refresh service, Audience the audience it requires in tokens.
	URL, Audience string
	// ServiceAccount is the email of the account the queue authenticates as.
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

// TaskName returns the full resource name of t in the queue.
func (q *Queue) TaskName(t Task) string { return q.Name + "/tasks/" + t.id() }

// DispatchDeadline is how long Cloud Tasks waits for a response: the longest run plus a margin.
const DispatchDeadline = RunTimeout + time.Minute

// Enqueue adds t to the queue. It reports false if the slot was enqueued before.
func (q *Queue) Enqueue(ctx context.Context, t Task) (added bool, err error) {
	return q.enqueue(ctx, t, time.Time{})
}

// enqueue adds t to the queue, to run at a time or, if that is zero, immediately. It reports false if
// that was done before.
func (q *Queue) enqueue(ctx context.Context, t Task, at time.Time) (added bool, err error) {
	name := q.TaskName(t)
	var schedule *timestamppb.Timestamp
	if !at.IsZero() {
		name += fmt.Sprintf("-at-%d", at.Unix())
		schedule = timestamppb.New(at)
	}
	body, err := json.Marshal(t)
	if err != nil {
		return false, fmt.Errorf("encode task: %w", err)
	}
	// Cloud Tasks rejects CreateTask with a deadline above 30 seconds.
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	_, err = q.Client.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{
		Parent: q.Name,
		Task: &cloudtaskspb.Task{
			Name:             name,
			ScheduleTime:     schedule,
			DispatchDeadline: durationpb.New(DispatchDeadline),
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
