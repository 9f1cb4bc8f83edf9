package emulatortest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/emulator/emulatortest/schedulerclient"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/emulator/triggers"
)

const location = "projects/demo-test/locations/asia-northeast3"

// A test may close the cloud itself; Start's own Close then does nothing.
func TestCloseTwice(t *testing.T) {
	cloud := emulatortest.Start(t)
	for range 2 {
		if err := cloud.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A job enqueues a task, whose handler writes a document, whose trigger enqueues another task:
// Advance returns when all of it has happened.
func TestAdvanceWaitsForConsequences(t *testing.T) {
	cloud := emulatortest.Start(t)
	tasks, docs := tasksclient.New(t, cloud.TasksAddress()), cloud.FirestoreClient(t)
	var url string
	enqueue := func(path string) error {
		_, err := tasks.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: location + "/queues/q", Task: &cloudtaskspb.Task{
			MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: url + path}},
		}})
		return err
	}
	last := make(chan bool, 1)
	handler := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(20 * time.Millisecond)
		var err error
		switch r.URL.Path {
		case "/job":
			err = enqueue("/first")
		case "/first":
			_, err = docs.Doc("a/b").Create(t.Context(), map[string]any{"n": 1})
		case "/trigger":
			err = enqueue("/last")
		case "/last":
			last <- true
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	defer handler.Close()
	url = handler.URL
	if err := cloud.Triggers.Register(triggers.Trigger{Name: "t", Event: triggers.Created, Document: "a/{id}", URL: url + "/trigger"}); err != nil {
		t.Fatal(err)
	}
	if _, err := tasks.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: location, Queue: &cloudtaskspb.Queue{Name: location + "/queues/q"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := schedulerclient.New(t, cloud.TasksAddress()).CreateJob(t.Context(), &schedulerpb.CreateJobRequest{Parent: location, Job: &schedulerpb.Job{
		Name: location + "/jobs/j", Schedule: "0 3 * * *", TimeZone: "Asia/Seoul",
		Target: &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{Uri: url + "/job"}},
	}}); err != nil {
		t.Fatal(err)
	}
	cloud.Advance(t, 24*time.Hour)
	if len(last) != 1 {
		t.Error("Advance returned before the last task was delivered")
	}
	cloud.Idle(t)
}

func TestBadProjectID(t *testing.T) {
	for _, id := range []string{"my project", "-x", "a/b", strings.Repeat("x", 101)} {
		_, err := emulator.Open(emulator.Config{Project: id})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("emulator: project id %q", id)) || !strings.Contains(err.Error(), "letters") {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestProject(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"firebase.json": `{"firestore": {"rules": "r", "indexes": "i"}, "storage": {"rules": "s"}, "emulators": {"firestore": {"port": 1}}}`,
		"r":             `service cloud.firestore { match /databases/{d}/documents { match /open/{id} { allow read; } } }`,
		"i":             `{"indexes": [{"collectionGroup": "c", "queryScope": "COLLECTION", "fields": [{"fieldPath": "a", "order": "ASCENDING"}, {"fieldPath": "b", "order": "ASCENDING"}]}]}`,
		"s":             `service firebase.storage { match /b/{bucket}/o { match /{name} { allow read: if false; } } }`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cloud := emulatortest.Start(t, emulatortest.Project(t, dir))
	visitor := cloud.FirestoreClientSignedOut(t)
	if _, err := visitor.Doc("open/x").Get(t.Context()); status.Code(err) != codes.NotFound {
		t.Errorf("a document that the rules open: %v", err)
	}
	if _, err := visitor.Doc("shut/x").Get(t.Context()); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a document that the rules do not mention: %v", err)
	}
	if _, err := cloud.FirestoreClient(t).Collection("c").OrderBy("a", firestore.Asc).OrderBy("b", firestore.Asc).Documents(t.Context()).GetAll(); err != nil {
		t.Errorf("a query that has its index: %v", err)
	}
	if _, ok := cloud.Storage.Rules(cloud.Project); !ok {
		t.Error("Storage has no rules")
	}
}

// A list with one entry means what the object means: see the package firebasejson for the other forms.
func TestProjectWithLists(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"firebase.json": `{"firestore": [{"database": "(default)", "rules": "r"}], "storage": [{"target": "main", "rules": "s"}]}`,
		"r":             `service cloud.firestore { match /databases/{d}/documents { match /open/{id} { allow read; } } }`,
		"s":             `service firebase.storage { match /b/{bucket}/o { match /open/{name} { allow write; } } }`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cloud := emulatortest.Start(t, emulatortest.Project(t, dir))
	for object, want := range map[string]int{"open%2Fx": http.StatusOK, "shut%2Fx": http.StatusForbidden} {
		url := "http://" + cloud.StorageAddress() + "/v0/b/" + cloud.Project + "/o?name=" + object
		response, err := http.Post(url, "text/plain", strings.NewReader("text"))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("an anonymous upload to %s: %s, want %d", object, response.Status, want)
		}
	}
	if _, err := cloud.FirestoreClientSignedOut(t).Doc("shut/x").Get(t.Context()); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a document that the rules do not mention: %v", err)
	}
}

// Rules are never off because their file is missing or empty.
func TestProjectWithoutItsFiles(t *testing.T) {
	for _, text := range []string{
		`{"firestore": {"rules": "absent"}}`, `{"storage": {"rules": "absent"}}`,
		`{"storage": [{"bucket": "a", "rules": "absent"}]}`, `{"firestore": {"rules": "."}}`,
		`{"firestore": {"rules": "empty"}}`, `{"storage": {"rules": "empty"}}`, `{"storage": [{"rules": "empty"}, {"rules": "absent"}]}`,
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{"firebase.json": text, "empty": ""} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var cfg emulator.Config
		err := cfg.LoadProject(dir)
		if err == nil {
			var cloud *emulator.Cloud
			if cloud, err = emulator.Open(cfg); err == nil {
				cloud.Close()
			}
		}
		if err == nil {
			t.Errorf("%s: the cloud started", text)
		}
	}
}

