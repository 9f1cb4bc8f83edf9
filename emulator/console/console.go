// Package console is the page on which a developer looks into a local cloud: documents, users, objects, queues,
// schedules, what security rules decided and why.
//
// The page is plain HTML, CSS and JavaScript modules in the folder page, embedded as they are: nothing is built. It asks
// the JSON API under /api/, which this package serves from what the emulators offer to those who look into them. Changes
// go through the calls that real clients make, so that nothing can be done here that could not happen in production,
// but advancing the clock.
//
// # Who may call
//
// Whoever reaches the port owns the cloud: there is no sign-in. What keeps strangers out is that it listens on loopback,
// and that web pages of other origins, which a browser on this machine would let call, are refused: see protect.go.
package console

import (
	"errors"
	"log/slog"
	"net/http"

	"heek.kr/heektime/emulator/auth"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/scheduler"
	"heek.kr/heektime/emulator/storage"
	"heek.kr/heektime/emulator/tasks"
	"heek.kr/heektime/emulator/triggers"
)

// Config says what a console shows. All of it is required but Hosts and Logger.
type Config struct {
	Project   string // that is shown first
	Clock     *clock.Clock
	Firestore *firestore.Server
	Auth      *auth.Server
	Storage   *storage.Server
	Tasks     *tasks.Server
	Scheduler *scheduler.Server
	Triggers  *triggers.Server

	// Hosts are names that browsers may use for this server besides localhost and IP addresses.
	Hosts  []string
	Logger *slog.Logger // faults at error level; nil discards
}

// Console is the page and its API, an [http.Handler] for a listener of its own.
type Console struct {
	Config
	owner *firestore.Owner
	mux   *http.ServeMux
}

// New makes a console.
func New(c Config) (*Console, error) {
	switch {
	case c.Project == "":
		return nil, errors.New("console: Config.Project is missing")
	case c.Clock == nil:
		return nil, errors.New("console: Config.Clock is missing")
	case c.Firestore == nil, c.Auth == nil, c.Storage == nil, c.Tasks == nil, c.Scheduler == nil, c.Triggers == nil:
		return nil, errors.New("console: an emulator is missing in Config")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Console{Config: c, owner: c.Firestore.Owner(), mux: http.NewServeMux()}
	for pattern, handle := range s.routes() {
		s.mux.HandleFunc(pattern, s.answer(handle))
	}
	s.mux.HandleFunc("GET /api/content", s.content)
	s.mux.Handle("/", servePage())
	return s, nil
}

// handler answers a call with what is to be sent as JSON.
type handler func(*http.Request) (any, error)

// routes are the calls of the API. What a call is about stands in the query, since names may hold any character.
func (c *Console) routes() map[string]handler {
	return map[string]handler{
		"GET /api/overview": c.overview,
		"POST /api/clock":   c.advance,

		"GET /api/collections":   c.collections,
		"GET /api/documents":     c.documents,
		"GET /api/document":      c.document,
		"POST /api/document":     c.saveDocument,
		"DELETE /api/document":   c.deleteDocument,
		"DELETE /api/collection": c.deleteCollection,

		"GET /api/users":     c.users,
		"POST /api/users":    c.createUser,
		"POST /api/user":     c.changeUser,
		"DELETE /api/user":   c.deleteUser,
		"GET /api/buckets":   c.buckets,
		"GET /api/objects":   c.objects,
		"GET /api/object":    c.object,
		"DELETE /api/object": c.deleteObject,

		"GET /api/queues": c.queues,
		"POST /api/queue": c.changeQueue,
		"GET /api/tasks":  c.tasks,
		"POST /api/task":  c.changeTask,
		"GET /api/jobs":   c.jobs,
		"POST /api/job":   c.changeJob,

		"GET /api/triggers": c.triggers,
		"GET /api/events":   c.events,
		"POST /api/event":   c.redeliver,

		"GET /api/requests": c.requests,
		"GET /api/coverage": c.coverage,
	}
}

// ServeHTTP answers one request.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protectAnswer(w.Header())
	if why := c.refuse(r); why != "" {
		writeError(w, http.StatusForbidden, why)
		return
	}
	c.mux.ServeHTTP(w, r)
}
