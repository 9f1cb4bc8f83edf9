package subscriptions_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/internal/deployment/deploymenttest"
	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/subscriptions"
	"heek.kr/heektime/internal/taskqueue"
)

const queueName = "projects/demo-test/locations/asia-northeast3/queues/topics"

// world is the service with the official clients, against the local cloud.
type world struct {
	*emulatortest.Cloud
	*subscriptions.Service
	fs    *firestore.Client
	tasks func() int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	indexes, err := os.ReadFile("../../firestore.indexes.json")
	must(t, err)
	w := &world{Cloud: emulatortest.Start(t, func(cfg *emulator.Config) { cfg.Indexes = indexes })}
	w.fs = w.FirestoreClient(t)
	tasks := tasksclient.New(t, w.TasksAddress())
	parent, _, _ := strings.Cut(queueName, "/queues/")
	_, err = tasks.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: queueName}})
	must(t, err)
	_, err = tasks.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queueName})
	must(t, err)
	w.tasks = func() (n int) {
		for it := tasks.ListTasks(t.Context(), &cloudtaskspb.ListTasksRequest{Parent: queueName}); ; n++ {
			if _, err := it.Next(); err == iterator.Done {
				return n
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Service = w.open(t, w.fs, tasks)
	return w
}

// open returns the service with these clients.
func (w *world) open(t *testing.T, fs *firestore.Client, tasks *cloudtasks.Client) *subscriptions.Service {
	t.Helper()
	s, err := subscriptions.New(subscriptions.Config{
		Firestore: fs, Accounts: authclient.New(t, w.Project, w.AuthAddress()), Log: slog.New(slog.DiscardHandler), Now: w.Clock.Now,
		Queue: &taskqueue.Queue{Client: tasks, Name: queueName, URL: "http://127.0.0.1:1", Audience: "push", ServiceAccount: "tasks@demo-test.iam.gserviceaccount.com"},
	})
	must(t, err)
	return s
}

// stored returns the subscriptions of a user by token.
func (w *world) stored(t *testing.T, uid string) map[string]schema.Subscription {
	t.Helper()
	docs, err := schema.SubscriptionsOf(schema.UserRef(w.fs, uid)).Documents(t.Context()).GetAll()
	must(t, err)
	found := map[string]schema.Subscription{}
	for _, doc := range docs {
		s := schema.ReadSubscription(doc)
		found[s.Token] = s
	}
	return found
}

func (w *world) subscribe(t *testing.T, uid, token string) (id string) {
	t.Helper()
	id, err := w.Subscribe(t.Context(), uid, token, schema.Korean)
	must(t, err)
	return id
}

// Subscribing twice, or many times simultaneously, is subscribing once. The device belongs to the last user.
func TestSubscribe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var calls sync.WaitGroup
	for range 5 {
		calls.Go(func() { w.Subscribe(t.Context(), "alice", "phone", schema.Korean) })
	}
	calls.Wait()
	id := w.subscribe(t, "alice", "phone")
	if got := w.stored(t, "alice"); len(got) != 1 || got["phone"].Language != schema.Korean || got["phone"].Removed {
		t.Errorf("stored: %+v", got)
	}
	if n := w.tasks(); n < 2 || n >= 2*6 {
		t.Errorf("%d tasks for 6 calls for one device, want 2, or some more on a slow machine", n)
	}
	ref := schema.SubscriptionRef(schema.UserRef(w.fs, "alice"), id)
	_, err := ref.Update(t.Context(), []firestore.Update{{Path: schema.FieldTopics, Value: []string{"a", "b"}}, {Path: schema.FieldSettled, Value: true}})
	must(t, err)
	w.Clock.Advance(time.Hour)
	before := w.tasks()
	w.subscribe(t, "alice", "phone")
	if w.tasks() != before || !w.stored(t, "alice")["phone"].Settled {
		t.Error("subscribing again on the same day changes something")
	}
	w.subscribe(t, "bob", "phone")
	if got := w.stored(t, "alice"); len(got) != 0 {
		t.Errorf("the device still belongs to alice: %+v", got)
	}
	if got := w.stored(t, "bob")["phone"]; len(got.Topics) != 2 || got.Settled {
		t.Errorf("bob's device does not leave alice's topics: %+v", got)
	}
	must(t, w.Unsubscribe(t.Context(), "alice", id)) // not hers any more
	must(t, w.Unsubscribe(t.Context(), "bob", id))
	must(t, w.Unsubscribe(t.Context(), "bob", id))
	must(t, w.Unsubscribe(t.Context(), "bob", "../x"))
	if got := w.stored(t, "bob")["phone"]; !got.Removed || len(got.Topics) != 2 {
		t.Errorf("the removed subscription lost its topics: %+v", got)
	}
}

// A call that is killed or fails at any of its steps leaves nothing that no task would carry out, and the next call
// succeeds.
func TestFaultAtEveryCall(t *testing.T) {
	t.Parallel()
	for _, kind := range faulttest.Faults() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for at := 0; ; at++ {
				p, ctx := faulttest.New(t.Context(), kind, at)
				faulty := w.open(t, w.FirestoreClient(t, p.DialOptions()...), tasksclient.New(t, w.TasksAddress(), p.DialOptions()...))
				uid := fmt.Sprintf("user%d", at)
				carriedOut := func(what string, was schema.Subscription, tasks int) {
					t.Helper()
					if is := w.stored(t, uid)["phone"]; !reflect.DeepEqual(is, was) && w.tasks() == tasks {
						t.Errorf("call %d: %s left %+v, and no task", at, what, is)
					}
				}
				tasks := w.tasks()
				faulty.Subscribe(ctx, uid, "phone", schema.Korean) // may fail
				carriedOut("subscribing", schema.Subscription{}, tasks)
				w.Clock.Advance(2 * time.Minute) // the transactions of a dead process have expired
				id := w.subscribe(t, uid, "phone")
				if got := w.stored(t, uid)["phone"]; got.Token != "phone" || got.Removed || w.tasks() < tasks+2 {
					t.Errorf("call %d: after subscribing again: %+v, %d tasks", at, got, w.tasks()-tasks)
				}
				w.Clock.Advance(2 * time.Minute)
				was, tasks := w.stored(t, uid)["phone"], w.tasks()
				faulty.Unsubscribe(ctx, uid, id) // may fail
				carriedOut("unsubscribing", was, tasks)
				w.Clock.Advance(2 * time.Minute)
				must(t, w.Unsubscribe(t.Context(), uid, id))
				if got := w.stored(t, uid)["phone"]; !got.Removed || w.tasks() == tasks {
					t.Errorf("call %d: after unsubscribing again: %+v, %d tasks", at, got, w.tasks()-tasks)
				}
				if at >= len(p.Calls()) {
					if at < 8 {
						t.Errorf("only %d calls were made, want at least 8", at)
					}
					return
				}
			}
		})
	}
}

func TestTheOldestDeviceMakesRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range schema.MaxSubscriptions + 3 {
		w.subscribe(t, "alice", fmt.Sprintf("device %d", i))
		w.Clock.Advance(time.Minute)
	}
	kept := 0
	for token, s := range w.stored(t, "alice") {
		if !s.Removed {
			kept++
		}
		if old := token == "device 0" || token == "device 1" || token == "device 2"; old != s.Removed {
			t.Errorf("%s: removed %v", token, s.Removed)
		}
	}
	if kept != schema.MaxSubscriptions {
		t.Errorf("%d devices, want %d", kept, schema.MaxSubscriptions)
	}
}

// Hidden accounts, and nobody while writes are stopped, subscribe.
func TestSubscribeIsDenied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := schema.DeletionRef(w.fs, "alice").Set(t.Context(), schema.PendingDeletion{Until: w.Clock.Now()})
	must(t, err)
	if _, err := w.Subscribe(t.Context(), "alice", "phone", schema.Korean); !errors.Is(err, subscriptions.ErrHidden) {
		t.Errorf("an account that is being deleted: %v", err)
	}
	for _, c := range []struct {
		token    string
		language schema.Language
	}{{"", schema.Korean}, {strings.Repeat("x", schema.MaxToken+1), schema.Korean}, {"phone", "fr"}, {"phone", ""}} {
		if _, err := w.Subscribe(t.Context(), "bob", c.token, c.language); !errors.Is(err, subscriptions.ErrInvalid) {
			t.Errorf("%.10q %s: %v", c.token, c.language, err)
		}
	}
	_, err = schema.StopRef(w.fs).Set(t.Context(), map[string]any{"message": "점검해요"})
	must(t, err)
	var stopped *subscriptions.StoppedError
	if _, err := w.Subscribe(t.Context(), "bob", "phone", schema.Korean); !errors.As(err, &stopped) || stopped.Message != "점검해요" {
		t.Errorf("while writes are stopped: %v", err)
	}
}

// Nobody but a signed-in user reaches the service.
func TestStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deleted, err := w.IDToken("deleted", nil) // no account has this uid
	must(t, err)
	for path, method := range map[string]string{"/subscriptions/": http.MethodPost, "/subscriptions/x": http.MethodDelete} {
		for _, token := range []string{"", "Bearer", "Bearer x", "Bearer owner", "Basic x", "Bearer " + deleted} {
			r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(`{"token": "x", "language": "ko"}`))
			r.Header.Set("Authorization", token)
			response := httptest.NewRecorder()
			w.Handler().ServeHTTP(response, r)
			if response.Code != http.StatusUnauthorized {
				t.Errorf("%s %s with %q: %d, want 401", method, path, token, response.Code)
			}
		}
	}
}

func TestEnvironmentMatchesDeployment(t *testing.T) {
	deploymenttest.TestEnvironment(t, "subscriptions", "../..", subscriptions.Open)
	deploymenttest.TestStuckBodies(t, "subscriptions", "../..", subscriptions.Open, "/subscriptions/")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
