// Package pushtask adds the tasks of notifications to the queues that call the push service:
//
//	a list was published ─▶ POST /send: notify the students of the lectures that changed
//	an announcement      ─▶ POST /send: notify everyone, or a school
//	a lecture was added, a device subscribed, … ─▶ POST /topics: the topics of a user's devices
//
// Tasks have names that follow from what they are about, so a retry adds none, and many events in a few seconds
// are one task.
package pushtask

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

// Paths of the push service.
const (
	SendPath   = "/send"
	TopicsPath = "/topics"
)

// Deadline is how long Cloud Tasks waits for a response.
const Deadline = 2 * time.Minute

// Send requests notifications: of what changed in a semester's list, or of an announcement. It is the body of
// POST /send.
type Send struct {
	School       string            `json:"school,omitempty"`
	Semester     schema.SemesterID `json:"semester,omitempty"`
	Announcement string            `json:"announcement,omitempty"`
}

// Validate returns an error if the request names nothing, or something that cannot exist.
func (s *Send) Validate() error {
	if s.Announcement != "" {
		if s.School != "" || s.Semester != "" {
			return errors.New("task has both an announcement and a semester")
		}
		return schema.CheckID(s.Announcement)
	}
	if err := schema.CheckID(s.School); err != nil {
		return fmt.Errorf("school: %w", err)
	}
	return s.Semester.Validate()
}

// Topics requests that the topics of a user's devices follow their timetables. If Token is set, it requests that a
// device that was forgotten leaves its topics. It is the body of POST /topics.
type Topics struct {
	UID    string   `json:"uid,omitempty"`
	Token  string   `json:"token,omitempty"`
	Topics []string `json:"topics,omitempty"`
}

// Validate returns an error if the request names nobody.
func (t *Topics) Validate() error {
	if t.Token != "" {
		if len(t.Token) > schema.MaxToken {
			return errors.New("the token is too long")
		}
		return nil
	}
	return schema.CheckID(t.UID)
}

// WakeFor returns when students may first be notified of a change, zero if it notifies nobody. A school that changes
// a lecture back and forth wakes nobody before the next morning. Of a change with too many lectures for its document,
// only their number is known here.
func WakeFor(c *schema.Change) time.Time {
	if c.From == "" {
		return time.Time{} // the first list
	}
	if !c.Complete && c.Removed+c.Changed+c.Moved > 0 {
		return Earliest(c.At)
	}
	var wake time.Time
	for i := range c.Lectures {
		switch l := &c.Lectures[i]; {
		case !pushplan.Concerns(l):
		case l.Repeats < 2:
			return Earliest(c.At)
		default:
			wake = morning(c.At)
		}
	}
	return wake
}

// Earliest returns when students may first be notified of something that happened at a time.
func Earliest(at time.Time) time.Time {
	if pushplan.IsQuiet(at) {
		return morning(at)
	}
	return at
}

// morning returns the next 8:00, or 8:05 if that is near: the task of 8:00 could run before the change is committed.
func morning(at time.Time) time.Time {
	const near = 5 * time.Minute
	m := pushplan.NextMorning(at)
	if m.Sub(at) < near {
		return m.Add(near)
	}
	return m
}

// Changed adds a task for what changed in a semester's list. at is when it runs, and part of its name: in the
// past means immediately.
func Changed(ctx context.Context, q *taskqueue.Queue, schoolID string, id schema.SemesterID, at, now time.Time) error {
	return add(ctx, q, fmt.Sprintf("%s-%d", hash(schoolID+"/"+string(id)), at.UnixMicro()), Send{School: schoolID, Semester: id}, at, now)
}

// Announced adds a task for an announcement.
func Announced(ctx context.Context, q *taskqueue.Queue, id string, at, now time.Time) error {
	at = Earliest(at)
	return add(ctx, q, fmt.Sprintf("%s-%d", hash("announcement/"+id), at.UnixMicro()), Send{Announcement: id}, at, now)
}

func add(ctx context.Context, q *taskqueue.Queue, id string, body Send, at, now time.Time) error {
	if !at.After(now) {
		at = time.Time{}
	}
	_, err := q.Add(ctx, taskqueue.Task{ID: id, Path: SendPath, Body: body, At: at, Deadline: Deadline})
	if err != nil {
		return fmt.Errorf("notifications: %w", err)
	}
	return nil
}

// TopicsEvery is how often the topics of a user's devices change at most, whatever the user does. The task runs
// after at least this time, and at most twice as late.
const TopicsEvery = 10 * time.Second

// CommitWithin bounds how long a caller of [Follow] takes to commit what its task is for, so that the task
// sees it.
const CommitWithin = TopicsEvery * 3 / 4

// Follow adds a task for the topics of a user's devices. It runs after at least [TopicsEvery], so what the caller
// commits within that time is seen; further calls in the meantime add no task.
func Follow(ctx context.Context, q *taskqueue.Queue, uid string, now time.Time) error {
	return follow(ctx, q, uid, now.Truncate(TopicsEvery).Add(2*TopicsEvery))
}

// FollowAgain is how long after a device was subscribed its topics are checked once more. A caller that finds no
// device of a user need not check again for that long, less [CommitWithin].
const FollowAgain = 10 * time.Minute

// FollowDevice adds the tasks for a device that the caller is about to subscribe: that of [Follow], and one after
// [FollowAgain], for what the user changes while some callers do not expect them to have a device.
func FollowDevice(ctx context.Context, q *taskqueue.Queue, uid string, now time.Time) error {
	return errors.Join(Follow(ctx, q, uid, now), follow(ctx, q, uid, now.Truncate(TopicsEvery).Add(FollowAgain+TopicsEvery)))
}

func follow(ctx context.Context, q *taskqueue.Queue, uid string, at time.Time) error {
	_, err := q.Add(ctx, taskqueue.Task{
		ID: fmt.Sprintf("%s-%d", hash("user/"+uid), at.Unix()), Path: TopicsPath, Body: Topics{UID: uid}, At: at, Deadline: Deadline,
	})
	if err != nil {
		return fmt.Errorf("topics of %s: %w", uid, err)
	}
	return nil
}

// Leave adds a task that removes a forgotten device from its topics. event names the event that it is for.
func Leave(ctx context.Context, q *taskqueue.Queue, token string, topics []string, event string) error {
	_, err := q.Add(ctx, taskqueue.Task{ID: hash("leave/" + event), Path: TopicsPath, Body: Topics{Token: token, Topics: topics}, Deadline: Deadline})
	if err != nil {
		return fmt.Errorf("topics of a forgotten device: %w", err)
	}
	return nil
}

// hash begins the names of tasks: Cloud Tasks distributes hashed names better, and allows few characters.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}

// Environment variables of the queues.
const (
	SendQueueVariable   = "PUSH_QUEUE"
	TopicsQueueVariable = "TOPICS_QUEUE"
)

// QueueFromEnvironment reads the settings of a queue that calls the push service. The caller sets the client.
func QueueFromEnvironment(env *environment.Variables, variable string) *taskqueue.Queue {
	url := env.Required("PUSH_URL", "the base URL of the push service, which the queue calls")
	return &taskqueue.Queue{
		Name: env.Required(variable, "a queue of the push service, projects/P/locations/L/queues/Q"), URL: url, Audience: url,
		ServiceAccount: env.Required("TASKS_SERVICE_ACCOUNT", "the service account the queue authenticates as"),
	}
}