// A project whose index file is missing starts, as with the Firebase CLI: then no query has an index.
func TestProjectWithoutItsIndexes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "firebase.json")
	if err := os.WriteFile(path, []byte(`{"firestore": {"indexes": "absent"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	notes := emulatortest.Start(t, emulatortest.Project(t, path)).FirestoreClient(t).Collection("notes")
	_, err := notes.Where("owner", "==", "ann").OrderBy("at", firestore.Asc).Documents(t.Context()).GetAll()
	if status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a query without its index: %v", err)
	}
}

func TestProjectIsMissing(t *testing.T) {
	t.Chdir(t.TempDir())
	var cfg emulator.Config
	for _, path := range []string{"", "nowhere"} {
		if err := cfg.LoadProject(path); err == nil || !strings.Contains(err.Error(), "firebase.json") {
			t.Errorf("LoadProject(%q): %v", path, err)
		}
	}
}

func TestSeeds(t *testing.T) {
	cloud := emulatortest.Start(t)
	cloud.Seed(t, emulatortest.Docs{"users/ann": {"name": "Ann"}})
	file := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(file, []byte(`{"users/bob": {"name": "Bob"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	cloud.SeedFile(t, file)
	cloud.SeedFS(t, fstest.MapFS{"users/cho.json": {Data: []byte(`{"name": "Cho"}`)}})
	docs, err := cloud.FirestoreClient(t).Collection("users").Documents(t.Context()).GetAll()
	if err != nil || len(docs) != 3 {
		t.Errorf("%d documents, %v", len(docs), err)
	}
}

func TestSeedUsers(t *testing.T) {
	cloud := emulatortest.Start(t)
	cloud.SeedUsers(t,
		emulatortest.User{UID: "ann", Email: "ann@example.com", EmailVerified: true, Password: "secret", Claims: map[string]any{"admin": true}},
		emulatortest.User{UID: "bob", PhoneNumber: "+821012345678", DisplayName: "Bob", Disabled: true},
	)
	client := authclient.New(t, cloud.Project, cloud.AuthAddress())
	ann, err := client.GetUserByEmail(t.Context(), "ann@example.com")
	if err != nil || ann.UID != "ann" || !ann.EmailVerified || ann.CustomClaims["admin"] != true {
		t.Errorf("ann: %+v, %v", ann, err)
	}
	bob, err := client.GetUserByPhoneNumber(t.Context(), "+821012345678")
	if err != nil || bob.DisplayName != "Bob" || !bob.Disabled {
		t.Errorf("bob: %+v, %v", bob, err)
	}
	response, err := http.Post("http://"+cloud.AuthAddress()+"/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=any",
		"application/json", strings.NewReader(`{"email": "ann@example.com", "password": "secret"}`))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("sign-in with the password: %s", response.Status)
	}
	failing := &exampleT{ctx: t.Context()}
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "user eve, eve@: email is invalid") {
			t.Errorf("a bad address: %s", text)
		}
	}()
	cloud.SeedUsers(failing, emulatortest.User{UID: "cho"}, emulatortest.User{UID: "eve", Email: "eve@"})
}

func TestMeasure(t *testing.T) {
	cloud := emulatortest.Start(t)
	client := cloud.FirestoreClient(t)
	users := client.Collection("users")
	for _, c := range []struct {
		what string
		do   func() error
		want emulatortest.Cost
	}{
		{"a transaction of writes", func() error {
			return client.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
				return errors.Join(
					tx.Set(users.Doc("ann"), map[string]any{"n": 1}),
					tx.Set(users.Doc("bob"), map[string]any{"n": 2}),
					tx.Delete(users.Doc("cho")))
			})
		}, emulatortest.Cost{Writes: 2, Deletes: 1}},
		{"a get", func() error { _, err := users.Doc("ann").Get(t.Context()); return err }, emulatortest.Cost{Reads: 1}},
		{"a query", func() error { _, err := users.Documents(t.Context()).GetAll(); return err }, emulatortest.Cost{Reads: 2}},
		{"a query without results", func() error { _, err := users.Where("n", "==", 9).Documents(t.Context()).GetAll(); return err }, emulatortest.Cost{Reads: 1}},
		{"a count", func() error {
			_, err := users.NewAggregationQuery().WithCount("n").Get(t.Context())
			return err
		}, emulatortest.Cost{Reads: 1}},
		{"a bulk writer", func() error {
			bulk := client.BulkWriter(t.Context())
			_, err := bulk.Set(users.Doc("dan"), map[string]any{})
			_, again := bulk.Delete(users.Doc("bob"))
			bulk.End()
			return errors.Join(err, again)
		}, emulatortest.Cost{Writes: 1, Deletes: 1}},
		{"a listener's first snapshot", func() error {
			it := users.Snapshots(t.Context())
			defer it.Stop()
			_, err := it.Next()
			return err
		}, emulatortest.Cost{Reads: 2}},
	} {
		var err error
		if got := emulatortest.CostOf(cloud.Measure(t, func() { err = c.do() })); err != nil || got != c.want {
			t.Errorf("%s: %v, want %v (%v)", c.what, got, c.want, err)
		}
	}
}

func TestStorageClient(t *testing.T) {
	cloud := emulatortest.Start(t)
	w := storageclient.New(t, cloud.StorageAddress()).Bucket(cloud.Project).Object("a").NewWriter(t.Context())
	fmt.Fprint(w, "content")
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
