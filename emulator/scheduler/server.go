// Package scheduler emulates Cloud Scheduler. It implements the gRPC service
// google.cloud.scheduler.v1.CloudScheduler for the client cloud.google.com/go/scheduler/apiv1, and runs jobs
// on schedule, with Google's headers, ID tokens and retries.
//
// A run is executed at least once: a run in progress when the process crashed is executed again after a
// restart. Scheduled times that passed while the process was down are skipped. Runs of a job do not overlap;
// if several scheduled times pass during a run, one run follows, for the latest of them.
//
// Time is the cloud's [clock.Clock], so a test reaches the next run by advancing the clock.
//
// Not supported, and rejected: Pub/Sub and App Engine targets, OAuth access tokens, and App Engine's
// English-like schedules ("every 5 minutes").
package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"github.com/tidwall/btree"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/dispatch"
	"heek.kr/heektime/emulator/internal/signal"
	"heek.kr/heektime/emulator/internal/statelog"
)

// Tokens creates the ID tokens of jobs with an oidc_token. *identity.Identity implements it.
type Tokens = dispatch.Tokens

// Config configures a [Server].
type Config struct {
	Clock   *clock.Clock // required: the cloud's time
	Tokens  Tokens       // required: signs the ID tokens of service accounts
	DataDir string       // folder that keeps jobs and their runs; empty keeps them in memory
	Logger  *slog.Logger // says which runs failed and why; slog.Default() when nil
}

// Server is one Cloud Scheduler with all its projects and locations. It implements [schedulerpb.CloudSchedulerServer],
// so Go code in the same process can call its methods as a client would. It is safe for concurrent use.
type Server struct {
	schedulerpb.UnimplementedCloudSchedulerServer

	clock      *clock.Clock
	log        *slog.Logger
	sender     *dispatch.Sender
	ctx        context.Context // ends with Close
	cancel     context.CancelFunc
	goroutines sync.WaitGroup

	mu      sync.Mutex
	jobs    btree.Map[string, *job]
	running int // requests that are under way, also of jobs that were deleted
	ledger  *statelog.Log
	changed signal.Signal // a run began, ended or waits: for Idle
}

// New returns a Server that is not yet registered, with what the data directory has. Close it to end its goroutines.
func New(cfg Config) (*Server, error) {
	switch {
	case cfg.Clock == nil:
		return nil, errors.New("scheduler: Config.Clock is missing")
	case cfg.Tokens == nil:
		return nil, errors.New("scheduler: Config.Tokens is missing")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		clock:  cfg.Clock,
		log:    cfg.Logger,
		sender: dispatch.NewSender(cfg.Clock, cfg.Tokens),
		ctx:    ctx,
		cancel: cancel,
	}
	var err error
	if s.ledger, err = statelog.Open(cfg.DataDir, cfg.Logger, s.apply, s.state); err != nil {
		cancel()
		return nil, fmt.Errorf("scheduler: %w", err)
	}
	s.jobs.Scan(func(_ string, j *job) bool {
		unfinished := slices.Clone(j.active)
		s.goroutines.Go(func() {
			for _, r := range unfinished {
				s.run(j, r)
			}
			s.keep(j)
		})
		return true
	})
	return s, nil
}

// Register adds the service to a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) { schedulerpb.RegisterCloudSchedulerServer(r, s) }

// Close ends the schedule, breaks off the runs that are under way and waits for their goroutines. To their jobs it is
// as if the process had died.
func (s *Server) Close() error {
	s.mu.Lock()
	s.cancel()
	s.jobs.Scan(func(_ string, j *job) bool {
		j.wake.Fire()
		return true
	})
	s.mu.Unlock()
	s.goroutines.Wait()
	s.sender.Close()
	if err := s.ledger.Close(); err != nil {
		return fmt.Errorf("scheduler: %w", err)
	}
	return nil
}

// open refuses what would start a goroutine after Close. The mutex is held.
func (s *Server) open() error {
	if s.ctx.Err() != nil {
		return status.Error(codes.Unavailable, "The local cloud is shutting down.")
	}
	return nil
}

// Idle waits until no request is under way and no run and no retry is due. Retries and runs at later times do not keep
// it waiting.
func (s *Server) Idle(ctx context.Context) error {
	if err := s.changed.Until(ctx, &s.mu, func() bool { return !s.busy() }); err != nil {
		return fmt.Errorf("waiting until Cloud Scheduler is idle: %w", err)
	}
	return nil
}

// busy is asked with the mutex held.
func (s *Server) busy() bool {
	now, busy := s.clock.Now(), s.running > 0
	s.jobs.Scan(func(_ string, j *job) bool {
		busy = busy || j.enabled() && !j.slot.After(now)
		for _, r := range j.active {
			busy = busy || !r.next.After(now)
		}
		return !busy
	})
	return busy
}
