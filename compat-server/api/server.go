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

// Settings of the API that are not its parts.
type Settings struct {
	// PublicURL is where clients reach the API, "https://host", without a path: addresses of lists begin with it.
	PublicURL string
	// EndDate is the day on which the API ends, as every answer says.
	EndDate time.Time
	// Hops are the proxies in front; see auth.Client.
	Hops   int
	Limits Limits
}

func (s Settings) check() error {
	u, err := url.Parse(s.PublicURL)
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http", u.Scheme+"://"+u.Host != s.PublicURL:
		return errors.New("the legacy API needs its public URL, PUBLIC_URL, as https://host without a path")
	case s.EndDate.IsZero():
		return errors.New("the legacy API needs the day of its end, END_DATE")
	}
	return s.Limits.check()
}

// Dependencies are what the API works with; all is required.
type Dependencies struct {
	Settings   Settings
	Accounts   *account.Accounts
	Tokens     *token.Signer
	Catalog    *catalog.Catalog
	Timetables *timetable.Store
	Lists      *courselist.Lists
	Log        *slog.Logger
	Now        func() time.Time
}

// Server answers old apps. It is safe for concurrent use. What it keeps between calls only saves work.
type Server struct {
	settings   Settings
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

// New refuses missing dependencies by name.
func New(d Dependencies) (*Server, error) {
	if err := d.Settings.check(); err != nil {
		return nil, err
	}
	switch {
	case d.Accounts == nil:
		return nil, errors.New("the legacy API needs accounts")
	case d.Tokens == nil:
		return nil, errors.New("the legacy API needs a signer of tokens")
	case d.Catalog == nil:
		return nil, errors.New("the legacy API needs a catalog")
	case d.Timetables == nil:
		return nil, errors.New("the legacy API needs timetables")
	case d.Lists == nil:
		return nil, errors.New("the legacy API needs course lists")
	case d.Log == nil:
		return nil, errors.New("the legacy API needs a logger")
	case d.Now == nil:
		return nil, errors.New("the legacy API needs a clock")
	}
	s := &Server{
		settings: d.Settings, accounts: d.Accounts, tokens: d.Tokens, catalog: d.Catalog, timetables: d.Timetables, lists: d.Lists,
		log: d.Log, now: d.Now, echo: echo.New(), usage: usage{log: d.Log, now: d.Now},
		users: limiter{limit: d.Settings.Limits.User}, addresses: limiter{limit: d.Settings.Limits.Address},
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
