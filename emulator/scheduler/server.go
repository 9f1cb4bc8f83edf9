// Package scheduler emulates Cloud Scheduler. It implements the service google.cloud.scheduler.v1.CloudScheduler
// over gRPC and REST, for Google's clients, and runs jobs on schedule, with Google's headers, ID tokens and
// retries.
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
	"log/slog"
	"net/http"
	"slices"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"github.com/tidwall/btree"
	"google.golang.org/grpc"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/dispatch"
	"heek.kr/heektime/emulator/internal/transcoding"
)

// Tokens creates the ID tokens of jobs with an oidc_token. *identity.Identity implements it.
type Tokens = dispatch.Tokens

// Config configures a [Server].
type Config struct {
	Clock   *clock.Clock   // required: the cloud's time
	Tokens  Tokens         // required: signs the ID tokens of service accounts
	DataDir string         // directory for jobs and their runs; empty keeps them in memory
	Logger  *slog.Logger   // reports failed runs; nil discards
	Meter   *billing.Meter // counts jobs; nil counts nothing
}

// Server is a Cloud Scheduler for all projects and locations. It implements
// [schedulerpb.CloudSchedulerServer], so Go code in the same process can call its methods as a
// client would. It is safe for concurrent use.
type Server struct {
	schedulerpb.UnimplementedCloudSchedulerServer

	clock *clock.Clock
	base  dispatch.Base
	jobs  btree.Map[string, *job] // guarded by base
	meter *billing.Meter
}

// New returns a Server with what the data directory holds. It is not registered yet. Close it to end
// its goroutines.
func New(cfg Config) (*Server, error) {
	s := &Server{clock: cfg.Clock, meter: cfg.Meter}
	if err := s.base.Open(dispatch.Config{
		Service: "scheduler", Clock: cfg.Clock, Tokens: cfg.Tokens, DataDir: cfg.DataDir, Logger: cfg.Logger,
		Apply: s.apply, State: s.state,
	}); err != nil {
		return nil, err
	}
	s.jobs.Scan(func(_ string, j *job) bool {
		unfinished := slices.Clone(j.active)
		s.base.Go(func() {
			for _, r := range unfinished {
				s.run(j, r)
			}
			s.runOnSchedule(j)
		})
		return true
	})
	return s, nil
}

// Register adds the service to a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) { schedulerpb.RegisterCloudSchedulerServer(r, s) }

// Handler serves the REST API below /v1/.
// https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
func (s *Server) Handler() http.Handler {
	return transcoding.NewHandler(&schedulerpb.CloudScheduler_ServiceDesc, s)
}

// Close ends the schedule, cancels the runs under way and waits for their goroutines. After a restart
// from the same data directory these runs are made again, as if the process had died.
func (s *Server) Close() error {
	return s.base.Close(func() {
		s.jobs.Scan(func(_ string, j *job) bool {
			j.wake.Fire()
			return true
		})
	})
}

// Idle waits until no request is running and no run or retry is due. It is what a test calls after
// advancing the clock; emulator.Cloud.Advance does both. Runs and retries that are due later do not
// count.
func (s *Server) Idle(ctx context.Context) error { return s.base.Idle(ctx, s.busy) }

// Requests returns how many requests the jobs have started, and how many of them have ended.
func (s *Server) Requests() (begun, ended uint64) { return s.base.Requests() }

// busy reports whether a run or retry is due or running. The mutex is held.
func (s *Server) busy() bool {
	now, busy := s.clock.Now(), s.base.Sending()
	s.jobs.Scan(func(_ string, j *job) bool {
		busy = busy || j.enabled() && !j.slot.After(now)
		for _, r := range j.active {
			busy = busy || !r.next.After(now)
		}
		return !busy
	})
	return busy
}
