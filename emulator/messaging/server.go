// Package messaging emulates Firebase Cloud Messaging: the HTTP v1 API, the topic management of the Instance ID
// service, and the calls by which the web SDK gets a token. It delivers messages to devices that exist only
// here: [Server.Inbox] shows what each of them received, and what it shows.
//
// A device is a registration token. Tests and tools register one with [Server.Register], and web clients with
// the calls of their SDK. Other tokens are unknown, as in production: a message to one fails with
// UNREGISTERED, or with INVALID_ARGUMENT if it does not look like a token.
//
// A message is delivered before its request returns. [Server.SetOnline] makes a device wait for its
// messages, so that collapse keys and the time to live take effect. Time is the cloud's [clock.Clock].
// [Server.Inject] makes requests fail.
//
// Devices and subscriptions are kept in the data directory, messages are not.
//
// # Clients
//
// No Firebase SDK has a setting for the address of Cloud Messaging. A Go program gives the Admin SDK an
// [http.Client] that sends requests for fcm.googleapis.com and iid.googleapis.com here; the paths tell the
// services apart. README.md of the emulator shows how, in Go and in Node.
//
// Not supported, and rejected: device groups, the batch endpoint and the legacy APIs, which Google has shut
// down, and importing APNs tokens.
//
// Sources: https://firebase.google.com/docs/reference/fcm/rest,
// https://developers.google.com/instance-id/reference/server, and the source of @firebase/messaging 0.13 and
// @firebase/installations 0.6.
package messaging

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/httplimit"
	"heek.kr/heektime/emulator/internal/statelog"
)

// Hosts are the names of the services in production. Their paths differ, so that one address can stand in for
// all of them.
var Hosts = []string{"fcm.googleapis.com", "iid.googleapis.com", "fcmregistrations.googleapis.com", "firebaseinstallations.googleapis.com"}

// Config configures a [Server].
type Config struct {
	Clock   *clock.Clock   // required: the cloud's time
	DataDir string         // directory for devices and subscriptions; empty keeps them in memory
	Logger  *slog.Logger   // nil discards
	Meter   *billing.Meter // counts messages; nil counts nothing
}

// Server is Cloud Messaging for all projects. It is an [http.Handler] and safe for concurrent use.
type Server struct {
	clock   *clock.Clock
	meter   *billing.Meter
	bodies  httplimit.BodyReader
	routes  *http.ServeMux
	changes *statelog.Log

	mu       sync.Mutex                                 // guards all below
	devices  map[string]*device                         // by token
	byFID    map[string]*device                         // by project and Firebase Installation ID
	topics   map[string]map[string]map[*device]struct{} // by project and name
	gone     map[string]struct{}                        // tokens of devices that were removed
	bytes    int64                                      // of the records of devices and subscriptions
	log      messageLog
	faults   []*Fault
	sequence uint64
	closed   bool
}

// Bounds of what strangers can make the server keep, in memory and in the data directory.
const (
	maxBodyBytes      = 256 << 10 // a batch of 1,000 tokens
	maxTotalBodyBytes = 64 << 20  // of all requests that are being read
	maxDevices        = 100_000
	maxGone           = 10_000 // tokens of devices that were removed
	maxStateBytes     = 256 << 20
)

// New returns a Server with what the data directory holds.
func New(cfg Config) (*Server, error) {
	if cfg.Clock == nil {
		return nil, errors.New("messaging: Config.Clock is missing")
	}
	s := &Server{
		clock: cfg.Clock, meter: cfg.Meter, bodies: httplimit.BodyReader{MaxBytes: maxBodyBytes, MaxTotalBytes: maxTotalBodyBytes},
		devices: map[string]*device{}, gone: map[string]struct{}{}, byFID: map[string]*device{}, topics: map[string]map[string]map[*device]struct{}{},
	}
	s.routes = s.newRoutes()
	var err error
	if s.changes, err = statelog.Open(cfg.DataDir, cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler)), s.apply, s.state); err != nil {
		return nil, fmt.Errorf("messaging: %w", err)
	}
	return s, nil
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
		return fmt.Errorf("messaging: %w", err)
	}
	return nil
}

// errClosed is the error of changes after Close.
var errClosed = platformError(http.StatusServiceUnavailable, "UNAVAILABLE", "The local cloud is shutting down.")

// change calls f with the mutex held and returns when what it changed is on disk.
func change[T any](s *Server, f func() (T, error)) (T, error) {
	result, err := statelog.Written(s.changes, &s.mu, func() (none T, _ error) {
		if s.closed {
			return none, errClosed
		}
		return f()
	})
	if status.Code(err) == codes.Unavailable {
		err = platformError(http.StatusServiceUnavailable, "UNAVAILABLE", "Writing to the data directory: %s", status.Convert(err).Message())
	}
	return result, err
}
