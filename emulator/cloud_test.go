package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/schedulerclient"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
)

const location = "projects/demo-test/locations/asia-northeast3"

// Google's clients work with every service.
func TestEveryService(t *testing.T) {
	cloud := emulatortest.Start(t)
	doc := cloud.FirestoreClient(t).Collection("schools").Doc("가온대학교")
	if _, err := doc.Set(t.Context(), map[string]any{"name": "가온대학교"}); err != nil {
		t.Fatalf("Firestore: %v", err)
	}
	object := storageclient.New(t, cloud.StorageAddress()).Bucket(cloud.Project).Object("a/b")
	w := object.NewWriter(t.Context())
	fmt.Fprint(w, "content")
	if err := w.Close(); err != nil {
		t.Fatalf("Storage: %v", err)
	}
	if _, err := tasksclient.New(t, cloud.TasksAddress()).CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{
		Parent: location, Queue: &cloudtaskspb.Queue{Name: location + "/queues/q"},
	}); err != nil {
		t.Fatalf("Tasks: %v", err)
	}
	if _, err := schedulerclient.New(t, cloud.TasksAddress()).CreateJob(t.Context(), &schedulerpb.CreateJobRequest{
		Parent: location, Job: &schedulerpb.Job{
			Name: location + "/jobs/j", Schedule: "* * * * *", TimeZone: "Asia/Seoul",
			Target: &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{Uri: "http://127.0.0.1:1"}},
		},
	}); err != nil {
		t.Fatalf("Scheduler: %v", err)
	}
	for name, url := range map[string]string{"keys": cloud.CertsURL(), "Authentication": "http://" + cloud.AuthAddress() + "/emulator/v1/projects/demo-test/config"} {
		response, err := http.Get(url)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", name, response.Status)
		}
	}
}

