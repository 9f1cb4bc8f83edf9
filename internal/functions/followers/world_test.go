package followers_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/emulator/triggers"
	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/functions/followers"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

const (
	queueName       = "projects/demo-test/locations/asia-northeast3/queues/followers"
	eventarcAccount = "heektime-eventarc@demo-test.iam.gserviceaccount.com"
	tasksAccount    = "heektime-tasks@demo-test.iam.gserviceaccount.com"
)

// world is a local cloud with the project's rules and indexes, whose events and tasks reach a service.
type world struct {
	*emulatortest.Cloud
	fs      *firestore.Client
	mux     *http.ServeMux
	queue   *taskqueue.Queue
	callers *oidcauth.Checker
}

// newWorld starts the cloud. serve registers the service's handlers in w.mux.
func newWorld(t *testing.T, serve func(w *world)) *world {
	t.Helper()
	w := &world{mux: http.NewServeMux()}
	w.Cloud = emulatortest.Start(t, func(c *emulator.Config) {
		c.Rules, c.Indexes = read(t, "firestore.rules"), read(t, "firestore.indexes.json")
	})
	w.fs = w.FirestoreClient(t)
	server := httptest.NewServer(w.mux)
	t.Cleanup(server.Close)
	client := tasksclient.New(t, w.TasksAddress())
	parent, _, _ := strings.Cut(queueName, "/queues/")
	_, err := client.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: queueName}})
	must(t, err)
	w.queue = &taskqueue.Queue{Client: client, Name: queueName, URL: server.URL, Audience: server.URL, ServiceAccount: tasksAccount}
	w.callers, err = oidcauth.NewChecker(oidcauth.Config{Audience: server.URL, Allowed: []string{eventarcAccount, tasksAccount}, CertsURL: w.CertsURL()})
	must(t, err)
	serve(w)
	must(t, w.Triggers.Register(triggers.Trigger{
		Name: "follow-written", Event: triggers.Written, Document: schema.FollowPattern, URL: server.URL + "/follow-written", Audience: server.URL,
		ServiceAccount: eventarcAccount, Retry: true,
	}))
	return w
}

// service returns a service with a Firestore client.
func (w *world) service(t *testing.T, fs *firestore.Client) *followers.Service {
	t.Helper()
	s, err := followers.New(followers.Config{Firestore: fs, Queue: w.queue, Log: slog.New(slog.DiscardHandler), Now: w.Clock.Now})
	must(t, err)
	return s
}

// event returns the handler of events that handle handles.
func (w *world) event(handle cloudevent.Handle) http.Handler {
	return &cloudevent.Handler{
		Name: "follow-written", Project: w.Project, Database: "(default)", Callers: w.callers, Type: cloudevent.Written, Handle: handle,
		Log: slog.New(slog.DiscardHandler), Now: w.Clock.Now,
	}
}

// deletion returns the service that ends accounts.
func (w *world) deletion(t *testing.T) *deletion.Service {
	t.Helper()
	s, err := deletion.New(deletion.Config{
		Firestore: w.fs, Accounts: authclient.New(t, w.Project, w.AuthAddress()), Log: slog.New(slog.DiscardHandler), Now: w.Clock.Now,
	})
	must(t, err)
	return s
}

// people creates users.
func (w *world) people(t *testing.T, uids ...string) {
	t.Helper()
	docs := emulatortest.Docs{}
	for _, uid := range uids {
		docs["users/"+uid] = map[string]any{"username": uid + "name"}
	}
	w.Seed(t, docs)
}

// count returns how many followers a user has, as their owner sees it, -1 if nothing says so.
func (w *world) count(t *testing.T, uid, kind string) int {
	t.Helper()
	docs, err := w.fs.GetAll(t.Context(), []*firestore.DocumentRef{w.fs.Doc("users/" + uid + "/counts/" + kind)})
	must(t, err)
	if !docs[0].Exists() {
		return -1
	}
	return int(docs[0].Data()["count"].(int64))
}

// settle waits until all events are delivered and all tasks are done.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for range 12 { // more than all retries of a fault wait
		w.Advance(t, followers.Every)
	}
	w.Idle(t)
}

// follow follows or unfollows someone as a client does.
func follow(ctx context.Context, client *firestore.Client, uid, other string, add bool) error {
	user := client.Doc("users/" + uid)
	ref, n := user.Collection("follows").Doc(other), -1
	if add {
		n = 1
	}
	return client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		var err error
		if add {
			err = tx.Set(ref, map[string]any{"uid": other, "createdAt": firestore.ServerTimestamp})
		} else {
			err = tx.Delete(ref)
		}
		if err != nil {
			return err
		}
		return tx.Set(user.Collection("counts").Doc("following"), map[string]any{
			"count": firestore.Increment(n), "uid": other, "updatedAt": firestore.ServerTimestamp,
		}, firestore.MergeAll)
	})
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../../" + name)
	must(t, err)
	return text
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
