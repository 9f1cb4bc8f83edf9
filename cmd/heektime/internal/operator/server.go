package operator

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"

	"heek.kr/heektime/emulator/console"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/overview"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/taskqueue"
)

//go:embed page
var page embed.FS

// Console serves the operator's console: a page and its JSON API. It acts with the operator's own
// credentials, so it must listen on loopback only. Not every program on the operator's machine may use it:
// API calls need a key, which only the URL that heektime console prints has. Pages of other origins cannot
// know the key, and are rejected besides.
type Console struct {
	Config
	key string
	mux *http.ServeMux

	bills bills

	mu            sync.Mutex
	lastMigration *overview.Overview
}

// Config holds what a Console works on. Objects, Queue, PushQueue and OldDatabase are optional; without them it
// compares no lists, starts no refreshes, sends no notifications, and shows of a move only what Firestore keeps.
type Config struct {
	// Google is false for a local cloud.
	Google    bool
	Users     *Users
	Firestore *firestore.Client
	Objects   *storage.Client
	Queue     *refresh.Queue
	// PushQueue is the queue of notifications.
	PushQueue *taskqueue.Queue
	// OldDatabase is the one that data moves from, OldDatabaseError why it could not be opened.
	OldDatabase      *legacydb.DB
	OldDatabaseError string
	// Usage is what bills are computed from. Without it there are none.
	Usage ReadUsage
	Log   *slog.Logger
}

// timeout bounds a call of the API.
const timeout = 30 * time.Second

// maxBody bounds a request's body.
const maxBody = 16 << 10

// NewConsole returns a console.
func NewConsole(c Config) (*Console, error) {
	if c.Users == nil || c.Firestore == nil || c.Log == nil {
		return nil, errors.New("the operator's console needs users, a Firestore client and a logger")
	}
	maxAge := time.Duration(0)
	if c.Google {
		maxAge = billMaxAge
	}
	s := &Console{Config: c, key: rand.Text(), mux: http.NewServeMux(), bills: bills{read: c.Usage, maxAge: maxAge}}
	for pattern, handle := range map[string]func(*http.Request) (any, error){
		"GET /api/overview":   s.overview,
		"GET /api/user":       s.showUser,
		"POST /api/user":      s.changeUser,
		"GET /api/hidden":     s.hidden,
		"GET /api/refreshes":  s.refreshes,
		"POST /api/refresh":   s.refresh,
		"GET /api/difference": s.difference,
		"GET /api/migration":  s.migration,

		"GET /api/bill":              s.bill,
		"GET /api/announcements":     s.announcements,
		"POST /api/announcement":     s.announce,
		"POST /api/announcement/end": s.endAnnouncement,
	} {
		s.mux.HandleFunc(pattern, s.serve(handle))
	}
	s.mux.HandleFunc("GET /{$}", s.servePage)
	s.mux.HandleFunc("GET /{name}", s.servePage)
	return s, nil
}

// URL returns the page's URL at an address. The key is in the fragment, which browsers do not send.
func (c *Console) URL(address string) string { return "http://" + address + "/#" + c.key }

// ServeHTTP implements [http.Handler].
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	console.SetSecurityHeaders(w.Header())
	if reason := console.CheckRequest(r, nil); reason != "" {
		fail(w, &apiError{http.StatusForbidden, "forbidden", reason})
		return
	}
	if strings.HasPrefix(r.URL.Path, "/api/") && subtle.ConstantTimeCompare([]byte(r.Header.Get(console.ChangeHeader)), []byte(c.key)) == 0 {
		fail(w, &apiError{http.StatusForbidden, "key", "Open the URL that heektime console printed: the page has no key, or that of an earlier run."})
		return
	}
	c.mux.ServeHTTP(w, r)
}

// apiError is an error for the page, which translates known codes.
type apiError struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *apiError) Error() string { return e.Message }

func fail(w http.ResponseWriter, e *apiError) { writeJSON(w, e.status, e) }

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value) // ignore write errors: the page is gone
}

func (c *Console) serve(handle func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		value, err := handle(r.WithContext(ctx))
		if err == nil {
			writeJSON(w, http.StatusOK, value)
			return
		}
		var e *apiError
		if !errors.As(err, &e) {
			e = &apiError{http.StatusInternalServerError, "internal", err.Error()}
			for target, known := range map[error]apiError{
				ErrNoUser:                {http.StatusNotFound, "no-user", err.Error()},
				ErrNoAnnouncement:        {http.StatusNotFound, "no-announcement", err.Error()},
				ErrNoSchool:              {http.StatusNotFound, "no-school", err.Error()},
				ErrTooManyAnnouncements:  {http.StatusConflict, "too-many-announcements", err.Error()},
				ErrNoPushQueue:           {http.StatusConflict, "no-push-queue", err.Error()},
				ErrNotSent:               {http.StatusBadGateway, "not-sent", err.Error()},
				ErrInvalidAnnouncement:   {http.StatusBadRequest, "invalid", err.Error()},
				ErrNoOlderList:           {http.StatusNotFound, "no-older-list", err.Error()},
				deletion.ErrTooLate:      {http.StatusConflict, "too-late", err.Error()},
				deletion.ErrPurging:      {http.StatusConflict, "purging", err.Error()},
				context.DeadlineExceeded: {http.StatusGatewayTimeout, "timeout", err.Error()},
			} {
				if errors.Is(err, target) {
					e = &known
				}
			}
		}
		c.Log.Error("operator's console", "call", r.Method+" "+r.URL.Path, "code", e.Code, "error", err.Error())
		fail(w, e)
	}
}

