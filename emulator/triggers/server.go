// Package triggers emulates Eventarc for the local cloud's Firestore. Document changes become events, which
// are delivered to HTTP targets such as functions, as CloudEvents with Firestore's protobuf payload.
//
//	server, _ := triggers.New(triggers.Config{…})
//	firestore.New(firestore.Config{Follower: server, …})
//	server.Register(triggers.Trigger{Name: "purge", Event: triggers.Deleted, Document: "users/{uid}", URL: …})
//
// Delivery is at least once and unordered, even for events of the same document. Without [Trigger.Retry],
// an event is dead after its first failed request; with it, the event is retried for 24 hours. Dead events
// are logged with their IDs and kept for inspection and redelivery. With a data directory, nothing is lost
// when the process crashes.
//
// Only changes create events: one per document and commit, no matter who wrote the document and how often
// the commit writes it. Writes without effect, deletions of missing documents, and resetting the whole
// database create none.
//
// Time is the cloud's [clock.Clock], so a test reaches a retry that is due in ten minutes by advancing the
// clock.
//
// [Server.FunctionsHandler] lets the Functions emulator of Firebase's suite register its functions.
//
// Not supported: the writer's identity in events of the types with [WithAuthContext], JSON payloads of CloudEvents,
// Pub/Sub's slow start for failing targets, and Eventarc's own API.
//
// A change passes through follow.go (commits become events), subscription.go (events wait for delivery),
// delivery.go (requests and responses) and ended.go (delivered and dead events).
package triggers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/tidwall/btree"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/dispatch"
)

// Tokens creates the ID tokens of triggers with a service account. *identity.Identity implements it.
type Tokens = dispatch.Tokens

// Config configures a [Server].
type Config struct {
	Clock    *clock.Clock   // required: the cloud's time
	Tokens   Tokens         // signs the ID tokens of service accounts; required if a trigger has one
	Project  string         // required: the project of all triggers
	Location string         // the database's location in events; defaults to "nam5"
	DataDir  string         // directory for triggers and events; empty keeps them in memory
	Faults   Faults         // injected faults; see [Server.SetFaults]
	Logger   *slog.Logger   // reports failed events; nil discards
	Meter    *billing.Meter // counts events; nil counts nothing
}

// noTokens are the tokens of a Config without any.
type noTokens struct{}

func (noTokens) IDToken(_ context.Context, account, _ string) (string, error) {
	return "", fmt.Errorf("triggers: no ID token for %s: Config.Tokens is missing", account)
}

// Source is the Firestore whose changes become events. *firestore.Server implements it.
type Source interface {
	// Settle returns when the server has received all changes committed so far.
	Settle(ctx context.Context) error
}

// Server creates events from Firestore's changes and delivers them. It implements firestore.Follower and is
// safe for concurrent use.
type Server struct {
	meter *billing.Meter

	clock             *clock.Clock
	project, location string
	wanted            atomic.Pointer[map[string]bool] // names of databases with triggers
	base              dispatch.Base                   // guards what follows

	source        Source
	subscriptions btree.Map[string, *subscription] // by trigger name
	cursors       map[string]time.Time             // by database name: commits up to this time have become events
	unsaved       int                              // changes since the cursors were saved
	disabled      bool
	taken         uint64 // counts calls of Take
	order         uint64 // counts events
	faults        dispatch.FaultInjector
}

// New returns a Server with what the data directory holds. Firestore reports changes to it once it
// is Firestore's follower. Close it to end its goroutines.
func New(cfg Config) (*Server, error) {
	if cfg.Project == "" {
		return nil, errors.New("triggers: Config.Project is missing")
	}
	s := &Server{
		meter:    cfg.Meter,
		clock:    cfg.Clock,
		project:  cfg.Project,
		location: cmp.Or(cfg.Location, "nam5"),
		cursors:  map[string]time.Time{},
		faults:   dispatch.NewFaultInjector(cfg.Faults),
	}
	if cfg.Tokens == nil {
		cfg.Tokens = noTokens{}
	}
	if err := s.base.Open(dispatch.Config{
		Service: "triggers", Clock: cfg.Clock, Tokens: cfg.Tokens, DataDir: cfg.DataDir, Logger: cfg.Logger,
		Apply: s.apply, State: s.state,
	}); err != nil {
		return nil, err
	}
	s.subscriptions.Scan(func(_ string, sub *subscription) bool {
		if now := cfg.Clock.Now(); sub.since.After(now) { // an earlier process advanced its clock
			sub.since = now
		}
		return true
	})
	s.updateWanted()
	return s, nil
}

