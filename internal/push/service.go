// Package push is the service that sends notifications with Firebase Cloud Messaging. Cloud Tasks calls it:
//
//	POST /send    notifies the students of the lectures that changed, or of an announcement
//	POST /topics  makes the topics of a user's devices follow their timetables
//
// Messages go to topics, so nobody needs a list of who has which lecture, and a message costs no reads. Package
// pushplan decides what is sent when, package topic names the topics, and docs/push.md explains all of it.
//
// Everything here may run twice, late, or concurrently with itself. A message is sent at least once, and a device
// shows the copies of one as one.
package push

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"firebase.google.com/go/v4/messaging"

	"heek.kr/heektime/internal/liststore"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/server"
	"heek.kr/heektime/internal/taskqueue"
)

// Config holds the service's dependencies. All but Now are required.
type Config struct {
	Firestore *firestore.Client
	Messaging *messaging.Client
	// Lists reads the bucket of the course lists.
	Lists liststore.Read
	// Queue is the queue of POST /send.
	Queue *taskqueue.Queue
	Log   *slog.Logger
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Service sends notifications. It is stateless and safe for concurrent use.
type Service struct {
	firestore *firestore.Client
	messaging *messaging.Client
	lists     liststore.Read
	comparing sync.Mutex // held while two lists are in memory
	queue     *taskqueue.Queue
	log       *slog.Logger
	now       func() time.Time
}

// New returns a service, or an error naming the field that cfg lacks.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Firestore == nil:
		return nil, errors.New("push service needs a Firestore client")
	case cfg.Messaging == nil:
		return nil, errors.New("push service needs a Cloud Messaging client")
	case cfg.Lists == nil:
		return nil, errors.New("push service needs the course lists")
	case cfg.Log == nil:
		return nil, errors.New("push service needs a logger")
	}
	if err := cfg.Queue.Validate(); err != nil {
		return nil, err
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	return &Service{
		firestore: cfg.Firestore, messaging: cfg.Messaging, lists: cfg.Lists, queue: cfg.Queue, log: cfg.Log,
		now: func() time.Time { return now().UTC().Truncate(time.Microsecond) }, // the precision that Firestore stores
	}, nil
}

// maxBody bounds a request's body: the topics of one device.
const maxBody = 64 << 10

// Handler serves both methods, to allowed callers only. It responds 503 if a retry may help, and otherwise 200.
func (s *Service) Handler(callers *oidcauth.Checker) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pushtask.SendPath, func(w http.ResponseWriter, r *http.Request) {
		var task pushtask.Send
		s.serve(w, r, &task, task.Validate, func() error {
			if task.Announcement != "" {
				return s.Announce(r.Context(), task.Announcement)
			}
			return s.Notify(r.Context(), task.School, task.Semester)
		})
	})
	mux.HandleFunc("POST "+pushtask.TopicsPath, func(w http.ResponseWriter, r *http.Request) {
		var task pushtask.Topics
		s.serve(w, r, &task, task.Validate, func() error {
			if task.Token != "" {
				return s.Leave(r.Context(), task.Token, task.Topics)
			}
			return s.Follow(r.Context(), task.UID)
		})
	})
	return callers.Require(mux, s.log)
}

// serve decodes a task and does it. A body that is not valid stays so: it is logged, and not retried.
func (s *Service) serve(w http.ResponseWriter, r *http.Request, task any, validate, do func() error) {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(task)
	if err == nil {
		err = validate()
	}
	if err != nil {
		s.log.ErrorContext(r.Context(), "dropping a task that is not valid", "path", r.URL.Path, "error", err.Error())
		server.WriteJSON(w, http.StatusOK, map[string]string{"error": err.Error()})
		return
	}
	if err := do(); err != nil {
		s.log.ErrorContext(r.Context(), "task failed; it will be retried", "path", r.URL.Path, "error", err.Error())
		server.WriteJSON(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
		return
	}
	server.WriteJSON(w, http.StatusOK, map[string]string{})
}
