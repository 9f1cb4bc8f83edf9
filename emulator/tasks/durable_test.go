package tasks_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/emulator/internal/crashtest"
	"heek.kr/heektime/emulator/tasks"
)

func TestMain(m *testing.M) { crashtest.Main(m, serve) }

// serve runs a server until it is killed.
func serve(dir string) (string, error) {
	c := clock.New()
	id, err := identity.New(identity.Config{Clock: c, Project: "demo-test", ServiceAccount: account})
	if err != nil {
		return "", err
	}
	server, err := tasks.New(tasks.Config{Clock: c, Tokens: id, DataDir: dir})
	if err != nil {
		return "", err
	}
	return crashtest.ServeGRPC(server.Register)
}

// startProcess starts a server in its own process. It returns a client and a function that kills the process.
func startProcess(t *testing.T, dir string) (*cloudtasks.Client, func()) {
	t.Helper()
	address, kill := crashtest.Start(t, dir)
	client, err := cloudtasks.NewClient(t.Context(), option.WithGRPCConn(crashtest.Dial(t, address)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, kill
}

func withData(dir string) func(*tasks.Config) {
	return func(cfg *tasks.Config) { cfg.DataDir = dir }
}

// Queues that prepare leaves behind.
const (
	pausedQueue  = parent + "/queues/paused"
	deletedQueue = parent + "/queues/deleted"
)

// targets are where prepare sends tasks: one succeeds, one fails once, one hangs.
type targets struct{ ok, fails, hangs *target }

func createTask(ctx context.Context, c *cloudtasks.Client, queue string, task *cloudtaskspb.Task) error {
	_, err := c.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: queue, Task: task})
	return err
}

// prepare creates queues and tasks in every state and returns once that is durable.
func prepare(t *testing.T, client *cloudtasks.Client, to targets) {
	t.Helper()
	ctx := t.Context()
	for _, q := range []*cloudtaskspb.Queue{
		{Name: queueName, RetryConfig: &cloudtaskspb.RetryConfig{MinBackoff: seconds(600)}}, {Name: pausedQueue}, {Name: deletedQueue},
	} {
		if _, err := client.CreateQueue(ctx, &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: q}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.PauseQueue(ctx, &cloudtaskspb.PauseQueueRequest{Name: pausedQueue}); err != nil {
		t.Fatal(err)
	}
	if err := client.DeleteQueue(ctx, &cloudtaskspb.DeleteQueueRequest{Name: deletedQueue}); err != nil {
		t.Fatal(err)
	}
	in := func(id string, d time.Duration) func(*cloudtaskspb.Task) {
		return func(t *cloudtaskspb.Task) {
			named(id)(t)
			t.ScheduleTime = timestamp(time.Now().Add(d))
		}
	}
	for _, task := range []*cloudtaskspb.Task{
		post(to.ok.URL+"/done", named("done")),
		post(to.ok.URL+"/deleted", in("deleted", time.Hour)),
		post(to.ok.URL+"/later", in("later", time.Hour), body("kept")),
		post(to.fails.URL+"/failed", named("failed")),
		post(to.hangs.URL+"/hanging", named("hanging")),
	} {
		if err := createTask(ctx, client, queueName, task); err != nil {
			t.Fatal(err)
		}
	}
	if err := createTask(ctx, client, pausedQueue, post(to.ok.URL+"/paused")); err != nil {
		t.Fatal(err)
	}
	if err := client.DeleteTask(ctx, &cloudtaskspb.DeleteTaskRequest{Name: queueName + "/tasks/deleted"}); err != nil {
		t.Fatal(err)
	}
	<-to.hangs.requests
	eventually(t, func() bool { // the other two responses have been processed; the next change persists them
		_, err := client.GetTask(ctx, &cloudtaskspb.GetTaskRequest{Name: queueName + "/tasks/done"})
		failed, err2 := client.GetTask(ctx, &cloudtaskspb.GetTaskRequest{Name: queueName + "/tasks/failed"})
		return err != nil && err2 == nil && failed.ResponseCount == 1
	})
	if _, err := client.PauseQueue(ctx, &cloudtaskspb.PauseQueueRequest{Name: pausedQueue}); err != nil {
		t.Fatal(err)
	}
}

func TestSurvivesKill(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	client, kill := startProcess(t, dir)
	release := make(chan struct{})
	target, fails, hangs := newTarget(t, statuses(200)), newTarget(t, statuses(500, 200)), newTarget(t, waitFor(release))
	prepare(t, client, targets{target, fails, hangs})
	kill()
	close(release)
	if r := <-target.requests; r.URL.Path != "/done" || fails.count() != 1 {
		t.Errorf("before the kill: %s, want /done and one failure", r.URL)
	}

	c := start(t, withData(dir))
	c.idle(t)
	if r := <-hangs.requests; r.URL.Path != "/hanging" || r.Header.Get("X-CloudTasks-TaskRetryCount") != "0" {
		t.Errorf("after the kill: %s with %v", r.URL, r.Header)
	}
	for _, id := range []string{"done", "deleted", "later", "failed", "hanging"} {
		wantCode(t, createTask(ctx, c.Client, queueName, post(target.URL, named(id))), codes.AlreadyExists)
	}
	_, err := c.CreateQueue(ctx, &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: deletedQueue}})
	wantCode(t, err, codes.FailedPrecondition)
	if q, err := c.GetQueue(ctx, &cloudtaskspb.GetQueueRequest{Name: pausedQueue}); err != nil || q.State != cloudtaskspb.Queue_PAUSED {
		t.Errorf("the paused queue is %v, %v", q, err)
	}
	if n := target.count(); n != 0 {
		t.Errorf("%d requests before they were due", n)
	}
	c.clock.Advance(time.Hour)
	c.idle(t)
	if r := <-target.requests; r.URL.Path != "/later" || r.body != "kept" {
		t.Errorf("after an hour: %s with %q", r.URL, r.body)
	}
	r := <-fails.requests
	if r.Header.Get("X-CloudTasks-TaskRetryCount") != "1" || r.Header.Get("X-CloudTasks-TaskPreviousResponse") != "500" {
		t.Errorf("the retry after the kill has headers %v", r.Header)
	}
	if _, err := c.ResumeQueue(ctx, &cloudtaskspb.ResumeQueueRequest{Name: pausedQueue}); err != nil {
		t.Fatal(err)
	}
	c.idle(t)
	if r := <-target.requests; r.URL.Path != "/paused" || target.count() != 0 {
		t.Errorf("after resuming: %s", r.URL)
	}
}

