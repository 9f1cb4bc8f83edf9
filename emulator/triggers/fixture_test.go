package triggers_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/googleapis/google-cloudevents-go/cloud/firestoredata"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/triggers"
)

// world is a local cloud with a target that takes what its triggers send.
type world struct {
	*emulatortest.Cloud
	*target
	db *firestore.Client
}

func start(t testing.TB, set ...func(*emulator.Config)) *world {
	t.Helper()
	w := &world{Cloud: emulatortest.Start(t, set...), target: newTarget(t)}
	w.db = w.FirestoreClient(t)
	return w
}

// delivery is a request as the target got it, read by the CloudEvents SDK.
type delivery struct {
	cloudevents.Event
	*firestoredata.DocumentEventData
	header http.Header
}

// document is the path that the event names.
func (d delivery) document() string { return d.Extensions()["document"].(string) }

// target is a function: it keeps what it gets, and answers what answer says, by default 200.
type target struct {
	URL string

	mu     sync.Mutex
	got    []delivery
	answer func(http.ResponseWriter, delivery)
}

func newTarget(t testing.TB) *target {
	target := &target{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, err := cloudevents.NewEventFromHTTPRequest(r)
		if errors.Is(err, io.ErrUnexpectedEOF) { // the sender was killed
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if err != nil {
			t.Errorf("no CloudEvent: %v", err)
			return
		}
		if err := event.Validate(); err != nil {
			t.Errorf("a CloudEvent that is not valid: %v", err)
		}
		data := &firestoredata.DocumentEventData{}
		if err := proto.Unmarshal(event.Data(), data); err != nil {
			t.Error(err)
		}
		d := delivery{*event, data, r.Header}
		target.mu.Lock()
		target.got = append(target.got, d)
		answer := target.answer
		target.mu.Unlock()
		if answer != nil {
			answer(w, d)
		}
	}))
	t.Cleanup(server.Close)
	target.URL = server.URL
	return target
}

// answers sets what the target answers from now on.
func (t *target) answers(f func(http.ResponseWriter, delivery)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answer = f
}

// status answers with an HTTP status.
func status(code int) func(http.ResponseWriter, delivery) {
	return func(w http.ResponseWriter, _ delivery) { w.WriteHeader(code) }
}

// take returns what the target got, and forgets it.
func (t *target) take() []delivery {
	t.mu.Lock()
	defer t.mu.Unlock()
	got := t.got
	t.got = nil
	return got
}

// documents are the paths of what the target got, sorted; it forgets them.
func (t *target) documents() []string {
	paths := []string{}
	for _, d := range t.take() {
		paths = append(paths, d.document())
	}
	slices.Sort(paths)
	return paths
}

func (w *world) register(t testing.TB, trigger triggers.Trigger) {
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

func (w *world) idle(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if err := w.Triggers.Idle(ctx); err != nil {
		t.Fatal(err)
	}
}

func (w *world) set(t testing.TB, path string, data map[string]any) {
	t.Helper()
	if _, err := w.db.Doc(path).Set(t.Context(), data); err != nil {
		t.Fatal(err)
	}
}

func (w *world) delete(t testing.TB, path string) {
	t.Helper()
	if _, err := w.db.Doc(path).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// events are the events of the trigger "test" in a state.
func (w *world) events(t testing.TB, state triggers.State) []triggers.EventInfo {
	t.Helper()
	all, err := w.Triggers.Events("test")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(e triggers.EventInfo) bool { return e.State != state })
}
