// Package api is the REST API of old apps, version 2, on the documents of the new ones:
//
//	old app ─▶ middleware: headers, log, limits, who calls ─▶ a handler ─▶ account, catalog, courselist, timetable ─▶ Firestore
//
// The contract is what apps in the field do, and they will not be updated; so a mistake of theirs is part of it. docs/old-clients.md
// says what each call bills.
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
	"heek.kr/heektime/compat-server/timetable"
	"heek.kr/heektime/compat-server/token"
)

// base is the path that all calls begin with.
const base = "/apis/v2"

// Config is what the API works with. Everything is required.
type Config struct {
	// PublicURL is where clients reach the API, "https://host" without a path: the URLs of lists start
	// with it.
	PublicURL string
	// EndDate is the day on which the API ends. Every response names it.
	EndDate time.Time
	// Hops is the number of proxies in front; see auth.ClientIP.
	Hops   int
	Limits Limits

	Accounts   *account.Accounts
	Tokens     *token.Signer
	Catalog    *catalog.Catalog
	Timetables *timetable.Store
	Lists      *courselist.Lists
	Log        *slog.Logger
	Now        func() time.Time
}

// checkSettings checks the part of the config that comes from the environment.
func (cfg Config) checkSettings() error {
	u, err := url.Parse(cfg.PublicURL)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http", u.Scheme+"://"+u.Host != cfg.PublicURL:
		return errors.New("the legacy API needs its public URL, PUBLIC_URL, as https://host without a path")
	case cfg.EndDate.IsZero():
		return errors.New("the legacy API needs the day on which it ends, END_DATE")
	}
	return cfg.Limits.check()
}

// Server serves old apps. It is safe for concurrent use. What it keeps between calls only saves work.
type Server struct {
	publicURL  string
	endDate    time.Time
	hops       int
	accounts   *account.Accounts
	tokens     *token.Signer
	catalog    *catalog.Catalog
	timetables *timetable.Store
	lists      *courselist.Lists
	log        *slog.Logger
	now        func() time.Time

	echo      *echo.Echo
	usage     usage
	users     limiter
	addresses limiter

	encodedSchools atomic.Pointer[encodedSchools]
}

// New returns an error that names what the config lacks.
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
		publicURL: cfg.PublicURL, endDate: cfg.EndDate, hops: cfg.Hops,
		accounts: cfg.Accounts, tokens: cfg.Tokens, catalog: cfg.Catalog, timetables: cfg.Timetables, lists: cfg.Lists,
		log: cfg.Log, now: cfg.Now, echo: echo.New(), usage: usage{log: cfg.Log, now: cfg.Now},
		users: limiter{limit: cfg.Limits.User}, addresses: limiter{limit: cfg.Limits.Address},
	}
	s.echo.HTTPErrorHandler = s.fail
	s.echo.Use(s.observe, s.allowBrowsers, s.identify)
	for _, r := range s.routes() {
		s.echo.Add(r.method, base+r.path, s.handler(r))
		if r.method == http.MethodGet { // net/http leaves the body away
			s.echo.Add(http.MethodHead, base+r.path, s.handler(r))
		}
	}
	return s, nil
}

// needs is what a call wants to know of its caller.
type needs int

const (
	nobody   needs = iota // whatever Authorization says does not matter
	either                // a token must be good if there is one
	signedIn              // there must be a token, and its session must not be revoked
)

// route is one call.
type route struct {
	method, path string
	needs        needs
	handle       func(context.Context, *call) error
}

// routes are all calls, as the contract lists them, and the course lists.
func (s *Server) routes() []route {
	return []route{
		{http.MethodPost, "/users", nobody, s.signUp},
		{http.MethodPost, "/auth/token", nobody, s.signIn},
		{http.MethodPost, "/auth/refresh-token", nobody, s.refresh},
		{http.MethodGet, "/me", signedIn, s.me},
		{http.MethodGet, "/username/:username", either, s.findUser},
		{http.MethodGet, "/schools", either, s.schools},
		{http.MethodGet, "/semesters/*", either, s.listURL}, // {school}/{rest}/lectures-url
		{http.MethodGet, "/users/:user/timetables", either, s.listTimetables},
		{http.MethodPost, "/me/timetables", signedIn, s.createTimetable},
		{http.MethodPost, "/me/timetables/:timetable/lectures", signedIn, s.addLecture},
		{http.MethodPut, "/me/timetables/:timetable/lectures/:lecture", signedIn, s.putLecture},
		{http.MethodDelete, "/me/timetables/:timetable/lectures/:lecture", signedIn, s.deleteLecture},
		{http.MethodGet, "/lists/:school/:semester/:version", nobody, s.list},
	}
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Close logs what was counted last.
func (s *Server) Close() error {
	s.usage.close()
	return nil
}

// call is one call by somebody.
type call struct {
	echo.Context
	caller
}

// handler lets only those call that may.
func (s *Server) handler(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		who, _ := c.Get(callerKey).(caller)
		ctx := c.Request().Context()
		switch {
		case r.needs == nobody:
		case who.err != nil:
			return who.err
		case r.needs == signedIn && !who.signedIn:
			return errNoToken
		case r.needs == signedIn:
			if err := s.accounts.Check(ctx, who.Session); err != nil {
				return err
			}
		}
		return r.handle(ctx, &call{c, who})
	}
}
