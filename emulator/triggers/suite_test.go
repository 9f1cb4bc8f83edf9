package triggers_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/googleapis/google-cloudevents-go/cloud/firestoredata"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/triggers"
)

// called is a request that the Functions emulator gets.
type called struct {
	path   string
	header http.Header
	body   []byte
}

// suite is a Firestore emulator with the Functions emulator of Firebase's suite beside it.
type suite struct {
	url   string // of Firestore
	db    *firestore.Database
	calls chan called
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	s := &suite{calls: make(chan called, 100)}
	functions := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.calls <- called{r.URL.Path, r.Header, body}
	}))
	t.Cleanup(functions.Close)
	time := clock.New()
	events, err := triggers.New(triggers.Config{Clock: time, Project: "demo-test"})
	if err != nil {
		t.Fatal(err)
	}
	server, err := firestore.New(firestore.Config{
		Clock: time, Follower: events, Functions: events.FunctionsHandler(strings.TrimPrefix(functions.URL, "http://")),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, err := range []error{events.Close(), server.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	events.Attach(server)
	if s.db, err = server.Database("demo-test", "(default)"); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server.Handler(nil))
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

// register sends a registration and returns the response's status and body.
func (s *suite) register(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+"/emulator/v1/projects/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (s *suite) must(t *testing.T, method, path, body string) {
	t.Helper()
	if status, text := s.register(t, method, path, body); status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
}

// write writes documents, as JSON by path.
func (s *suite) write(t *testing.T, documents string) {
	t.Helper()
	if err := s.db.Import(strings.NewReader(documents)); err != nil {
		t.Fatal(err)
	}
}

// Functions of the first generation get their own events in JSON.
func TestSuiteV1(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.write(t, `{"users/ann": {"n": 1}}`) // before the function
	for kind, name := range map[string]string{"write": "us-central1-w-0", "create": "us-central1-c-0", "update": "us-central1-u-0", "delete": "us-central1-d-0"} {
		s.must(t, "PUT", "demo-test/triggers/"+name, `{"eventTrigger": {"eventType": "providers/cloud.firestore/eventTypes/document.`+kind+`",
			"resource": "projects/demo-test/databases/(default)/documents/users/{uid}", "service": "firestore.googleapis.com"}}`)
	}
	s.write(t, `{"users/ann": {"n": 2}, "other/x": {}}`)
	got := map[string]map[string]any{}
	for range 2 {
		call := <-s.calls
		var event map[string]any
		if err := json.Unmarshal(call.body, &event); err != nil || call.header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s, %v, %v", call.body, call.header, err)
		}
		got[call.path] = event
	}
	for path, kind := range map[string]string{"w": "write", "u": "update"} {
		event := got["/functions/projects/demo-test/triggers/us-central1-"+path+"-0"]
		text, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		context, _ := event["context"].(map[string]any)
		at, err := time.Parse(time.RFC3339Nano, context["timestamp"].(string))
		if err != nil || at.IsZero() || context["eventId"] == "" || context["eventType"] != "providers/cloud.firestore/eventTypes/document."+kind ||
			context["resource"] != "projects/demo-test/databases/(default)/documents/users/ann" {
			t.Errorf("context %v, %v", context, err)
		}
		for _, want := range []string{
			`"oldValue":{`, `"fields":{"n":{"integerValue":"1"}}`, `"fields":{"n":{"integerValue":"2"}}`, `"updateMask":{"fieldPaths":["n"]}`,
			`"name":"projects/demo-test/databases/(default)/documents/users/ann"`,
		} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %s", text, want)
			}
		}
	}
	if _, err := s.db.DeleteAll(context.Background(), "users/ann"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if call := <-s.calls; strings.Contains(string(call.body), `"value"`) {
			t.Errorf("a deletion has a value: %s", call.body)
		}
	}
}

// Functions of the second generation get CloudEvents, with their body in base64.
func TestSuiteV2(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.must(t, "POST", "demo-test/eventarcTrigger?eventarcTriggerId=us-central1-second-0", `{"eventType": "google.cloud.firestore.document.v1.created.withAuthContext",
		"database": "(default)", "namespace": "(default)", "document": {"value": "users/{uid}", "matchType": "PATH_PATTERN"}}`)
	s.write(t, `{"users/ann": {"n": 1}}`)
	call := <-s.calls
	encoded, err := base64.StdEncoding.DecodeString(string(call.body))
	var data firestoredata.DocumentEventData
	if err == nil {
		err = proto.Unmarshal(encoded, &data)
	}
	if err != nil || data.Value.Fields["n"].GetIntegerValue() != 1 || data.OldValue != nil {
		t.Errorf("%v, %v", &data, err)
	}
	for name, want := range map[string]string{
		"ce-type": "google.cloud.firestore.document.v1.created.withAuthContext", "ce-authtype": "unknown", "ce-document": "users/ann",
		"Content-Type": "application/protobuf", "ce-database": "(default)",
	} {
		if got := call.header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if call.path != "/functions/projects/demo-test/triggers/us-central1-second-0" {
		t.Errorf("called %s", call.path)
	}
}

func TestBadRegistrations(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	v1 := func(kind, resource string) string {
		return `{"eventTrigger": {"eventType": "providers/cloud.firestore/eventTypes/document.` + kind + `", "resource": "` + resource + `"}}`
	}
	const users = "projects/demo-test/databases/(default)/documents/users/{uid}"
	for _, c := range []struct {
		method, path, body, want string
		status                   int
	}{
		{"PUT", "demo-other/triggers/f", v1("write", users), "demo-other", 400},
		{"PUT", "demo-test/triggers/", v1("write", users), "no name", 400},
		{"PUT", "demo-test/triggers/f", v1("read", users), "document.read", 400},
		{"PUT", "demo-test/triggers/f", v1("write", "projects/demo-other/databases/x/documents/a/b"), "demo-other", 400},
		{"PUT", "demo-test/triggers/f", v1("write", "projects/demo-test/databases/x"), "PATTERN", 400},
		{"PUT", "demo-test/triggers/f", v1("write", "projects/demo-test/databases/x/documents/users"), "did you mean users/{id}", 400},
		{"PUT", "demo-test/triggers/f", `{"eventTrigger": 1}`, "registration", 400},
		{"PUT", "demo-test/triggers/f", `{`, "registration", 400},
		{"PUT", "demo-test/triggers/f", `"` + strings.Repeat("x", 100_000) + `"`, "too large", 400},
		{"DELETE", "demo-test/triggers/f", "", "DELETE", 404},
		{"POST", "demo-test/eventarcTrigger", `{"eventType": "google.cloud.firestore.document.v1.written", "document": {"value": "a/b"}}`, "no name", 400},
		{"POST", "demo-test/eventarcTrigger?eventarcTriggerId=f", `{"eventType": "google.cloud.firestore.document.v1.read"}`, "v1.read", 400},
		{"POST", "demo-test/eventarcTrigger?eventarcTriggerId=f;x", `{}`, "query string", 400},
	} {
		if status, text := s.register(t, c.method, c.path, c.body); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s %s %.80s: %d %s, want %d %s", c.method, c.path, c.body, status, text, c.status, c.want)
		}
	}
}
