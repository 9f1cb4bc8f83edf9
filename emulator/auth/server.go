// Package auth is an embedded Firebase Authentication: the Identity Toolkit (v1, and what clients ask of v2) and Secure
// Token REST APIs, as the Firebase SDKs for JavaScript and iOS and the Admin SDKs use them when they are pointed to an
// emulator.
//
// Client SDKs put the real host in front of the path, so that one port serves both APIs:
//
//	/identitytoolkit.googleapis.com/v1/accounts:signUp?key=…
//	/securetoken.googleapis.com/v1/token?key=…
//	/emulator/v1/projects/{project}/…       for tests: clear, configure, read codes
//
// A call with an API key acts for the default project. A call with an OAuth token, of which any will do ("Bearer owner" is
// usual), may name a project in its path and has all rights.
//
// # Time
//
// Accounts' times and the life of codes follow the cloud's clock. What is compared with times that SDKs bring along
// follows the machine's: when tokens were issued, when they end, and since when they are valid. If those followed a clock
// that a test had advanced, an Admin SDK would refuse our tokens for coming from the future, and a revocation, which names
// the caller's time, would revoke nothing. As in the official emulator an ID token is not refused for its age, because
// SDKs can't know that the clock was advanced.
//
// # Not here
//
// Tenants, second factors, SAML, blocking functions and the widget for pop-ups are refused with an error that says so.
// Nothing is secret: tokens carry no signature. What is kept of a password is a hash all the same.
package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/account"
)

// Config says how a [Server] works.
type Config struct {
	Clock   *clock.Clock // required
	Project string       // required: the project that API keys belong to
	DataDir string       // keeps everything that was answered; empty: in memory
	Logger  *slog.Logger // requests at debug level, links that would be mailed at info, faults at error; nil discards

	// EmailPrivacy hides whether an address has an account, as new projects do by default ("email enumeration
	// protection"). The official emulator and this one leave it off unless told; a project can be set by itself at
	// /emulator/v1/projects/{project}/config.
	EmailPrivacy bool
}

// Server is the embedded Authentication. It is an [http.Handler] for a listener of its own.
type Server struct {
	store   *account.Store
	project string
	log     *slog.Logger
}

// New makes a server, with the accounts that the data directory has.
func New(cfg Config) (*Server, error) {
	switch {
	case cfg.Clock == nil:
		return nil, errors.New("auth: Config.Clock is missing")
	case cfg.Project == "":
		return nil, errors.New("auth: Config.Project is missing")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	store, err := account.Open(account.Config{
		Clock: cfg.Clock, DataDir: cfg.DataDir, Defaults: account.Settings{EmailPrivacy: cfg.EmailPrivacy},
	})
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	return &Server{store: store, project: cfg.Project, log: cfg.Logger}, nil
}

// Close ends the server; the listener should have stopped before. What was answered is safe without it.
func (s *Server) Close() error { return s.store.Close() }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.route(w, r)
	if err != nil {
		s.fail(w, r, err)
	} else if answer != nil {
		writeJSON(w, http.StatusOK, answer)
	}
	s.log.DebugContext(r.Context(), "auth request", "method", r.Method, "path", r.URL.Path, "error", err)
}
