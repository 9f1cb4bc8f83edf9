// Package api implements version 2 of the REST API for old apps on the documents of the new ones:
//
//	old app ─▶ middleware: headers, log, authentication, rate limits
//	        ─▶ handler ─▶ account, catalog, courselist, timetable ─▶ Firestore
//
// Old apps are never updated, so their behavior, including their bugs, is the contract.
// docs/old-clients.md lists what each call bills.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"heek.kr/heektime/compat-server/account"
	"heek.kr/heektime/compat-server/catalog"
	"heek.kr/heektime/compat-server/courselist"
	"heek.kr/heektime/compat-server/passthrough"
	"heek.kr/heektime/compat-server/timetable"
	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/migration/holdtimes"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/ratelimit"
)

// base is the path prefix of all calls.
const base = "/apis/v2"

// Config holds the API's settings and dependencies. All fields but OldServer are required.
type Config struct {
	// PublicURL is the URL at which clients reach the API, "https://host" without a path. The URLs
	// of course lists start with it.
	PublicURL string
	// EndDate is the day on which the API will be turned off. Every response includes it.
	EndDate time.Time
	// Proxies are the trusted proxies in front of the service.
	Proxies auth.Proxies
	Limits  Limits
	// OldServer is the server that has the data which has not moved yet, nil if there is none.
	OldServer *OldServer

	Accounts   *account.Accounts
	Tokens     *token.Signer
	Catalog    *catalog.Catalog
	Timetables *timetable.Store
	Lists      *courselist.Lists
	Log        *slog.Logger
	Now        func() time.Time
}

// checkSettings validates the fields that come from the environment.
func (cfg Config) checkSettings() error {
	u, err := url.Parse(cfg.PublicURL)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http", u.Scheme+"://"+u.Host != cfg.PublicURL:
		return errors.New("the legacy API needs its public URL, PUBLIC_URL, as https://host without a path")
	case cfg.EndDate.IsZero():
		return errors.New("the legacy API needs its last day, END_DATE")
	}
	return cfg.Limits.check()
}

// OldServer is the old server, in front of which this one stands while data moves.
type OldServer struct {
	URL    *url.URL
	Tokens *token.OldServer
	Views  *state.Viewer
	// Timeout and HoldTimeout are as in [passthrough.Config].
	Timeout, HoldTimeout time.Duration
	// Seen stores when an app of a version last called, at most every few minutes. It may be nil.
	Seen func(ctx context.Context, at time.Time, version string) error
	// Held records how long writes are held. It may be nil.
	Held *holdtimes.Recorder
}

// Server is the API's HTTP handler. It is safe for concurrent use. Apart from rate limits and usage
// counts, its state between calls is only a cache.
type Server struct {
	publicURL  string
	endDate    time.Time
	proxies    auth.Proxies
	accounts   *account.Accounts
	tokens     *token.Signer
	catalog    *catalog.Catalog
	timetables *timetable.Store
	lists      *courselist.Lists
	log        *slog.Logger
	now        func() time.Time

	echo      *echo.Echo
	old       *passthrough.Proxy // nil if there is no old server
	held      *holdtimes.Recorder
	usage     usage
	users     *ratelimit.Limiter
	addresses *ratelimit.Limiter

	encodedSchools atomic.Pointer[encodedSchools]
}