// TestKillAtAnyTime kills a server while tasks are created and delivered. Every acknowledged task is
// delivered at least once, and the next server rejects every used name.
func TestKillAtAnyTime(t *testing.T) {
	for round := range 5 {
		dir := t.TempDir()
		client, kill := startProcess(t, dir)
		target := newTarget(t, statuses(200))
		q := &cloudtaskspb.Queue{Name: queueName}
		if _, err := client.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: q}); err != nil {
			t.Fatal(err)
		}
		created := map[string]bool{}
		for i := 0; ; i++ {
			if i == 20+7*round {
				go kill()
			}
			id := fmt.Sprintf("t%d", i)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			_, err := client.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post(target.URL+"/"+id, named(id))})
			cancel()
			if err != nil {
				break
			}
			created[id] = true
		}
		kill()
		c := start(t, withData(dir))
		c.idle(t)
		delivered := map[string]bool{}
		for len(target.requests) > 0 {
			delivered[(<-target.requests).URL.Path[1:]] = true
		}
		for id := range created {
			if !delivered[id] {
				t.Errorf("round %d: %s was acknowledged but never delivered", round, id)
			}
			_, err := c.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post(target.URL, named(id))})
			wantCode(t, err, codes.AlreadyExists)
		}
	}
}

// TestDataDirectoryStaysSmall creates and finishes many tasks and checks that their data is removed.
func TestDataDirectoryStaysSmall(t *testing.T) {
	dir := t.TempDir()
	target := newTarget(t, statuses(200))
	for range 3 {
		c := start(t, withData(dir))
		if _, err := c.UpdateQueue(t.Context(), &cloudtaskspb.UpdateQueueRequest{Queue: &cloudtaskspb.Queue{Name: queueName}}); err != nil {
			t.Fatal(err)
		}
		for range 50 { // enough for a snapshot
			c.task(t, target.URL, body(strings.Repeat("x", 100_000)))
		}
		c.idle(t)
		if err := c.server.Close(); err != nil {
			t.Fatal(err)
		}
	}
	c := start(t, withData(dir))
	defer c.server.Close()
	if size := folderSize(t, dir); size > 1<<20 {
		t.Errorf("the data directory of an empty queue has %d bytes", size)
	}
}

// waitFor responds with 200 once release is closed. It stops waiting if the request is canceled.
func waitFor(release <-chan struct{}) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
}

// eventually waits until done returns true. It has no time limit but that of go test.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for !done() {
		time.Sleep(5 * time.Millisecond)
	}
}

// folderSize returns the total size of the files in a folder.
func folderSize(t *testing.T, dir string) (size int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}
