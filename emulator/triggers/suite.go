package triggers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/googleapis/google-cloudevents-go/cloud/firestoredata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/internal/httpjson"
)

// FunctionsHandler serves the calls with which the Functions emulator of Firebase's suite registers its functions with
// the Firestore emulator. functions is where it listens, host:port. A function that is registered again replaces
// the earlier one. As in the suite, failed events are not retried.
//
// Source: lib/emulator/functionsEmulator.js of firebase-tools 15.34.
func (s *Server) FunctionsHandler(functions string) http.Handler {
	mux := http.NewServeMux()
	register := func(parse func(*http.Request, []byte) (Trigger, error)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := s.registerFunction(w, r, functions, parse); err != nil {
				httpjson.WriteError(w, httpjson.Error{Code: http.StatusBadRequest, Status: "INVALID_ARGUMENT", Message: err.Error()})
				return
			}
			httpjson.Write(w, http.StatusOK, struct{}{})
		}
	}
	mux.HandleFunc("PUT /emulator/v1/projects/{project}/triggers/{name...}", register(s.parseV1))
	mux.HandleFunc("POST /emulator/v1/projects/{project}/eventarcTrigger", register(parseV2))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		httpjson.WriteError(w, httpjson.Error{Code: http.StatusNotFound, Status: "NOT_FOUND", Message: "Functions are not registered by " + r.Method + " " + r.URL.Path + "."})
	})
	return mux
}

// maxRegistration is the most bytes that a registration has.
const maxRegistration = 64 << 10

func (s *Server) registerFunction(w http.ResponseWriter, r *http.Request, functions string, parse func(*http.Request, []byte) (Trigger, error)) error {
	if project := r.PathValue("project"); project != s.project {
		return fmt.Errorf("the functions are those of the project %s, not %s", s.project, project)
	}
	var body json.RawMessage
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRegistration)).Decode(&body); err != nil {
		return fmt.Errorf("read the registration: %w", err)
	}
	t, err := parse(r, body)
	if err != nil {
		return err
	}
	if t.Name == "" {
		return errors.New("the function has no name")
	}
	t.URL = "http://" + functions + "/functions/projects/" + url.PathEscape(s.project) + "/triggers/" + url.PathEscape(t.Name)
	return s.Register(t)
}

// parseV1 reads the registration of a function of the first generation.
func (s *Server) parseV1(r *http.Request, body []byte) (Trigger, error) {
	var in struct {
		EventTrigger struct {
			EventType string `json:"eventType"`
			Resource  string `json:"resource"`
		} `json:"eventTrigger"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return Trigger{}, fmt.Errorf("read the registration: %w", err)
	}
	t := Trigger{Name: r.PathValue("name"), Format: SuiteV1}
	_, kind, _ := strings.Cut(in.EventTrigger.EventType, "document.")
	for event, legacy := range legacyKinds {
		if kind == legacy {
			t.Event = event
		}
	}
	if t.Event == "" {
		return t, fmt.Errorf("the event type %q is not one of Firestore", in.EventTrigger.EventType)
	}
	rest, ours := strings.CutPrefix(in.EventTrigger.Resource, "projects/"+s.project+"/databases/")
	database, document, ok := strings.Cut(rest, "/documents/")
	if !ours || !ok {
		return t, fmt.Errorf("the resource %q is not projects/%s/databases/DATABASE/documents/PATTERN", in.EventTrigger.Resource, s.project)
	}
	t.Database, t.Document = database, document
	return t, nil
}

// parseV2 reads the registration of a function of the second generation.
func parseV2(r *http.Request, body []byte) (Trigger, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Trigger{}, fmt.Errorf("read the query string: %w", err)
	}
	var in struct {
		EventType EventType `json:"eventType"`
		Database  string    `json:"database"`
		Document  struct {
			Value string `json:"value"`
		} `json:"document"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return Trigger{}, fmt.Errorf("read the registration: %w", err)
	}
	return Trigger{Name: query.Get("eventarcTriggerId"), Event: in.EventType, Database: in.Database, Document: in.Document.Value, Format: SuiteV2}, nil
}

// legacyKinds are the last words of the event types of the first generation.
var legacyKinds = map[EventType]string{Created: "create", Updated: "update", Deleted: "delete", Written: "write"}

// legacyEvent returns an event as functions of the first generation get it. Their SDK recognizes the type, and then
// expects the document's name where other types have an object.
func (s *Server) legacyEvent(e *event) ([]byte, error) {
	var data firestoredata.DocumentEventData
	if err := proto.Unmarshal(e.Data, &data); err != nil {
		return nil, fmt.Errorf("read the event of %s: %w", e.Document, err)
	}
	text, err := protojson.Marshal(&data)
	if err != nil {
		return nil, fmt.Errorf("encode the event of %s: %w", e.Document, err)
	}
	return json.Marshal(map[string]any{
		"data": json.RawMessage(text),
		"context": map[string]any{
			"eventId":   e.ID,
			"timestamp": e.Time.UTC().Format(time.RFC3339Nano),
			"eventType": "providers/cloud.firestore/eventTypes/document." + legacyKinds[e.Type.Base()],
			"resource":  s.databaseName(e.Database) + "/documents/" + e.Document,
		},
	})
}
