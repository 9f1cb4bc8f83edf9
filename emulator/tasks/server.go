// Package tasks emulates Cloud Tasks. It implements the gRPC service google.cloud.tasks.v2.CloudTasks for the
// client cloud.google.com/go/cloudtasks/apiv2, and dispatches tasks to HTTP targets with Google's headers, ID
// tokens, retries, rate limits and errors.
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
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/tidwall/btree"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/dispatch"
	"heek.kr/heektime/emulator/internal/signal"
	"heek.kr/heektime/emulator/internal/statelog"
)

// Tokens creates the ID tokens of tasks with an oidc_token. *identity.Identity implements it.
type Tokens = dispatch.Tokens

// Config configures a [Server].
type Config struct {
	Clock   *clock.Clock // required: the cloud's time
	Tokens  Tokens       // required: signs the ID tokens of service accounts
	DataDir string       // folder that keeps queues, tasks and names; empty keeps them in memory
	Logger  *slog.Logger // says which tasks failed and why; slog.Default() when nil
}

// Server is one Cloud Tasks with all its projects and locations. It implements [cloudtaskspb.CloudTasksServer], so Go
// code in the same process can call its methods as a client would. It is safe for concurrent use.
type Server struct {
	cloudtaskspb.UnimplementedCloudTasksServer

	clock      *clock.Clock
	log        *slog.Logger
	sender     *dispatch.Sender
	ctx        context.Context // ends with Close
	cancel     context.CancelFunc
	goroutines sync.WaitGroup

	mu      sync.Mutex
	queues  btree.Map[string, *queue]
	deleted map[string]time.Time // names of deleted queues, and until when they are refused
	running int                  // requests that are under way, in all queues
	changed signal.Signal        // something became due, began, ended or went away: for Idle
	order   uint64               // counts tasks, so that those due at the same time keep their order
	faults  dispatch.FaultInjector
	ledger  *statelog.Log
}

// New returns a Server that is not yet registered, with what the data directory has. Close it to end its goroutines.
func New(cfg Config) (*Server, error) {
	switch {
	case cfg.Clock == nil:
		return nil, errors.New("tasks: Config.Clock is missing")
	case cfg.Tokens == nil:
		return nil, errors.New("tasks: Config.Tokens is missing")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		clock:   cfg.Clock,
		log:     cfg.Logger,
		sender:  dispatch.NewSender(cfg.Clock, cfg.Tokens),
		ctx:     ctx,
		cancel:  cancel,
		deleted: map[string]time.Time{},
	}
	var err error
	if s.ledger, err = statelog.Open(cfg.DataDir, cfg.Logger, s.apply, s.state); err != nil {
		cancel()
		return nil, fmt.Errorf("tasks: %w", err)
	}
	s.queues.Scan(func(_ string, q *queue) bool {
		s.goroutines.Go(func() { s.dispatch(q) })
		return true
	})
	return s, nil
}

// Register adds the service to a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) { cloudtaskspb.RegisterCloudTasksServer(r, s) }

// Close stops dispatching, breaks off the requests that are under way and waits for their goroutines. To their tasks
// it is as if the process had died.
func (s *Server) Close() error {
	s.mu.Lock()
	s.cancel()
	s.queues.Scan(func(_ string, q *queue) bool {
		q.wake.Fire()
		return true
	})
	s.mu.Unlock()
	s.goroutines.Wait()
	s.sender.Close()
	if err := s.ledger.Close(); err != nil {
		return fmt.Errorf("tasks: %w", err)
	}
	return nil
}

// open refuses what would come after Close: new tasks, and what starts a goroutine. The mutex is held.
func (s *Server) open() error {
	if s.ctx.Err() != nil {
		return status.Error(codes.Unavailable, "The local cloud is shutting down.")
	}
	return nil
}

// Idle waits until no request is under way and no task of a running queue is due. Tasks that are scheduled for later,
// and those of paused queues, do not keep it waiting.
func (s *Server) Idle(ctx context.Context) error {
	if err := s.changed.Until(ctx, &s.mu, func() bool { return !s.busy() }); err != nil {
		return fmt.Errorf("waiting until Cloud Tasks is idle: %w", err)
	}
	return nil
}

// busy is asked with the mutex held.
func (s *Server) busy() bool {
	if s.running > 0 {
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
