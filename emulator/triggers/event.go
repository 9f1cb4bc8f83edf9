package triggers

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/http/httpguts"

	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/internal/dispatch"
)

const (
	// retention is how long an event is retried after its creation.
	// https://cloud.google.com/eventarc/docs/retry-events
	retention = 24 * time.Hour
	// deadline limits a request: it is the longest that an event-driven function may run.
	// https://cloud.google.com/functions/quotas#time_limits
	deadline = 540 * time.Second

	maxAttempts = 20 // attempts of an event kept for inspection

	userAgent  = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"
	dataSchema = "https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto"
)

// backoff is the wait between attempts: it starts at 10 seconds and doubles up to 10 minutes.
// https://cloud.google.com/eventarc/docs/retry-events
var backoff = dispatch.Backoff{Min: 10 * time.Second, Max: 600 * time.Second, Doublings: 16}

// Attempt is one request for an event.
type Attempt = dispatch.Attempt

// event is an event for one trigger. The server's mutex guards the fields that change.
type event struct {
	content
	progress

	order     uint64 // orders events that are due at the same time
	duplicate bool   // a second delivery due to [Faults.Twice]; its response is ignored
	running   bool   // a request is in flight
	ended     bool   // it was delivered, is dead, or its trigger was removed
}

// content is the immutable content of an event.
type content struct {
	ID       string
	Type     EventType
	Database string    // ID
	Document string    // path
	Time     time.Time // commit time
	Data     []byte    // a DocumentEventData
}

// progress is the delivery state of an event. Like content, it is stored as JSON.
type progress struct {
	Since    time.Time          // when its 24 hours started
	Due      time.Time          // when the next attempt is or was due
	Tried    int                // attempts started
	Attempts []dispatch.Attempt // the most recent ones, oldest first
}

// namespace is the UUID namespace of event IDs. IDs depend only on the commit, so that an event created again
// after a crash has the same ID, as repeated events do.
var namespace = uuid.MustParse("6c4a1f0e-3b52-4f0c-8f2e-5d8c0b9a7e31")

// eventID returns the ID of the event for a commit's change of a document. All triggers for the event get the
// same ID.
func eventID(database string, c firestore.Change, kind EventType) string {
	return uuid.NewSHA1(namespace, fmt.Appendf(nil, "%s\n%s\n%d\n%s", database, c.Path, c.Time.UnixMicro(), kind)).String()
}

// eventType returns the event type of a change other than Written.
func eventType(c firestore.Change) EventType {
	switch {
	case c.Before == nil:
		return Created
	case c.After == nil:
		return Deleted
	}
	return Updated
}

// expires returns when the event is not retried any more.
func (e *event) expires() time.Time { return e.Since.Add(retention) }

// request returns the request for an event.
func (s *Server) request(t Trigger, e *event) (dispatch.Request, error) {
	r := dispatch.Request{
		Method: http.MethodPost, URL: t.URL, Body: e.Data, Account: t.ServiceAccount, Audience: t.Audience, Deadline: deadline,
	}
	var err error
	switch t.Format {
	case SuiteV1:
		r.Header = http.Header{"Content-Type": {"application/json"}}
		r.Body, err = s.legacyEvent(e)
	case SuiteV2:
		r.Header = s.eventHeader(e)
		r.Body = base64.StdEncoding.AppendEncode(nil, e.Data)
	default:
		r.Header = s.eventHeader(e)
	}
	return r, err
}

// eventHeader returns the header of a CloudEvent in HTTP's binary mode with Eventarc's attributes.
// https://cloud.google.com/eventarc/docs/cloudevents
func (s *Server) eventHeader(e *event) http.Header {
	header := http.Header{}
	// Not header.Set, which would change Google's spelling of the names.
	for name, v := range map[string]string{
		"User-Agent":     userAgent,
		"Accept":         "application/json",
		"From":           "noreply@google.com",
		"Content-Type":   "application/protobuf", // without ce-datacontenttype: the CloudEvents SDK rejects both together
		"ce-specversion": "1.0",
		"ce-id":          e.ID,
		"ce-source":      "//firestore.googleapis.com/" + s.databaseName(e.Database),
		"ce-type":        string(e.Type),
		"ce-subject":     "documents/" + e.Document,
		"ce-time":        e.Time.UTC().Format(time.RFC3339Nano),
		"ce-dataschema":  dataSchema,
		"ce-project":     s.project,
		"ce-location":    s.location,
		"ce-namespace":   defaultDatabase,
		"ce-database":    e.Database,
		"ce-document":    e.Document,
	} {
		header[name] = []string{headerText(v)}
	}
	if e.Type.Base() != e.Type {
		header["ce-authtype"] = []string{"unknown"}
	}
	return header
}

// headerText encodes a header value as Eventarc does: as raw UTF-8, with characters that HTTP forbids
// percent-encoded. See https://github.com/firebase/firebase-functions/issues/1459.
func headerText(v string) string {
	if httpguts.ValidHeaderFieldValue(v) {
		return v
	}
	var b strings.Builder
	for _, r := range v {
		if httpguts.ValidHeaderFieldValue(string(r)) {
			b.WriteRune(r)
		} else {
			b.WriteString(url.PathEscape(string(r)))
		}
	}
	return b.String()
}

// acknowledged reports whether a response acknowledges the event. Pub/Sub, which delivers for Eventarc,
// accepts exactly these statuses. https://cloud.google.com/pubsub/docs/push#receive_push
func acknowledged(a dispatch.Answer) bool {
	switch a.Status {
	case http.StatusProcessing, http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent:
		return true
	}
	return false
}