// Any number of clouds run side by side, without seeing each other's data.
func TestSideBySide(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 20 {
		cloud := emulatortest.Start(t)
		client := cloud.FirestoreClient(t)
		wg.Go(func() {
			doc := client.Collection("c").Doc("d")
			if _, err := doc.Create(context.Background(), map[string]any{"cloud": i}); err != nil {
				t.Errorf("cloud %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

// A scheduled job runs because the clock was advanced.
func TestAdvanceRunsJobs(t *testing.T) {
	cloud := emulatortest.Start(t)
	called := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.URL.Path }))
	defer srv.Close()
	if _, err := schedulerclient.New(t, cloud.TasksAddress()).CreateJob(t.Context(), &schedulerpb.CreateJobRequest{
		Parent: location, Job: &schedulerpb.Job{
			Name: location + "/jobs/nightly", Schedule: "0 3 * * *", TimeZone: "Asia/Seoul",
			Target: &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{Uri: srv.URL + "/nightly"}},
		},
	}); err != nil {
		t.Fatal(err)
	}
	cloud.Clock.Advance(24 * time.Hour)
	if path := <-called; path != "/nightly" {
		t.Errorf("called %s", path)
	}
}

// A restart with the same data directory finds everything again.
func TestDataDir(t *testing.T) {
	dir := t.TempDir()
	kept := func(cfg *emulator.Config) { cfg.DataDir = dir }
	t.Run("write", func(t *testing.T) {
		cloud := emulatortest.Start(t, kept)
		if _, err := cloud.FirestoreClient(t).Collection("c").Doc("d").Set(t.Context(), map[string]any{"n": 1}); err != nil {
			t.Fatal(err)
		}
		w := storageclient.New(t, cloud.StorageAddress()).Bucket(cloud.Project).Object("o").NewWriter(t.Context())
		fmt.Fprint(w, "content")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := tasksclient.New(t, cloud.TasksAddress()).CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{
			Parent: location, Queue: &cloudtaskspb.Queue{Name: location + "/queues/q"},
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := emulator.Open(emulator.Config{DataDir: dir}); err == nil {
			t.Error("a second cloud opened the same data directory")
		}
	})
	t.Run("read", func(t *testing.T) {
		cloud := emulatortest.Start(t, kept)
		snap, err := cloud.FirestoreClient(t).Collection("c").Doc("d").Get(t.Context())
		if err != nil || snap.Data()["n"] != int64(1) {
			t.Errorf("document %v, %v", snap.Data(), err)
		}
		r, err := storageclient.New(t, cloud.StorageAddress()).Bucket(cloud.Project).Object("o").NewReader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if content, err := io.ReadAll(r); string(content) != "content" || err != nil {
			t.Errorf("object %q, %v", content, err)
		}
		if _, err := tasksclient.New(t, cloud.TasksAddress()).GetQueue(t.Context(), &cloudtaskspb.GetQueueRequest{Name: location + "/queues/q"}); err != nil {
			t.Errorf("queue: %v", err)
		}
	})
}

func TestPortInUse(t *testing.T) {
	first := emulatortest.Start(t)
	_, err := emulator.Open(emulator.Config{Addresses: emulator.Addresses{Storage: first.StorageAddress()}})
	var inUse *emulator.PortInUseError
	if !errors.As(err, &inUse) || inUse.Name != "storage" {
		t.Errorf("error %v does not name the service whose port is in use", err)
	}
}

// BenchmarkStart measures how long a test waits for its cloud.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		cloud, err := emulator.Open(emulator.Config{})
		if err != nil {
			b.Fatal(err)
		}
		if err := cloud.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// A query that production would reject is rejected here, with the index entry that fixes it.
func TestIndexesAreRequired(t *testing.T) {
	query := func(cloud *emulatortest.Cloud) error {
		users := cloud.FirestoreClient(t).Collection("users").Doc("u").Collection("timetables")
		_, err := users.OrderBy("semester", firestore.Desc).OrderBy("createdAt", firestore.Desc).Documents(t.Context()).GetAll()
		return err
	}
	err := query(emulatortest.Start(t))
	if status.Code(err) != codes.FailedPrecondition {
		t.Fatalf("without the index: %v", err)
	}
	message := status.Convert(err).Message()
	entry := message[strings.Index(message, "{"):]
	entry = entry[:strings.LastIndex(entry, "}")+1]
	defined := func(cfg *emulator.Config) { cfg.Indexes = fmt.Appendf(nil, `{"indexes": [%s]}`, entry) }
	if err := query(emulatortest.Start(t, defined)); err != nil {
		t.Errorf("with the entry from the error: %v\n%s", err, entry)
	}
	if err := query(emulatortest.Start(t, func(cfg *emulator.Config) { cfg.AllowUnindexed = true })); err != nil {
		t.Errorf("without the requirement: %v", err)
	}
}

// Storage's rules read documents of Firestore, and pages of other origins may call Storage.
func TestStorageForFirebaseClients(t *testing.T) {
	const friends = `service firebase.storage { match /b/{bucket}/o { match /{name} {
	  allow read: if firestore.exists(/databases/(default)/documents/shared/$(name))
	    && firestore.get(/databases/(default)/documents/shared/$(name)).data.open;
	} } }`
	cloud := emulatortest.Start(t, func(cfg *emulator.Config) { cfg.StorageRules = []byte(friends) })
	w := storageclient.New(t, cloud.StorageAddress()).Bucket(cloud.Project).Object("photo").NewWriter(t.Context())
	fmt.Fprint(w, "content")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	read := func() *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+cloud.StorageAddress()+"/v0/b/"+cloud.Project+"/o/photo?alt=media", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "http://localhost:5173")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if allowed := response.Header.Get("Access-Control-Allow-Origin"); allowed != "http://localhost:5173" || !strings.Contains(response.Header.Get("Access-Control-Expose-Headers"), "X-Goog-Upload-URL") {
			t.Errorf("%s: CORS headers %v", response.Status, response.Header)
		}
		return response
	}
	shared := cloud.FirestoreClient(t).Collection("shared").Doc("photo")
	for i, open := range []any{nil, false, true} {
		if open != nil {
			if _, err := shared.Set(t.Context(), map[string]any{"open": open}); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := read().StatusCode, []int{403, 403, 200}[i]; got != want {
			t.Errorf("with open %v: %d, want %d", open, got, want)
		}
	}
	if j := cloud.Storage.Evaluations(); len(j) != 3 || j[0].Calls != 1 {
		t.Errorf("evaluations %+v", j)
	}
}
