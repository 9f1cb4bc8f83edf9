package emulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/grpc/metadata"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/schedulerclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/emulator/hosting"
	"heek.kr/heektime/emulator/iam"
	"heek.kr/heektime/emulator/triggers"
)

// amounts are amounts by item; items that are missing are 0.
type amounts map[billing.Item]int64

// bills compares what was billed since the last comparison.
type bills struct {
	cloud *emulatortest.Cloud
	items []billing.Item
	last  billing.Usage
}

// expect waits until the amounts since the last call are these. An HTTP response may arrive before its handler
// has ended and counted it.
func (b *bills) expect(t *testing.T, what string, want amounts) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		now := b.cloud.Meter.Usage()
		got, equal := amounts{}, true
		for _, item := range b.items {
			n := now.Amount(item) - b.last.Amount(item)
			if n != 0 {
				got[item] = n
			}
			equal = equal && n == want[item]
		}
		if equal || time.Now().After(deadline) {
			if b.last = now; !equal {
				t.Errorf("%s: billed %v, want %v", what, got, want)
			}
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// send sends a request and returns the response with its body.
func send(t *testing.T, method, url, body string, header ...string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
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
	return response, text
}

// The test is long because each operation is a row of its table.
//
// Source: https://cloud.google.com/storage/pricing#operations-by-class
func TestBilledStorageOperations(t *testing.T) {
	const a, b, egress, cached, transfer = billing.StorageClassA, billing.StorageClassB, billing.StorageEgress, billing.StorageCached, billing.StorageTransfer
	cloud := emulatortest.Start(t, func(c *emulator.Config) {
		c.StorageRules = []byte(`rules_version = '2'; service firebase.storage { match /b/{b}/o {
			match /open/{name} { allow read, write: if true; }
			match /{name} { allow read: if firestore.exists(/databases/(default)/documents/members/ann); } } }`)
	})
	cloud.Seed(t, emulatortest.Docs{"members/ann": {}})
	bill := &bills{cloud: cloud, items: []billing.Item{a, b, egress, cached, transfer, billing.FirestoreReads}}
	host := "http://" + cloud.StorageAddress()
	server, app, xml := host+"/storage/v1/b/demo-test/o", host+"/v0/b/demo-test/o", host+"/demo-test"
	content := strings.Repeat("x", 1000)
	var etag, resumable string
	for _, c := range []struct {
		name, method, url, body string
		header                  []string
		want                    amounts
		bytes                   bool // the body's bytes are billed
	}{
		{"upload of a server", "POST", host + "/upload/storage/v1/b/demo-test/o?uploadType=media&name=open%2Fx", content, nil, amounts{a: 1}, false},
		{"metadata for a server", "GET", server + "/open%2Fx", "", nil, amounts{b: 1}, false},
		{"bytes for a server", "GET", server + "/open%2Fx?alt=media", "", nil, amounts{b: 1}, false},
		{"getDownloadURL", "GET", app + "/open%2Fx", "", nil, amounts{b: 1}, true},
		{"bytes", "GET", app + "/open%2Fx?alt=media", "", nil, amounts{b: 1}, true},
		{"bytes that have not changed", "GET", app + "/open%2Fx?alt=media", "", []string{"If-None-Match", "ETAG"}, amounts{b: 1, cached: 1000}, false},
		{"a range", "GET", app + "/open%2Fx?alt=media", "", []string{"Range", "bytes=0-9"}, amounts{b: 1}, true},
		{"HEAD", "HEAD", app + "/open%2Fx?alt=media", "", nil, amounts{b: 1}, false},
		{"bytes through the XML API", "GET", xml + "/open/x", "", nil, amounts{b: 1}, true},
		{"a missing object", "GET", xml + "/open/no", "", nil, amounts{}, false},
		{"list of a server", "GET", server, "", nil, amounts{a: 1}, false},
		{"list", "GET", app + "?prefix=open%2F", "", nil, amounts{a: 1, billing.FirestoreReads: 1}, true},
		{"change of metadata", "PATCH", app + "/open%2Fx", `{"contentType": "text/plain"}`, nil, amounts{a: 1}, true},
		{"upload", "POST", app + "?name=open%2Fy", content, nil, amounts{a: 1}, true},
		{"start of a resumable upload", "POST", app + "?name=open%2Fz", "{}", []string{"X-Goog-Upload-Protocol", "resumable", "X-Goog-Upload-Command", "start"}, amounts{a: 1}, false},
		{"its bytes", "POST", "RESUMABLE", content, []string{"X-Goog-Upload-Command", "upload, finalize", "X-Goog-Upload-Offset", "0"}, amounts{}, true},
		{"copy", "POST", server + "/open%2Fx/rewriteTo/b/demo-test/o/open%2Fw", "{}", nil, amounts{a: 1}, false},
		{"deletion", "DELETE", app + "/open%2Fx", "", nil, amounts{}, false},
		{"rules that read a document", "GET", app + "/none", "", nil, amounts{billing.FirestoreReads: 1}, false},
		{"a denied request", "DELETE", app + "/none", "", nil, amounts{}, false},
	} {
		url := strings.Replace(c.url, "RESUMABLE", resumable, 1)
		for i := range c.header {
			c.header[i] = strings.Replace(c.header[i], "ETAG", etag, 1)
		}
		response, body := send(t, c.method, url, c.body, c.header...)
		if c.bytes {
			c.want[egress] = int64(len(body))
		} else if strings.Contains(c.url, "/storage/v1/") { // of a server
			c.want[transfer] = int64(len(c.body) + len(body))
		}
		bill.expect(t, c.name, c.want)
		if response.StatusCode >= 500 {
			t.Errorf("%s: %s: %s", c.name, response.Status, body)
		}
		if tag := response.Header.Get("ETag"); tag != "" {
			etag = tag
		}
		if at := response.Header.Get("X-Goog-Upload-URL"); at != "" {
			resumable = at
		}
	}
	// y, z and w remain.
	if n, least := bill.perDay(billing.StorageStored), int64(3000); n < least || n > least+300 { // with download tokens
		t.Errorf("%d bytes are stored, want about %d", n, least)
	}
}

// perDay returns the level of a stored item.
func (b *bills) perDay(item billing.Item) int64 {
	from := b.cloud.Meter.Usage()
	b.cloud.Clock.Advance(24 * time.Hour)
	return (b.cloud.Meter.Usage().Amount(item) - from.Amount(item)) / (24 * 60 * 60)
}

func TestBilledHosting(t *testing.T) {
	dir := t.TempDir()
	page := strings.Repeat("<p>시간표</p>", 500)
	for name, text := range map[string]string{"index.html": page, "secret.md": page} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sites, err := hosting.ParseSites([]byte(`{"public": ".", "ignore": ["*.md"]}`), dir)
	if err != nil {
		t.Fatal(err)
	}
	cloud := emulatortest.Start(t, func(c *emulator.Config) { c.Hosting = sites })
	bill := &bills{cloud: cloud, items: []billing.Item{billing.HostingEgress, billing.HostingCached}}
	url, size := "http://"+cloud.HostingAddress()+"/", int64(len(page))
	response, _ := send(t, "GET", url, "")
	bill.expect(t, "a page", amounts{billing.HostingEgress: size})
	send(t, "GET", url, "", "If-None-Match", response.Header.Get("ETag"))
	bill.expect(t, "a page that has not changed", amounts{billing.HostingCached: size})
	_, packed := send(t, "GET", url, "", "Accept-Encoding", "gzip")
	bill.expect(t, "a compressed page", amounts{billing.HostingEgress: int64(len(packed))})
	if len(packed) == 0 || int64(len(packed)) >= size {
		t.Errorf("the compressed page has %d bytes", len(packed))
	}
	if n := bill.perDay(billing.HostingStored); n != size {
		t.Errorf("%d bytes are stored, want %d", n, size)
	}
}

// The test is long because each call is a row of its table.
//
// Sources: https://cloud.google.com/tasks/pricing and https://cloud.google.com/scheduler/pricing
func TestBilledWork(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(target.Close)
	cloud := emulatortest.Start(t, func(c *emulator.Config) {
		c.Triggers = []triggers.Trigger{{Name: "gone", Event: triggers.Deleted, Document: "users/{uid}", URL: target.URL}}
	})
	bill := &bills{cloud: cloud, items: []billing.Item{billing.TasksOperations, billing.EventarcEvents}}
	ctx, tasks, queue := t.Context(), tasksclient.New(t, cloud.TasksAddress()), location+"/queues/q"
	create := func(bytes int) func() error {
		return func() error {
			_, err := tasks.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: queue, Task: &cloudtaskspb.Task{
				MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: target.URL, Body: make([]byte, bytes)}},
			}})
			return err
		}
	}
	docs := cloud.FirestoreClient(t)
	for _, c := range []struct {
		name       string
		do         func() error
		operations int64
		events     int64
	}{
		{"create a queue", func() error {
			_, err := tasks.CreateQueue(ctx, &cloudtaskspb.CreateQueueRequest{Parent: location, Queue: &cloudtaskspb.Queue{Name: queue}})
			return err
		}, 1, 0},
		{"pause it", func() error {
			_, err := tasks.PauseQueue(ctx, &cloudtaskspb.PauseQueueRequest{Name: queue})
			return err
		}, 1, 0},
		{"create a task", create(0), 1, 0},
		{"create a task of 90 kB", create(90_000), 3, 0},
		{"list both", func() error {
			_, err := tasks.ListTasks(ctx, &cloudtaskspb.ListTasksRequest{Parent: queue, ResponseView: cloudtaskspb.Task_FULL}).Next()
			return err
		}, 1 + 3, 0},
		{"resume, and dispatch both", func() error {
			_, err := tasks.ResumeQueue(ctx, &cloudtaskspb.ResumeQueueRequest{Name: queue})
			cloud.Idle(t)
			return err
		}, 1 + 1 + 3, 0},
		{"list nothing", func() error {
			_, _ = tasks.ListTasks(ctx, &cloudtaskspb.ListTasksRequest{Parent: queue}).Next()
			return nil
		}, 1, 0},
		{"a change with a trigger", func() error {
			doc := docs.Doc("users/ann")
			if _, err := doc.Set(ctx, map[string]any{}); err != nil {
				return err
			}
			_, err := doc.Delete(ctx)
			cloud.Idle(t)
			return err
		}, 0, 1},
	} {
		if err := c.do(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		bill.expect(t, c.name, amounts{billing.TasksOperations: c.operations, billing.EventarcEvents: c.events})
	}
	jobs := schedulerclient.New(t, cloud.TasksAddress())
	for _, name := range []string{"a", "b"} {
		if _, err := jobs.CreateJob(ctx, &schedulerpb.CreateJobRequest{Parent: location, Job: &schedulerpb.Job{
			Name: location + "/jobs/" + name, Schedule: "0 0 1 1 *", TimeZone: "Asia/Seoul",
			Target: &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{Uri: target.URL}},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := jobs.PauseJob(ctx, &schedulerpb.PauseJobRequest{Name: location + "/jobs/a"}); err != nil {
		t.Fatal(err)
	}
	if n := bill.perDay(billing.SchedulerJobs); n != 2 {
		t.Errorf("%d jobs, want 2: a paused one counts", n)
	}
	if err := jobs.DeleteJob(ctx, &schedulerpb.DeleteJobRequest{Name: location + "/jobs/a"}); err != nil {
		t.Fatal(err)
	}
	if n := bill.perDay(billing.SchedulerJobs); n != 1 {
		t.Errorf("%d jobs, want 1", n)
	}
}

// A user is billed once a month, however often they sign in.
func TestBilledUsers(t *testing.T) {
	cloud := emulatortest.Start(t)
	cloud.SeedUsers(t, emulatortest.User{UID: "ann", Email: "ann@example.com", Password: "secret"}, emulatortest.User{UID: "idle"})
	bill := &bills{cloud: cloud, items: []billing.Item{billing.AuthActiveUsers}}
	for want := int64(1); want >= 0; want-- {
		body, _ := json.Marshal(map[string]any{"email": "ann@example.com", "password": "secret", "returnSecureToken": true})
		response, text := send(t, "POST", "http://"+cloud.AuthAddress()+"/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=x", string(body))
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", response.Status, text)
		}
		bill.expect(t, "sign-in", amounts{billing.AuthActiveUsers: want})
	}
}

// What a service account calls counts as its service's, and stays in the region.
func TestBilledServices(t *testing.T) {
	const account = "heektime-app@demo-test.iam.gserviceaccount.com"
	policy := iam.NewPolicy("demo-test")
	for role, resource := range map[string]string{"roles/datastore.user": policy.Project(), "roles/storage.objectUser": policy.Bucket("demo-test")} {
		if err := policy.Grant(account, role, resource); err != nil {
			t.Fatal(err)
		}
	}
	cloud := emulatortest.Start(t, func(c *emulator.Config) {
		c.IAM, c.AccountServices = policy, map[string]string{account: "app"}
	})
	doc, object := openAs(t, cloud, account)
	if _, err := doc.Set(t.Context(), map[string]any{"n": 1}); err != nil {
		t.Fatal(err)
	}
	if err := put(t, object); err != nil {
		t.Fatal(err)
	}
	if r, err := object.NewReader(t.Context()); err != nil {
		t.Fatal(err)
	} else {
		r.Close()
	}
	bill := &bills{cloud: cloud, items: []billing.Item{
		billing.FirestoreWrites, billing.FirestoreEgress, billing.StorageClassA, billing.StorageClassB, billing.StorageEgress,
	}}
	bill.expect(t, "a service", amounts{billing.FirestoreWrites: 1, billing.StorageClassA: 1, billing.StorageClassB: 1})
	for _, item := range []billing.Item{billing.FirestoreWrites, billing.StorageClassA, billing.StorageClassB} {
		if n := bill.last.AmountOf(item, func(c billing.Cause) bool { return c.Service == "app" }); n != 1 {
			t.Errorf("%s: %d are billed for the service, want 1", item, n)
		}
	}
}

// A client may name what it does, over gRPC and HTTP.
func TestBilledAction(t *testing.T) {
	cloud := emulatortest.Start(t)
	ctx := metadata.AppendToOutgoingContext(t.Context(), billing.ActionHeader, "open the app")
	if _, err := cloud.FirestoreClient(t).Collection("users").Documents(ctx).GetAll(); err != nil {
		t.Fatal(err)
	}
	send(t, "GET", "http://"+cloud.FirestoreAddress()+"/v1/projects/demo-test/databases/(default)/documents/users/ann", "", billing.ActionHeader, "open the app")
	send(t, "GET", "http://"+cloud.FirestoreAddress()+"/v1/projects/demo-test/databases/(default)/documents/users/ann", "")
	if n := cloud.Meter.Usage().AmountOf(billing.FirestoreReads, func(c billing.Cause) bool { return c.Action == "open the app" }); n != 2 {
		t.Errorf("%d reads are billed for the action, want 2", n)
	}
}
