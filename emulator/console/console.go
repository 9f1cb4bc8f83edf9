// Package console serves a web page that shows developers what is in a local cloud: documents, users,
// objects, queues, schedules, triggers, services, push messages, and what the security rules decided and why.
//
// The page is plain HTML, CSS and JavaScript modules in the folder page, embedded without a build step. It
// calls the JSON API under /api/, which this package implements with the emulators' inspection methods.
// Changes go through the same calls that real clients make, so that the console cannot do anything that
// could not happen in production. The exception is advancing the clock.
//
// # Access
//
// There is no sign-in: everyone who can reach the port has full access. The port listens on loopback, and
// requests from web pages of other origins, which browsers on this machine would send, are rejected (see
// security.go).
package console

import (
	"errors"
	"log/slog"
	"net/http"

	"heek.kr/heektime/emulator/auth"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/messaging"
	cloudrun "heek.kr/heektime/emulator/run"
	"heek.kr/heektime/emulator/scheduler"
	"heek.kr/heektime/emulator/storage"
	"heek.kr/heektime/emulator/tasks"
	"heek.kr/heektime/emulator/triggers"
)

// Config configures a Console. All fields are required except Bill, Alerts, OwnOrigins and Logger.
type Config struct {
	Project   string // selected when the page opens
	Clock     *clock.Clock
	Firestore *firestore.Server
	Auth      *auth.Server
	Storage   *storage.Server
	Tasks     *tasks.Server
	Scheduler *scheduler.Server
	Triggers  *triggers.Server
	Run       *cloudrun.Server
	Messaging *messaging.Server

	// Bill returns the bill of a month; "" is the current one. When nil, the page has no such section.
	Bill func(month billing.Month) *billing.Bill
	// Alerts returns the alerts to show. When nil, the page has no such section.
	Alerts func() []Alert

	// OwnOrigins have the host names that browsers may use for this server, in addition to those that no
	// attacker can control, such as localhost. They do not open the console to pages of these origins.
	OwnOrigins []string
	Logger     *slog.Logger // faults at error level; nil discards
}

// Console serves the page and its API. It needs a listener of its own.
type Console struct {
	Config
	owner *firestore.Owner
	mux   *http.ServeMux
}

// New returns a console.
func New(c Config) (*Console, error) {
	switch {
	case c.Project == "":
		return nil, errors.New("console: Config.Project is missing")
	case c.Clock == nil:
		return nil, errors.New("console: Config.Clock is missing")
	case c.Firestore == nil, c.Auth == nil, c.Storage == nil, c.Tasks == nil, c.Scheduler == nil, c.Triggers == nil, c.Run == nil, c.Messaging == nil:
		return nil, errors.New("console: an emulator is missing in Config")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Console{Config: c, owner: c.Firestore.Owner(), mux: http.NewServeMux()}
	for pattern, handle := range s.routes() {
		s.mux.HandleFunc(pattern, s.serveJSON(handle))
	}
	s.mux.HandleFunc("GET /api/content", s.content)
	s.mux.HandleFunc("/", s.servePage)
	return s, nil
}

// routes returns the API's handlers. Resource names are query parameters, not path segments, because they
// may contain any character.
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

		"GET /api/services": c.services,

		"GET /api/messages":      c.messages,
		"DELETE /api/messages":   c.clearMessages,
		"POST /api/device":       c.addDevice,
		"POST /api/changeDevice": c.changeDevice,

		"GET /api/triggers": c.triggers,
		"GET /api/events":   c.events,
		"POST /api/event":   c.redeliver,

		"GET /api/bill":     c.bill,
		"GET /api/alerts":   c.alerts,
		"GET /api/requests": c.evaluations,
		"GET /api/coverage": c.coverage,
	}
}

// ServeHTTP implements http.Handler.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	SetSecurityHeaders(w.Header())
	if reason := CheckRequest(r, c.OwnOrigins); reason != "" {
		c.writeError(w, r, &apiError{status: http.StatusForbidden, Code: codeForbidden, Message: reason})
		return
	}
	c.mux.ServeHTTP(w, r)
}
