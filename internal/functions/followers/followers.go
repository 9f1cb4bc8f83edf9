// Package followers keeps how many others follow a user, in users/{uid}/counts/followers:
//
//	a follow was added or removed ─▶ POST /follow-written ─▶ a task ─▶ POST /count-followers
//
// The task counts the follows that exist and stores their number. So it makes no difference whether events arrive
// twice, late or in another order, and whether tasks run more than once: after the last follow that changed, a task
// counts all of them. However many follows of a user change, there is one task in some seconds.
package followers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/errwrap"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

// Every is how often the followers of a user are counted at most. A task runs after at least this time, and at most
// twice as late.
const Every = 10 * time.Second

// Path is that of the tasks' requests.
const Path = "/count-followers"

// deadline is how long Cloud Tasks waits for a response.
const deadline = time.Minute

// Config holds the service's dependencies. All are required.
type Config struct {
	Firestore *firestore.Client
	// Queue calls [Path].
	Queue *taskqueue.Queue
	Log   *slog.Logger
	// Now returns the time.
	Now func() time.Time
}

// Service counts followers. It is stateless and safe for concurrent use.
type Service struct{ Config }

// New returns a service, or an error naming the field that cfg lacks.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Firestore == nil:
		return nil, errors.New("followers need a Firestore client")
	case cfg.Log == nil:
		return nil, errors.New("followers need a logger")
	case cfg.Now == nil:
		return nil, errors.New("followers need a clock")
	}
	if err := cfg.Queue.Validate(); err != nil {
		return nil, err
	}
	return &Service{cfg}, nil
}

// QueueFromEnvironment reads the settings of the queue. The caller sets the client.
func QueueFromEnvironment(env *environment.Variables) *taskqueue.Queue {
	url := env.Required("FUNCTIONS_URL", "the service's own base URL, which the queue calls")
	return &taskqueue.Queue{
		Name: env.Required("FOLLOWERS_QUEUE", "the queue of counts, projects/P/locations/L/queues/Q"), URL: url, Audience: url,
		ServiceAccount: env.Required("TASKS_SERVICE_ACCOUNT", "the service account the queue authenticates as"),
	}
}

// Task requests that the followers of a user are counted. It is the body of POST /count-followers.
type Task struct {
	UID string `json:"uid"`
}

// FollowWritten handles a follow that was added or removed.
//
// Billed: 1 task, and none if there is one for the same seconds.
func (s *Service) FollowWritten(ctx context.Context, e cloudevent.Event) error {
	followed, ok := schema.SplitFollowPath(e.Path)
	if !ok {
		return fmt.Errorf("%w: its document is %s", cloudevent.ErrPermanent, strings.Join(e.Path, "/"))
	}
	// The task runs after this event, so it counts what the event is about. Events of the same seconds have the same task.
	at := s.Now().Truncate(Every).Add(2 * Every)
	_, err := s.Queue.Add(ctx, taskqueue.Task{
		ID: fmt.Sprintf("%s-%d", hash(followed), at.Unix()), Path: Path, Body: Task{UID: followed}, At: at, Deadline: deadline,
	})
	return errwrap.Wrap(err, "count the followers of %s", followed)
}

// hash begins the names of tasks: Cloud Tasks distributes hashed names better, and allows few characters.
func hash(uid string) string {
	sum := sha256.Sum256([]byte(uid))
	return hex.EncodeToString(sum[:12])
}

// Count counts the followers of a user and stores their number if it is another one. The transaction ensures that of two
// concurrent counts the later one wins.
//
// Billed for n followers: n/1000 + 1 reads, at least 2; 1 write or 1 delete if the number has changed.
func (s *Service) Count(ctx context.Context, uid string) error {
	user := schema.UserRef(s.Firestore, uid)
	if user == nil {
		return nil // nobody can have this uid
	}
	ref := schema.FollowersRef(user)
	err := s.Firestore.RunTransaction(ctx, func(ctx context.Context, tx *firestore.Transaction) error {
		var stored schema.Followers
		snap, err := tx.Get(ref)
		exists, err := schema.Decode(ref, snap, err, &stored)
		if err != nil {
			return err
		}
		const name = "n"
		query := schema.FollowsOf(s.Firestore, uid)
		result, err := query.NewAggregationQuery().WithCount(name).Transaction(tx).Get(ctx)
		if err != nil {
			return err
		}
		switch n := schema.CountIn(result, name); {
		case n == stored.Count && exists == (n > 0):
			return nil
		case n == 0: // so that nothing is left of an account that was deleted
			return tx.Delete(ref)
		default:
			return tx.Set(ref, schema.Followers{Count: n})
		}
	})
	return errwrap.Wrap(err, "count the followers of %s", uid)
}
