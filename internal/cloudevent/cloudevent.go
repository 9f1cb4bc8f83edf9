// Package cloudevent reads what Eventarc tells a function of a Firestore document that was deleted: a CloudEvent whose data is
// Firestore's protobuf.
//
// Events come at least once, in no order, and an answer outside 2xx brings them again, for a day, and each time costs. So
// what cannot become better is logged with its id and answered 204.
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

	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/oidcauth"
)

// Deleted is the type of the events.
//
// Source: https://cloud.google.com/eventarc/docs/reference/supported-events
const Deleted = "google.cloud.firestore.document.v1.deleted"

// maxBody bounds an event: a document of 1 MiB, and what is around it.
const maxBody = 2 << 20

// MaxAge is how old an event may get. One that still fails then is left to the sweeper.
const MaxAge = 6 * time.Hour

// Event is a document that was deleted.
type Event struct {
	// ID of the event, the same when it is delivered again.
	ID string
	// Time is when the document was deleted.
	Time time.Time
	// Path of the document from the database's root, as ids and collections in turn.
	Path []string

	document *firestoredata.Document
}

// Text is a field of the document as it was, "" when it had none of the name that was a string.
func (e Event) Text(field string) string {
	return e.document.GetFields()[field].GetStringValue()
}

// ErrPoison is what a [Handle] returns for an event that will never be one it can do something with.
var ErrPoison = errors.New("not an event for this function")

// Handle does what an event asks for. It may be called again with the same event, late, and at the same time.
type Handle func(context.Context, Event) error

// Handler answers the events of one function.
type Handler struct {
	// Name of the function, in the log.
	Name string
	// Project whose (default) database events must be of.
	Project string
	// Callers may deliver events.
	Callers *oidcauth.Checker
	Handle  Handle
	Log     *slog.Logger
	// Now tells the time.
	Now func() time.Time
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(logging.WithTrace(r.Context(), r.Header))
	h.Callers.Require(http.HandlerFunc(h.receive), func(r *http.Request, err error) {
		h.Log.WarnContext(r.Context(), "event refused: who delivers it may not", "function", h.Name, "error", err.Error())
	}).ServeHTTP(w, r)
}

func (h *Handler) receive(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	e, err := h.read(r)
	log := h.Log.With("function", h.Name, "event", cmp.Or(e.ID, r.Header.Get("Ce-Id")))
	if err == nil {
		log = log.With("document", strings.Join(e.Path, "/"), "deleted", e.Time)
		err = h.handle(r.Context(), e)
	}
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, ErrPoison):
		log.ErrorContext(r.Context(), "event given up: it is none that this function can do anything with", "error", err.Error())
		w.WriteHeader(http.StatusNoContent)
	case h.Now().Sub(e.Time) > MaxAge:
		log.ErrorContext(r.Context(), "event given up: it is too old; the sweeper does the rest", "error", err.Error())
		w.WriteHeader(http.StatusNoContent)
	default:
		log.ErrorContext(r.Context(), "event failed; it will come again", "error", err.Error())
		http.Error(w, "the event failed, deliver it again", http.StatusServiceUnavailable)
	}
}

// handle makes an error of a panic, or the same event would bring it about for a day, and nobody would know which one it is.
func (h *Handler) handle(ctx context.Context, e Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h.Handle(ctx, e)
}

// read decodes a request; with an error it gives the event's id, if there is one. The document's name is taken from the data:
// headers cannot hold every name as it is.
func (h *Handler) read(r *http.Request) (Event, error) {
	c, err := cloudevents.NewEventFromHTTPRequest(r)
	if err != nil {
		return Event{}, fmt.Errorf("%w: no CloudEvent: %w", ErrPoison, err)
	}
	e := Event{ID: c.ID(), Time: c.Time()}
	if err := c.Validate(); err != nil {
		return e, fmt.Errorf("%w: %w", ErrPoison, err)
	}
	if c.Type() != Deleted {
		return e, fmt.Errorf("%w: its type is %q", ErrPoison, c.Type())
	}
	var data firestoredata.DocumentEventData
	if err := proto.Unmarshal(c.Data(), &data); err != nil {
		return e, fmt.Errorf("%w: its data is not Firestore's: %w", ErrPoison, err)
	}
	name := data.GetOldValue().GetName()
	path, ok := strings.CutPrefix(name, "projects/"+h.Project+"/databases/(default)/documents/")
	if !ok {
		return e, fmt.Errorf("%w: its document is %q", ErrPoison, name)
	}
	e.Path, e.document = strings.Split(path, "/"), data.GetOldValue()
	return e, nil
}
