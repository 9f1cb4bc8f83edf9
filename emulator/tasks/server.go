// Package tasks emulates Cloud Tasks. It implements the service google.cloud.tasks.v2.CloudTasks over gRPC
// and REST, for Google's clients and for the task queues of Firebase's Admin SDKs, and dispatches tasks to
// HTTP targets with Google's headers, ID tokens, retries, rate limits and errors.
//
// A task is dispatched at least once: it ends only when its target responds with 2xx, its retries are
// exhausted, or it is deleted. An attempt in flight when the process crashed is repeated after a restart.
//
// Time is the cloud's [clock.Clock], so a test reaches a retry, or the end of a name's reservation, by
// advancing the clock. Advancing it beyond the dispatch deadline of a request in flight ends that request;
// call [Server.Idle] first to wait for it.
//
// App Engine targets, OAuth access tokens, HTTP targets of whole queues, batch calls and IAM are
// UNIMPLEMENTED. After a 429 or 503, Google slows down the whole queue; here only the task itself waits, for
// its backoff or Retry-After, whichever is longer.
package tasks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/tidwall/btree"
	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/dispatch"
)

// Tokens creates the ID tokens of tasks with an oidc_token. *identity.Identity implements it.
type Tokens = dispatch.Tokens

// Config configures a [Server].
type Config struct {
	Clock   *clock.Clock // required: the cloud's time
	Tokens  Tokens       // required: signs the ID tokens of service accounts
	DataDir string       // directory for queues, tasks and reserved names; empty keeps them in memory
	Logger  *slog.Logger // reports failed tasks; nil discards

	// Meter counts operations; nil counts nothing.
	Meter *billing.Meter

	// Functions are the URLs of task queue functions by the names of their queues. The queues exist from
	// the start, as if the functions had been deployed.
	Functions map[string]string
	// FunctionsAddress is host:port of the Functions emulator that serves all other functions,
	// [DefaultFunctionsAddress] when empty.
	FunctionsAddress string
}

// DefaultFunctionsAddress is where the Functions emulator of the Firebase CLI listens.
const DefaultFunctionsAddress = "127.0.0.1:5001"

// Server is a Cloud Tasks for all projects and locations. It implements
// [cloudtaskspb.CloudTasksServer], so Go code in the same process can call its methods as a client
// would. It is safe for concurrent use.
type Server struct {
	cloudtaskspb.UnimplementedCloudTasksServer

	clock *clock.Clock
	base  dispatch.Base // guards what follows

	queues  btree.Map[string, *queue]
	deleted map[string]time.Time // names of deleted queues, and until when they are reserved
	order   uint64               // counts tasks, to order those that are due at the same time
	faults  dispatch.FaultInjector
	meter   *billing.Meter

	functions        map[string]string // see Config
	functionsAddress string
}

// New returns a Server with what the data directory holds. It is not registered yet. Close it to end
// its goroutines.
func New(cfg Config) (*Server, error) {
	s := &Server{
		clock: cfg.Clock, meter: cfg.Meter, deleted: map[string]time.Time{},
		functions: cfg.Functions, functionsAddress: cmp.Or(cfg.FunctionsAddress, DefaultFunctionsAddress),
	}
	for name, target := range cfg.Functions {
		if err := errors.Join(checkQueueName(name), dispatch.CheckURL(target)); err != nil {
			return nil, fmt.Errorf("tasks: the function of queue %q: %w", name, err)
		}
	}
	if err := s.base.Open(dispatch.Config{
		Service: "tasks", Clock: cfg.Clock, Tokens: cfg.Tokens, DataDir: cfg.DataDir, Logger: cfg.Logger,
		Apply: s.apply, State: s.state,
	}); err != nil {
		return nil, err
	}
	s.queues.Scan(func(_ string, q *queue) bool {
		s.base.Go(func() { s.dispatch(q) })
		return true
	})
	if err := s.deployFunctions(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// deployFunctions creates the queues of the configured functions, unless the data directory has them.
func (s *Server) deployFunctions() error {
	_, err := durably(s, func() (struct{}, error) {
		for name := range s.functions {
			if _, exists := s.queues.Get(name); exists {
				continue
			}
			delete(s.deleted, name) // the name would be reserved for days; a restart must not fail for that
			if _, err := s.addQueue(&cloudtaskspb.Queue{Name: name}); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	if err != nil {
		return fmt.Errorf("tasks: create the queues of functions: %w", err)
	}
	return nil
}

// Register adds the service to a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) { r.RegisterService(s.description(), s) }

// Close stops dispatching, cancels the requests under way and waits for their goroutines. After a
// restart from the same data directory their tasks are delivered again, as if the process had died.
func (s *Server) Close() error {
	return s.base.Close(func() {
		s.queues.Scan(func(_ string, q *queue) bool {
			q.wake.Fire()
			return true
		})
	})
}

// Idle waits until no request is running and no task of a running queue is due. It is what a test
// calls after creating a task or advancing the clock; emulator.Cloud.Idle and Advance include it.
// Tasks that are scheduled for later, such as retries, and tasks of paused queues do not count.
func (s *Server) Idle(ctx context.Context) error { return s.base.Idle(ctx, s.busy) }

// Requests returns how many requests for tasks have been started, and how many of them have ended.
func (s *Server) Requests() (begun, ended uint64) { return s.base.Requests() }

// busy reports whether a task is due or in flight. The mutex is held.
func (s *Server) busy() bool {
	if s.base.Sending() {
		return true
	}
	now, due := s.clock.Now(), false
	s.queues.Scan(func(_ string, q *queue) bool {
		first, ok := q.due.Min()
		due = ok && q.pb.State == cloudtaskspb.Queue_RUNNING && !first.Due.After(now)
		return !due
	})
	return due
}
