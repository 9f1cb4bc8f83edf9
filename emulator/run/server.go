// Package run emulates the Admin API of Cloud Run, version 2: services, their revisions, and how traffic is
// split among them. It implements google.cloud.run.v2.Services and Revisions over gRPC and REST, for
// Google's clients. It runs no containers.
//
// A request takes effect before it returns, so every operation is done. As on Google's cloud, the desired
// state is stored even if it cannot be reached: when a revision fails to start, the operation ends with
// an error, the conditions say why, and traffic_statuses keep showing what serves. [Server.FailStarts]
// makes revisions fail.
//
// Not supported, and rejected: builds from source (build_config), services in several regions, and the
// services of this API for jobs, worker pools and instances.
package run

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/tidwall/btree"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/statelog"
)

// Config configures a [Server].
type Config struct {
	Clock   *clock.Clock // required: the cloud's time
	DataDir string       // directory for services and revisions; empty keeps them in memory
	Logger  *slog.Logger // nil discards
	// URI returns where a service, or the revision with a traffic tag, can be reached. When nil, Google's
	// deterministic URL, at which nothing of this cloud listens. See [Server.SetURI].
	URI func(service, tag string) string
}

// Server is a Cloud Run for all projects and locations. It implements [runpb.ServicesServer], so Go code in
// the same process can call its methods as a client would. It is safe for concurrent use.
type Server struct {
	runpb.UnimplementedServicesServer

	clock   *clock.Clock
	changes *statelog.Log

	mu         sync.Mutex // guards all below
	uri        func(service, tag string) string
	start      func(*runpb.Revision) error
	services   btree.Map[string, *service]
	operations map[string]*longrunningpb.Operation
	closed     bool
}

// service is a service with what belongs to it. Its messages are immutable, so that they can be
// returned to callers.
type service struct {
	pb        *runpb.Service
	revisions []*runpb.Revision // oldest first
	policy    *iampb.Policy     // nil until it is set
}

// New returns a Server with what the data directory holds. It is not registered yet.
func New(cfg Config) (*Server, error) {
	if cfg.Clock == nil {
		return nil, errors.New("run: Config.Clock is missing")
	}
	s := &Server{
		clock: cfg.Clock, uri: cfg.URI, start: func(*runpb.Revision) error { return nil },
		operations: map[string]*longrunningpb.Operation{},
	}
	var err error
	log := cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	if s.changes, err = statelog.Open(cfg.DataDir, log, s.apply, s.state); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	s.dropIncomplete()
	return s, nil
}

// Register adds the services to a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	runpb.RegisterServicesServer(r, s)
	runpb.RegisterRevisionsServer(r, revisions{s: s})
	longrunningpb.RegisterOperationsServer(r, operations{s: s})
}

// Close ends the server: later changes fail.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if err := s.changes.Close(); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return nil
}

// SetURI changes where services can be reached from now on: see Config.URI.
func (s *Server) SetURI(uri func(service, tag string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uri = uri
}

// FailStarts makes later revisions fail: start is called for each new revision, with the server's mutex
// held, and returns why it does not become ready, or nil. [ErrImageNotFound] stands for an image that does
// not exist; any other error is a container that does not listen on its port.
func (s *Server) FailStarts(start func(*runpb.Revision) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start = start
}

// change calls f with the mutex held and returns when what it changed is on disk.
func change[T any](s *Server, f func() (T, error)) (T, error) {
	return statelog.Written(s.changes, &s.mu, func() (none T, _ error) {
		if s.closed {
			return none, status.Error(codes.Unavailable, "The local cloud is shutting down.")
		}
		return f()
	})
}
