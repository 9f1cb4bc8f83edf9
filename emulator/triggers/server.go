// Package triggers is Eventarc for the local cloud's Firestore: what commits do to documents becomes events, which are
// delivered to HTTP targets, such as functions, as CloudEvents with Firestore's protobuf payload.
//
//	server, _ := triggers.New(triggers.Config{…})
//	firestore.New(firestore.Config{Follower: server, …})
//	server.Register(triggers.Trigger{Name: "purge", Event: triggers.Deleted, Document: "users/{uid}", URL: …})
//
// An event is delivered at least once, in no promised order, beside others of the same document: it is forgotten only when
// its target answered, or it was given up. Without [Trigger.Retry] it is given up when the first request fails; with it,
// it is tried for 24 hours. Events that were given up are dead: logged with their id, and kept to be looked at and
// delivered again. With a data directory nothing is lost when the process dies.
//
// Only changes make events: one for each document of a commit, whoever wrote it and however often in that commit. Writes
// that change nothing and deletions of what is not there make none; nor does resetting the whole database.
//
// Time is the cloud's [clock.Clock], so that a test reaches a retry in ten minutes by advancing the clock.
//
// What is left out: events with the identity of who wrote (…withAuthContext), payloads in JSON, Pub/Sub's slowing down of a
// target that fails much, and Eventarc's own API.
//
// A change goes from follow.go (Firestore's commits become events) over subscription.go (what waits for a trigger) and
// delivery.go (requests and what their answers mean) to ended.go.
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

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/dispatch"
)

// Tokens makes the ID tokens of triggers that have a service account. *identity.Identity implements it.
type Tokens = dispatch.Tokens

// Config is what a [Server] needs.
type Config struct {
	Clock    *clock.Clock // required: the cloud's time
	Tokens   Tokens       // required: signs for the service accounts that triggers name
	Project  string       // required: whose databases have triggers
	Location string       // what events name as the database's location; "nam5" when empty
	DataDir  string       // folder that keeps triggers and events; empty keeps them in memory
	Faults   Faults       // what goes wrong from the start: see [Server.SetFaults]
	Logger   *slog.Logger // reports failed events; nil discards
}

// Source is the Firestore whose changes become events. *firestore.Server implements it.
type Source interface {
	// Settle returns when the server was told of everything that is committed by now.
	Settle(ctx context.Context) error
}

// Server makes events of the changes that it is told of, and delivers them. It implements firestore.Follower and is safe
// for concurrent use.
type Server struct {
	clock             *clock.Clock
	project, location string
	wanted            atomic.Pointer[map[string]bool] // names of databases that have triggers
	base              dispatch.Base                   // guards what follows

	source        Source
	subscriptions btree.Map[string, *subscription] // by the trigger's name
	cursors       map[string]time.Time             // by the database's name: commits up to then have been made events
	unsaved       int                              // changes since a cursor was kept
	disabled      bool
	taken         uint64 // counts what Firestore handed over
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
		clock:    cfg.Clock,
		project:  cfg.Project,
		location: cmp.Or(cfg.Location, "nam5"),
		cursors:  map[string]time.Time{},
		faults:   dispatch.NewFaultInjector(cfg.Faults),
	}
	if err := s.base.Open(dispatch.Config{
		Service: "triggers", Clock: cfg.Clock, Tokens: cfg.Tokens, DataDir: cfg.DataDir, Logger: cfg.Logger,
		Apply: s.apply, State: s.state,
	}); err != nil {
		return nil, err
	}
	s.subscriptions.Scan(func(_ string, sub *subscription) bool {
		if now := cfg.Clock.Now(); sub.since.After(now) { // an earlier process had advanced its clock
			sub.since = now
		}
		return true
	})
	s.want()
	return s, nil
}

// Attach tells the server whose follower it is, for [Server.Idle], [Server.Disable] and [Server.Enable] to wait for.
func (s *Server) Attach(source Source) {
	s.base.Lock()
	defer s.base.Unlock()
	s.source = source
}

// settle waits until events were made of all that is committed by now.
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
		s.keepCursors()
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
		if err := s.settle(ctx); err != nil { // a target may have written before it answered
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

// Requests returns how many requests for events have been begun, and how many of them have ended.
func (s *Server) Requests() (begun, ended uint64) { return s.base.Requests() }

// busy is asked with the mutex held.
func (s *Server) busy() bool {
	if s.base.Sending() || s.base.Closed() {
		return s.base.Sending()
	}
	now, due := s.clock.Now(), false
	s.subscriptions.Scan(func(_ string, sub *subscription) bool {
		first, ok := sub.due.Min()
		due = ok && sub.present && !s.disabled && !first.Due.After(now)
		return !due
	})
	return due
}

// Disable stops triggers, so that a test can prepare data: until [Server.Enable], commits make no events and no request is
// begun. It returns when all that was committed before has become events; those wait.
func (s *Server) Disable(ctx context.Context) error { return s.able(ctx, true) }

// Enable ends [Server.Disable]. What was committed meanwhile makes no events.
func (s *Server) Enable(ctx context.Context) error { return s.able(ctx, false) }

func (s *Server) able(ctx context.Context, disabled bool) error {
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

// databaseName is the name of a database of the server's project.
func (s *Server) databaseName(id string) string {
	return "projects/" + s.project + "/databases/" + id
}