// Attach sets the Firestore that the server follows. [Server.Idle], [Server.Disable] and [Server.Enable]
// wait for it.
func (s *Server) Attach(source Source) {
	s.base.Lock()
	defer s.base.Unlock()
	s.source = source
}

// settle waits until everything committed so far has become events.
func (s *Server) settle(ctx context.Context) error {
	s.base.Lock()
	source := s.source
	s.base.Unlock()
	if source == nil {
		return nil
	}
	return source.Settle(ctx)
}

// Close stops delivering, cancels the requests under way and waits for their goroutines. After a
// restart from the same data directory their events are delivered again, as if the process had died.
func (s *Server) Close() error {
	return s.base.Close(func() {
		s.saveCursors()
		s.subscriptions.Scan(func(_ string, sub *subscription) bool {
			sub.wake.Fire()
			return true
		})
	})
}

// Idle waits until all commits have become events, and none of these is due or being delivered,
// including events of what the targets write meanwhile. It is what a test calls after writing to
// Firestore; emulator.Cloud.Idle and Advance include it. Events that wait for their next attempt do
// not count, nor do those of triggers that are absent or disabled.
func (s *Server) Idle(ctx context.Context) error {
	for {
		if err := s.settle(ctx); err != nil {
			return fmt.Errorf("triggers: waiting until nothing is due: %w", err)
		}
		var taken uint64
		if err := s.base.Idle(ctx, func() bool { taken = s.taken; return s.busy() }); err != nil {
			return err
		}
		if err := s.settle(ctx); err != nil { // a target may have written before it responded
			return fmt.Errorf("triggers: waiting until nothing is due: %w", err)
		}
		s.base.Lock()
		done := !s.busy() && s.taken == taken
		s.base.Unlock()
		if done {
			return nil
		}
	}
}

// Requests returns how many requests for events have been started, and how many of them have ended.
func (s *Server) Requests() (begun, ended uint64) { return s.base.Requests() }

// busy reports whether an event is due or in flight. The mutex is held.
func (s *Server) busy() bool {
	if s.base.Sending() || s.base.Closed() {
		return s.base.Sending()
	}
	now, due := s.clock.Now(), false
	s.subscriptions.Scan(func(_ string, sub *subscription) bool {
		first, ok := sub.due.Min()
		due = ok && sub.registered && !s.disabled && !first.Due.After(now)
		return !due
	})
	return due
}

// Disable stops all triggers so that a test can prepare data: until [Server.Enable], commits create no
// events and no request starts. Disable returns when all earlier commits have become events, which wait.
func (s *Server) Disable(ctx context.Context) error { return s.setDisabled(ctx, true) }

// Enable ends [Server.Disable]. Commits made in the meantime create no events.
func (s *Server) Enable(ctx context.Context) error { return s.setDisabled(ctx, false) }

func (s *Server) setDisabled(ctx context.Context, disabled bool) error {
	if err := s.settle(ctx); err != nil {
		return fmt.Errorf("triggers: %w", err)
	}
	s.base.Lock()
	defer s.base.Unlock()
	s.disabled = disabled
	s.subscriptions.Scan(func(_ string, sub *subscription) bool {
		sub.wake.Fire()
		return true
	})
	s.base.Changed.Fire()
	return nil
}

// databaseName returns the resource name of a database in the server's project.
func (s *Server) databaseName(id string) string {
	return "projects/" + s.project + "/databases/" + id
}
