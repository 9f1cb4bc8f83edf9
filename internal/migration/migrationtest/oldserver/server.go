// Package oldserver is a stand-in for the old server: version 2 of the legacy REST API, on the database of
// package olddata. It stands for a server that nobody can change. It checks little, lets the database decide
// the rest, works in one transaction per request, and responds 500 to whatever the database refuses. It does
// not know that a migration exists.
//
//	old := oldserver.Start(t, db.URL(), oldserver.Config{})
//	// requests to old.URL + "/apis/v2/…"
//
// Tests that kill the old server run [New] in a process of its own.
package oldserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Key is the default key of the old server's tokens.
const Key = "the key of the old server's tokens: 32 bytes or more"

// Config holds the settings. The zero value of each has a default.
type Config struct {
	Key             string        // signs tokens; [Key] if empty
	AccessLifetime  time.Duration // of access tokens; 15 minutes if 0
	RefreshLifetime time.Duration // of refresh tokens; a year if 0
	// Failed is called with the error of each request that gets a 500 response. May be nil.
	Failed func(r *http.Request, err error)
}

// Server is the old server. It is safe for concurrent use.
type Server struct {
	config   Config
	pool     *pgxpool.Pool
	signer   jose.Signer
	mux      http.ServeMux
	requests atomic.Int64
}

// New returns a server on a database. The caller closes it.
func New(ctx context.Context, databaseURL string, config Config) (*Server, error) {
	if config.Key == "" {
		config.Key = Key
	}
	if config.AccessLifetime == 0 {
		config.AccessLifetime = 15 * time.Minute
	}
	if config.RefreshLifetime == 0 {
		config.RefreshLifetime = 365 * 24 * time.Hour
	}
	if config.Failed == nil {
		config.Failed = func(*http.Request, error) {}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(config.Key)}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("old server's key: %w", err)
	}
	pool, err := pgxpool.New(ctx, databaseURL)
	if err != nil {
		return nil, fmt.Errorf("old server's database: %w", err)
	}
	s := &Server{config: config, pool: pool, signer: signer}
	s.routes()
	return s, nil
}

// Close closes the connections to the database.
func (s *Server) Close() { s.pool.Close() }

// Reconnect closes the connections to the database, as a restart of the server does. New ones are opened as
// needed.
func (s *Server) Reconnect() { s.pool.Reset() }

// Requests returns how many requests the server has received.
func (s *Server) Requests() int64 { return s.requests.Load() }

// Running is a server that listens.
type Running struct {
	*Server
	URL     string // without /apis/v2
	Address string // its host and port
}

// Start starts a server that ends with the test. Requests with a 500 response are logged.
func Start(t testing.TB, databaseURL string, config Config) *Running {
	t.Helper()
	if config.Failed == nil {
		config.Failed = func(r *http.Request, err error) { t.Logf("old server: %s %s: %v", r.Method, r.URL.Path, err) }
	}
	s, err := New(context.WithoutCancel(t.Context()), databaseURL, config)
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(s)
	t.Cleanup(func() {
		listening.Close()
		s.Close()
	})
	return &Running{s, listening.URL, listening.Listener.Addr().String()}
}

// handler handles a request within a transaction. A nil response has no body.
type handler func(ctx context.Context, tx pgx.Tx, r *request) (status int, response any, err error)

// request is a request with the user whose access token it has.
type request struct {
	*http.Request
	user string // "" if there is no token
}

// routes registers the calls of the contract, and the course lists.
func (s *Server) routes() {
	const signedIn = true
	for pattern, route := range map[string]struct {
		signedIn bool
		handler  handler
	}{
		"POST /users":                                   {false, s.signUp},
		"POST /auth/token":                              {false, s.signIn},
		"POST /auth/refresh-token":                      {false, s.refresh},
		"GET /me":                                       {signedIn, me},
		"GET /username/{username}":                      {false, findUser},
		"GET /schools":                                  {false, schools},
		"GET /semesters/{semester...}":                  {false, listURL},
		"GET /users/{user}/timetables":                  {false, listTimetables},
		"POST /me/timetables":                           {signedIn, createTimetable},
		"POST /me/timetables/{id}/lectures":             {signedIn, addLecture},
		"PUT /me/timetables/{id}/lectures/{lecture}":    {signedIn, putLecture},
		"DELETE /me/timetables/{id}/lectures/{lecture}": {signedIn, deleteLecture},
		"GET /lists/{semester...}":                      {false, list},
	} {
		var method, path string
		_, _ = fmt.Sscan(pattern, &method, &path)
		s.mux.HandleFunc(method+" /apis/v2"+path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, route.handler, route.signedIn) })
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { respond(w, errNotFound.status, errNotFound) })
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("X-Old-Server", "1") // so that tests can tell who responded
	if r.Method == http.MethodOptions {
		header.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
		header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.mux.ServeHTTP(w, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, handle handler, signedIn bool) {
	status, response, err := s.handle(r, handle, signedIn)
	var p *problem
	switch {
	case errors.As(err, &p):
		status, response = p.status, p
	case err != nil:
		s.config.Failed(r, err)
		status, response = errInternal.status, errInternal
	}
	respond(w, status, response)
}

func (s *Server) handle(r *http.Request, handle handler, signedIn bool) (status int, response any, err error) {
	user, err := s.authenticate(r, signedIn)
	if err != nil {
		return 0, nil, err
	}
	// A client that disconnects does not interrupt the old server's work.
	ctx := context.WithoutCancel(r.Context())
	var options pgx.TxOptions
	if r.Method == http.MethodGet {
		// A list is read with several statements. Without one snapshot for all of them, it could have a lecture of before a
		// write with the tags of after it.
		options = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	}
	tx, err := s.pool.BeginTx(ctx, options)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = tx.Rollback(ctx) }() // after a commit, it does nothing
	if status, response, err = handle(ctx, tx, &request{r, user}); err != nil {
		return 0, nil, err
	}
	return status, response, tx.Commit(ctx)
}

func respond(w http.ResponseWriter, status int, response any) {
	if response == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	_ = out.Encode(response) // ignore write errors: the client is gone
}