// New returns a server, or an error that names the missing or invalid field.
func New(cfg Config) (*Server, error) {
	if err := cfg.checkSettings(); err != nil {
		return nil, err
	}
	switch {
	case cfg.Accounts == nil:
		return nil, errors.New("the legacy API needs accounts")
	case cfg.Tokens == nil:
		return nil, errors.New("the legacy API needs a token signer")
	case cfg.Catalog == nil:
		return nil, errors.New("the legacy API needs a catalog")
	case cfg.Timetables == nil:
		return nil, errors.New("the legacy API needs timetables")
	case cfg.Lists == nil:
		return nil, errors.New("the legacy API needs course lists")
	case cfg.Log == nil:
		return nil, errors.New("the legacy API needs a logger")
	case cfg.Now == nil:
		return nil, errors.New("the legacy API needs a clock")
	}
	s := &Server{
		publicURL: cfg.PublicURL, endDate: cfg.EndDate, proxies: cfg.Proxies,
		accounts: cfg.Accounts, tokens: cfg.Tokens, catalog: cfg.Catalog, timetables: cfg.Timetables, lists: cfg.Lists,
		log: cfg.Log, now: cfg.Now, echo: echo.New(), usage: usage{log: cfg.Log, now: cfg.Now},
		users: ratelimit.New(cfg.Limits.User), addresses: ratelimit.New(cfg.Limits.Address),
	}
	if cfg.OldServer != nil {
		var err error
		if s.old, err = s.passThrough(*cfg.OldServer); err != nil {
			return nil, err
		}
		s.usage.store, s.held = cfg.OldServer.Seen, cfg.OldServer.Held
	}
	s.echo.HTTPErrorHandler = s.fail
	s.echo.Use(s.observe, s.allowBrowsers, s.authenticate)
	for _, r := range s.routes() {
		s.echo.Add(r.method, base+r.path, s.handler(r))
		if r.method == http.MethodGet { // net/http omits the body
			s.echo.Add(http.MethodHead, base+r.path, s.handler(r))
		}
	}
	return s, nil
}

// authMode is the authentication that a call requires.
type authMode int

const (
	authIgnored  authMode = iota // the Authorization header is ignored
	authOptional                 // a token is not required, but must be valid if present
	authRequired                 // a valid token is required, and its session must not be revoked
	authToWrite                  // authRequired, and writes must not be stopped. A sign-up checks that by itself
)

// route is one call of the API.
type route struct {
	method, path string
	auth         authMode
	handle       func(context.Context, *call) error
}

// routes returns the calls in the order of the contract, followed by the course lists.
func (s *Server) routes() []route {
	return []route{
		{http.MethodPost, "/users", authIgnored, s.signUp},
		{http.MethodPost, "/auth/token", authIgnored, s.signIn},
		{http.MethodPost, "/auth/refresh-token", authIgnored, s.refresh},
		{http.MethodGet, "/me", authRequired, s.me},
		{http.MethodGet, "/username/:username", authOptional, s.findUser},
		{http.MethodGet, "/schools", authOptional, s.schools},
		{http.MethodGet, "/semesters/*", authOptional, s.listURL}, // {school}/{rest}/lectures-url
		{http.MethodGet, "/users/:user/timetables", authOptional, s.listTimetables},
		{http.MethodPost, "/me/timetables", authToWrite, s.createTimetable},
		{http.MethodPost, "/me/timetables/:timetable/lectures", authToWrite, s.addLecture},
		{http.MethodPut, "/me/timetables/:timetable/lectures/:lecture", authToWrite, s.putLecture},
		{http.MethodDelete, "/me/timetables/:timetable/lectures/:lecture", authToWrite, s.deleteLecture},
		{http.MethodGet, "/lists/:school/:semester/:version", authIgnored, s.list},
	}
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.old != nil {
		s.old.ServeHTTP(w, r)
		return
	}
	s.echo.ServeHTTP(w, r)
}

// Close logs the remaining usage counts.
func (s *Server) Close() error {
	if s.old != nil {
		s.old.Close()
	}
	s.held.Close()
	s.usage.close()
	return nil
}

// call is an incoming call and its caller.
type call struct {
	echo.Context
	caller
}

// handler wraps a route's handler with the authentication check.
func (s *Server) handler(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		who, _ := c.Get(callerKey).(caller)
		ctx := c.Request().Context()
		switch {
		case r.auth == authIgnored:
		case who.tokenErr != nil:
			return who.tokenErr
		case r.auth >= authRequired && !who.signedIn:
			return errNoToken
		case r.auth >= authRequired:
			if err := s.accounts.Check(ctx, who.Session); err != nil {
				return err
			}
		}
		if r.auth == authToWrite {
			if err := s.accounts.CheckWrites(ctx); err != nil {
				return err
			}
		}
		return r.handle(ctx, &call{c, who})
	}
}
