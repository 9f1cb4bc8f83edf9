// Package cloudevent receives the events that Eventarc sends when a Firestore document is deleted or written:
// CloudEvents whose data is a protobuf message of Firestore.
//
// Events arrive at least once and in any order. After any response other than 2xx Eventarc retries for
// a day, and every retry costs. So the response to an event that can never succeed is 204, and its id
// is logged.
package cloudevent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/googleapis/google-cloudevents-go/cloud/firestoredata"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/internal/oidcauth"
)

// Types of events: of deleted documents, and of those that were created, changed or deleted.
//
// Source: https://cloud.google.com/eventarc/docs/reference/supported-events
const (
	Deleted = "google.cloud.firestore.document.v1.deleted"
	Written = "google.cloud.firestore.document.v1.written"
)

// maxBody bounds the size of an event: a document of at most 1 MiB and its envelope.
const maxBody = 2 << 20

// MaxAge is how long an event that fails is retried. After that the sweeper does its work.
const MaxAge = 6 * time.Hour

// Event is the deletion of a document, or another change of it.
type Event struct {
	// ID is the event's id, the same at each delivery.
	ID string
	// Time is when the document was changed.
	Time time.Time
	// Path is the document's path from the root of the database: collection, id, collection, id, …
	Path []string

	old, new *firestoredata.Document
}

// EventOf returns an event that changed a document, nil if it did not exist before or does not after.
func EventOf(before, after *firestoredata.Document) Event { return Event{old: before, new: after} }

// Text returns a string field of the document as it was, "" if it had no such field.
func (e Event) Text(field string) string { return e.old.GetFields()[field].GetStringValue() }

// NewText returns a string field of the document as it is after the event, "" if it has no such field or is deleted.
func (e Event) NewText(field string) string { return e.new.GetFields()[field].GetStringValue() }

// Texts returns the strings in a list of the document as it was.
func (e Event) Texts(field string) (texts []string) {
	for _, value := range e.old.GetFields()[field].GetArrayValue().GetValues() {
		texts = append(texts, value.GetStringValue())
	}
	return texts
}

// ErrPermanent is the error of a [Handle] for an event that can never succeed.
var ErrPermanent = errors.New("not an event for this function")

// errOtherDatabase means that an event comes from a database that the service does not use.
var errOtherDatabase = errors.New("the event is from another database")

// Handle handles an event. It may be called again with the same event, late, and concurrently.
type Handle func(context.Context, Event) error

// Handler is the HTTP handler of one function.
type Handler struct {
	// Name is the function's name in the log.
	Name string
	// Project and Database are where the events must come from. A service that has moved to another
	// database still receives the events of the one before, for as long as they are retried.
	Project, Database string
	// Callers authenticates the senders of events.
	Callers *oidcauth.Checker
	// Type is the type of the events; "" means [Deleted].
	Type   string
	Handle Handle
	Log    *slog.Logger
	// Now returns the time.
	Now func() time.Time
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.Callers.Require(http.HandlerFunc(h.receive), h.Log.With("function", h.Name)).ServeHTTP(w, r)
}

func (h *Handler) receive(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	e, err := h.read(r)
	log := h.Log.With("function", h.Name, "event", cmp.Or(e.ID, r.Header.Get("Ce-Id")))
	if err == nil {
		log = log.With("document", strings.Join(e.Path, "/"), "changed", e.Time)
		err = h.handle(r.Context(), e)
	}
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, errOtherDatabase):
		log.WarnContext(r.Context(), "ignoring an event", "reason", err.Error())
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, ErrPermanent):
		log.ErrorContext(r.Context(), "dropping an event that this function cannot process", "error", err.Error())
		w.WriteHeader(http.StatusNoContent)
	case h.Now().Sub(e.Time) > MaxAge:
		log.ErrorContext(r.Context(), "dropping an event that is too old; the sweeper will do its work", "error", err.Error())
		w.WriteHeader(http.StatusNoContent)
	default:
		log.ErrorContext(r.Context(), "event failed; it will be delivered again", "error", err.Error())
		http.Error(w, "event failed, retry", http.StatusServiceUnavailable)
	}
}

// handle turns a panic into an error. Otherwise Eventarc would retry the event for a day, and no log
// line would name it.
func (h *Handler) handle(ctx context.Context, e Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h.Handle(ctx, e)
}

// read decodes a request. If it fails, the returned event has only the id and time, if the request has
// them. The document's name comes from the data, because headers cannot contain every name.
func (h *Handler) read(r *http.Request) (Event, error) {
	c, err := cloudevents.NewEventFromHTTPRequest(r)
	if err != nil {
		return Event{}, fmt.Errorf("%w: not a CloudEvent: %w", ErrPermanent, err)
	}
	e := Event{ID: c.ID(), Time: c.Time()}
	if err := c.Validate(); err != nil {
		return e, fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	if c.Type() != cmp.Or(h.Type, Deleted) {
		return e, fmt.Errorf("%w: its type is %q", ErrPermanent, c.Type())
	}
	var data firestoredata.DocumentEventData
	if err := proto.Unmarshal(c.Data(), &data); err != nil {
		return e, fmt.Errorf("%w: its data is not Firestore's: %w", ErrPermanent, err)
	}
	name := cmp.Or(data.GetOldValue().GetName(), data.GetValue().GetName())
	path, ok := strings.CutPrefix(name, "projects/"+h.Project+"/databases/"+h.Database+"/documents/")
	switch {
	case !ok && strings.HasPrefix(name, "projects/"+h.Project+"/databases/"):
		return e, fmt.Errorf("%w: its document is %q, but the service uses %s", errOtherDatabase, name, h.Database)
	case !ok:
		return e, fmt.Errorf("%w: its document is %q", ErrPermanent, name)
	}
	e.Path, e.old, e.new = strings.Split(path, "/"), data.GetOldValue(), data.GetValue()
	return e, nil
}