// servePage serves the page's own files, and the stylesheet and theme that it shares with the local console.
func (c *Console) servePage(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if name == "" {
		name = "index.html"
	}
	text, err := page.ReadFile("page/" + name)
	if err != nil {
		if text = console.Shared(name); text == nil {
			http.NotFound(w, r)
			return
		}
	}
	w.Header().Set("Content-Type", console.ContentType(path.Ext(name)))
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(text))
}

// overview says what the console works on, and where Google's own pages are.
func (c *Console) overview(*http.Request) (any, error) {
	links := map[string]string{}
	if c.Google {
		project := "?" + url.Values{"project": {c.Users.Project}}.Encode()
		for name, at := range map[string]string{
			"alerts": "monitoring/alerting", "invoices": "billing/linkedaccount", "logs": "logs/query", "services": "run", "firestore": "firestore/databases",
		} {
			links[name] = "https://console.cloud.google.com/" + at + project
		}
	}
	return map[string]any{"project": c.Users.Project, "google": c.Google, "links": links, "canRefresh": c.Queue != nil, "canCompare": c.Objects != nil}, nil
}

// query reads the query string's parameters, all of which are required.
func query(r *http.Request, names ...string) ([]string, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &apiError{http.StatusBadRequest, "invalid", err.Error()}
	}
	var list []string
	for _, name := range names {
		if values.Get(name) == "" {
			return nil, &apiError{http.StatusBadRequest, "invalid", "the parameter " + name + " is missing"}
		}
		list = append(list, values.Get(name))
	}
	return list, nil
}

// decode reads a request's body. Every change names the project, so that a page left open from another run
// changes nothing here.
func (c *Console) decode(r *http.Request, into any, project *string) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return &apiError{http.StatusBadRequest, "invalid", err.Error()}
	}
	if *project != c.Users.Project {
		return &apiError{http.StatusConflict, "other-project", "This console works on project " + c.Users.Project + ", not on " + *project + "."}
	}
	return nil
}

func (c *Console) showUser(r *http.Request) (any, error) {
	values, err := query(r, "find")
	if err != nil {
		return nil, err
	}
	uid, err := c.Users.Find(r.Context(), strings.TrimSpace(values[0]))
	if err != nil {
		return nil, err
	}
	return c.Users.Show(r.Context(), uid)
}

// changeUser changes an account and returns it. The page asks for confirmation and sends what it named.
func (c *Console) changeUser(r *http.Request) (any, error) {
	var in struct{ Project, UID, Action, Reason string }
	if err := c.decode(r, &in, &in.Project); err != nil {
		return nil, err
	}
	ctx := r.Context()
	// Only accounts that exist: a block of any other uid would hide nobody.
	uid, err := c.Users.Find(ctx, in.UID)
	if err != nil {
		return nil, err
	}
	if uid != in.UID {
		return nil, &apiError{http.StatusBadRequest, "invalid", "changes need the user's uid"}
	}
	switch in.Action {
	case "block":
		_, err = c.Users.Block(ctx, uid, in.Reason)
	case "unblock":
		_, err = c.Users.Unblock(ctx, uid)
	case "delete":
		_, err = c.Users.Delete(ctx, uid, false)
	case "delete-now":
		_, err = c.Users.Delete(ctx, uid, true)
	case "restore":
		_, err = c.Users.Restore(ctx, uid)
	default:
		return nil, &apiError{http.StatusBadRequest, "invalid", "unknown action " + in.Action}
	}
	if err != nil {
		return nil, err
	}
	c.Log.Info("operator's console", "project", c.Users.Project, "action", in.Action, "uid", uid)
	return c.Users.Show(ctx, uid)
}

func (c *Console) hidden(r *http.Request) (any, error) {
	list, more, err := c.Users.Hidden(r.Context())
	return map[string]any{"users": list, "more": more}, err
}

func (c *Console) refreshes(r *http.Request) (any, error) {
	list, err := Refreshes(r.Context(), c.Firestore)
	if list == nil {
		list = []Refresh{}
	}
	return list, err
}

// refresh starts a refresh. It does not wait for the refresh to end, which may take minutes.
func (c *Console) refresh(r *http.Request) (any, error) {
	var in struct {
		Project, School, Semester string
		Accept                    bool
	}
	if err := c.decode(r, &in, &in.Project); err != nil {
		return nil, err
	}
	if c.Queue == nil {
		return nil, &apiError{http.StatusConflict, "no-queue", "This console was started without the refresh queue's settings."}
	}
	now, err := Now(r.Context(), c.Firestore)
	if err != nil {
		return nil, err
	}
	task, err := NewTask(in.School, in.Semester, in.Accept, now)
	if err != nil {
		return nil, &apiError{http.StatusBadRequest, "invalid", err.Error()}
	}
	_, err = c.Queue.Enqueue(r.Context(), task)
	return map[string]any{"slot": task.Slot}, err
}

func (c *Console) difference(r *http.Request) (any, error) {
	values, err := query(r, "school", "semester")
	if err != nil {
		return nil, err
	}
	if c.Objects == nil {
		return nil, &apiError{http.StatusConflict, "no-storage", "This console was started without Cloud Storage."}
	}
	return Compare(r.Context(), c.Firestore, c.Objects, values[0], values[1])
}
