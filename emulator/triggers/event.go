package triggers

import (
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
	// retention is how long an event is tried, from when it happened.
	// https://cloud.google.com/eventarc/docs/retry-events
	retention = 24 * time.Hour
	// deadline is how long a request may take: the longest that a function may run for an event.
	// https://cloud.google.com/functions/quotas#time_limits
	deadline = 540 * time.Second

	maxAttempts = 20 // attempts of an event that are kept to be shown

	userAgent  = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)"
	dataSchema = "https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto"
)

// backoff is the wait between attempts: from 10 seconds, doubled each time, to 10 minutes.
// https://cloud.google.com/eventarc/docs/retry-events
var backoff = dispatch.Backoff{Min: 10 * time.Second, Max: 600 * time.Second, Doublings: 16}

// Attempt is one request for an event.
type Attempt = dispatch.Attempt

// event is an event that is to be delivered to one trigger, or was. The server's mutex guards what changes.
type event struct {
	fact
	progress

	order   uint64 // among the events that are due at the same time
	extra   bool   // a second delivery, by [Faults.Twice], whose answer changes nothing
	running bool   // a request is under way
	gone    bool   // it was delivered, given up or forgotten
}

// fact is what an event says, which never changes.
type fact struct {
	ID       string
	Type     EventType
	Database string    // id
	Document string    // path
	Time     time.Time // of the commit
	Data     []byte    // a DocumentEventData
}

// progress is what happened to an event. Like fact, it is JSON in the journal.
type progress struct {
	Since    time.Time          // when its 24 hours began
	Due      time.Time          // when it is or was to be attempted
	Tried    int                // attempts that began
	Attempts []dispatch.Attempt // the last of them, oldest first
}

// namespace makes ids of events. They are the same whenever they are made of the same commit, so that one that is repeated
// after a crash can be told by its id, as any repeated event.
var namespace = uuid.MustParse("6c4a1f0e-3b52-4f0c-8f2e-5d8c0b9a7e31")

// eventID is the id of the event that a commit made of a document. Triggers for the same event get the same id.
func eventID(database string, c firestore.Change, kind EventType) string {
	return uuid.NewSHA1(namespace, fmt.Appendf(nil, "%s\n%s\n%d\n%s", database, c.Path, c.Time.UnixMicro(), kind)).String()
}

// kind is the event that a change is, besides Written.
func kind(c firestore.Change) EventType {
	switch {
	case c.Before == nil:
		return Created
	case c.After == nil:
		return Deleted
	}
	return Updated
}

// expires is when an event is given up.
func (e *event) expires() time.Time { return e.Since.Add(retention) }

// request is what is sent for an event: a CloudEvent in HTTP's binary mode, with the attributes that Eventarc sends.
// https://cloud.google.com/eventarc/docs/cloudevents
func (s *Server) request(t Trigger, e *event) dispatch.Request {
	header := http.Header{}
	// Assigned, not Set: the names keep Google's spelling on the wire.
	for name, v := range map[string]string{
		"User-Agent":     userAgent,
		"Accept":         "application/json",
		"From":           "noreply@google.com",
		"Content-Type":   "application/protobuf", // and no ce-datacontenttype: the CloudEvents SDK refuses it beside this
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
	return dispatch.Request{
		Method: http.MethodPost, URL: t.URL, Header: header, Body: e.Data,
		Account: t.ServiceAccount, Audience: t.Audience, Deadline: deadline,
	}
}

// headerText is a value as Eventarc sends it: UTF-8 as it is (github.com/firebase/firebase-functions/issues/1459). What HTTP
// does not allow at all is percent-encoded.
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

// acknowledged reports whether an answer means that the event was taken. Pub/Sub, which delivers for Eventarc, takes these
// statuses for that and no others. https://cloud.google.com/pubsub/docs/push#receive_push
func acknowledged(a dispatch.Answer) bool {
	switch a.Status {
	case http.StatusProcessing, http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent:
		return true
	}
	return false
}
