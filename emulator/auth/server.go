// Package auth emulates Firebase Authentication: the Identity Toolkit (v1 and the part of v2 that
// clients use) and Secure Token REST APIs, for the unmodified Firebase SDKs for JavaScript and iOS
// and the Admin SDKs.
//
// Client SDKs prefix the path with the production host, so one port serves both APIs:
//
//	/identitytoolkit.googleapis.com/v1/accounts:signUp?key=…
//	/securetoken.googleapis.com/v1/token?key=…
//	/emulator/v1/projects/{project}/…       for tests: clear accounts, configure, read codes
//
// A request with an API key is for the default project. A request with an OAuth token has full
// access and may name a project in its path. Any OAuth token is accepted; "Bearer owner" is
// customary.
//
// # Time
//
// The times of accounts and the expiry of codes follow the emulator's clock. The times in tokens
// (issued at, expires, valid since) follow the system clock, because SDKs compare them with theirs:
// with a clock that a test advanced, an Admin SDK would reject tokens as issued in the future, and
// revoking tokens as of the caller's time would have no effect. ID tokens are accepted after they
// expire, as in the official emulator, because SDKs do not notice that the clock was advanced.
//
// A change of the password or the email address ends all sessions but the one that made it. Times in
// tokens have whole seconds, so tokens are then valid only since the next second, and sessions that begin
// in the meantime have that as their auth_time.
//
// # Limitations
//
// Requests for tenants, second factors, SAML and blocking functions return an error that says so. Tokens
// are not signed, so they protect nothing. Passwords are stored as hashes nevertheless.
package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/internal/account"
)

// Config configures a [Server].
type Config struct {
	Clock   *clock.Clock // required
	Project string       // the project of API keys; required
	DataDir string       // data directory; empty: memory only

	// Logger logs requests at debug level, links that would be emailed at info level, and internal
	// errors at error level; nil discards.
	Logger *slog.Logger

	// Meter counts active users; nil counts nothing.
	Meter *billing.Meter

	// EmailPrivacy is email enumeration protection: responses do not reveal whether an address has
	// an account. It is the default of new projects in production, but off here and in the official
	// emulator. It can be changed per project at /emulator/v1/projects/{project}/config.
	EmailPrivacy bool
}

// Server is an emulated Firebase Authentication. It is an [http.Handler].
type Server struct {
	store   *account.Store
	project string
	log     *slog.Logger
	meter   *billing.Meter

	redirects redirects
}

// New returns a server with the accounts of the data directory.
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
	return &Server{store: store, project: cfg.Project, log: cfg.Logger, meter: cfg.Meter}, nil
}

// Close closes the server; stop its listener first. Acknowledged changes are durable even without
// Close.
func (s *Server) Close() error { return s.store.Close() }

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	resp, err := s.route(w, r)
	if err != nil {
		s.fail(w, r, err)
	} else if resp != nil {
		respond(w, http.StatusOK, resp)
	}
	s.log.DebugContext(r.Context(), "auth request", "method", r.Method, "path", r.URL.Path, "error", err)
}
