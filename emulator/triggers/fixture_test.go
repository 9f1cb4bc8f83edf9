package triggers_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"cloud.google.com/go/firestore"
	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/googleapis/google-cloudevents-go/cloud/firestoredata"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/triggers"
)

// fixture is a local cloud with a target for its triggers.
type fixture struct {
	*emulatortest.Cloud
	*target
	db *firestore.Client
}

// start starts a cloud and a target.
func start(t testing.TB, set ...func(*emulator.Config)) *fixture {
	t.Helper()
	w := &fixture{Cloud: emulatortest.Start(t, set...), target: newTarget(t)}
	w.db = w.FirestoreClient(t)
	return w
}

// delivery is a request to the target, parsed by the CloudEvents SDK.
type delivery struct {
	cloudevents.Event
	*firestoredata.DocumentEventData
	header http.Header
}

// document returns the path of the event's document.
func (d delivery) document() string { return d.Extensions()["document"].(string) }

// target is a function. It records deliveries and responds with respond, or with 200 if that is nil.
type target struct {
	URL string

	mu      sync.Mutex
	got     []delivery
	respond func(http.ResponseWriter, delivery)
}

func newTarget(t testing.TB) *target {
	target := &target{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, err := cloudevents.NewEventFromHTTPRequest(r)
		if errors.Is(err, io.ErrUnexpectedEOF) { // the sender was killed while sending
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if err != nil {
			t.Errorf("not a CloudEvent: %v", err)
			return
		}
		if err := event.Validate(); err != nil {
			t.Errorf("invalid CloudEvent: %v", err)
		}
		data := &firestoredata.DocumentEventData{}
		if err := proto.Unmarshal(event.Data(), data); err != nil {
			t.Error(err)
		}
		d := delivery{*event, data, r.Header}
		target.mu.Lock()
		target.got = append(target.got, d)
		respond := target.respond
		target.mu.Unlock()
		if respond != nil {
			respond(w, d)
		}
	}))
	t.Cleanup(server.Close)
	target.URL = server.URL
	return target
}

// respondWith sets how the target responds from now on.
func (t *target) respondWith(f func(http.ResponseWriter, delivery)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.respond = f
}

// status responds with an HTTP status.
func status(code int) func(http.ResponseWriter, delivery) {
	return func(w http.ResponseWriter, _ delivery) { w.WriteHeader(code) }
}

// take returns the deliveries since the last call.
func (t *target) take() []delivery {
	t.mu.Lock()
	defer t.mu.Unlock()
	got := t.got
	t.got = nil
	return got
}

// documents returns the sorted document paths of the deliveries since the last call of take or documents.
func (t *target) documents() []string {
	paths := []string{}
	for _, d := range t.take() {
		paths = append(paths, d.document())
	}
	slices.Sort(paths)
	return paths
}

// register registers a trigger, by default named "test", for all writes, with the fixture's target.
func (w *fixture) register(t testing.TB, trigger triggers.Trigger) {
	t.Helper()
	if trigger.URL == "" {
		trigger.URL = w.URL
	}
	if trigger.Name == "" {
		trigger.Name = "test"
	}
	if trigger.Event == "" {
		trigger.Event = triggers.Written
	}
	if err := w.Triggers.Register(trigger); err != nil {
		t.Fatal(err)
	}
}

// idle waits until no event is due or in flight.
func (w *fixture) idle(t testing.TB) {
	t.Helper()
	if err := w.Triggers.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (w *fixture) set(t testing.TB, path string, data map[string]any) {
	t.Helper()
	if _, err := w.db.Doc(path).Set(t.Context(), data); err != nil {
		t.Fatal(err)
	}
}

// events returns the events of the trigger "test" in a state.
func (w *fixture) events(t testing.TB, state triggers.State) []triggers.EventInfo {
	t.Helper()
	all, err := w.Triggers.Events("test")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(e triggers.EventInfo) bool { return e.State != state })
}
