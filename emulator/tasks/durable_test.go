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

// serve is a server that never ends by itself.
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

// doomed starts a server in a process of its own, and returns a client for it and what kills it.
func doomed(t *testing.T, dir string) (*cloudtasks.Client, func()) {
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

func TestSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	client, kill := doomed(t, dir)
	ctx := t.Context()
	target := newTarget(t, statuses(200))
	fails := newTarget(t, statuses(500, 200))
	hang := make(chan struct{})
	hangs := newTarget(t, hanging(hang))

	paused := parent + "/queues/paused"
	gone := parent + "/queues/gone"
	for _, q := range []*cloudtaskspb.Queue{
		{Name: queueName, RetryConfig: &cloudtaskspb.RetryConfig{MinBackoff: seconds(600)}}, {Name: paused}, {Name: gone},
	} {
		if _, err := client.CreateQueue(ctx, &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: q}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.PauseQueue(ctx, &cloudtaskspb.PauseQueueRequest{Name: paused}); err != nil {
		t.Fatal(err)
	}
	if err := client.DeleteQueue(ctx, &cloudtaskspb.DeleteQueueRequest{Name: gone}); err != nil {
		t.Fatal(err)
	}
	create := func(c *cloudtasks.Client, queue string, task *cloudtaskspb.Task) error {
		_, err := c.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: queue, Task: task})
		return err
	}
	in := func(id string, d time.Duration) func(*cloudtaskspb.Task) {
		return func(t *cloudtaskspb.Task) {
			named(id)(t)
			t.ScheduleTime = timestamp(time.Now().Add(d))
		}
	}
	for _, task := range []*cloudtaskspb.Task{
		post(target.URL+"/done", named("done")),
		post(target.URL+"/deleted", in("deleted", time.Hour)),
		post(target.URL+"/later", in("later", time.Hour), body("kept")),
		post(fails.URL+"/failed", named("failed")),
		post(hangs.URL+"/hanging", named("hanging")),
	} {
		if err := create(client, queueName, task); err != nil {
			t.Fatal(err)
		}
	}
	if err := create(client, paused, post(target.URL+"/paused")); err != nil {
		t.Fatal(err)
	}
	if err := client.DeleteTask(ctx, &cloudtaskspb.DeleteTaskRequest{Name: queueName + "/tasks/deleted"}); err != nil {
		t.Fatal(err)
	}
	<-hangs.requests
	eventually(t, func() bool { // the answers of the two others have been seen, and written down with the next change
		_, err := client.GetTask(ctx, &cloudtaskspb.GetTaskRequest{Name: queueName + "/tasks/done"})
		failed, err2 := client.GetTask(ctx, &cloudtaskspb.GetTaskRequest{Name: queueName + "/tasks/failed"})
		return err != nil && err2 == nil && failed.ResponseCount == 1
	})
	if _, err := client.PauseQueue(ctx, &cloudtaskspb.PauseQueueRequest{Name: paused}); err != nil {
		t.Fatal(err)
	}
	kill()
	close(hang)
	if r := <-target.requests; r.URL.Path != "/done" || fails.count() != 1 {
		t.Errorf("before the kill: %s", r.URL)
	}

	c := start(t, withData(dir))
	c.idle(t)
	if r := <-hangs.requests; r.URL.Path != "/hanging" || r.Header.Get("X-CloudTasks-TaskRetryCount") != "0" {
		t.Errorf("after the kill: %s with %v", r.URL, r.Header)
	}
	for _, id := range []string{"done", "deleted", "later", "failed", "hanging"} {
		wantCode(t, create(c.Client, queueName, post(target.URL, named(id))), codes.AlreadyExists)
	}
	_, err := c.CreateQueue(ctx, &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: gone}})
	wantCode(t, err, codes.FailedPrecondition)
	if q, err := c.GetQueue(ctx, &cloudtaskspb.GetQueueRequest{Name: paused}); err != nil || q.State != cloudtaskspb.Queue_PAUSED {
		t.Errorf("the paused queue is %v, %v", q, err)
	}
	if n := target.count(); n != 0 {
		t.Errorf("%d requests that were not due", n)
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
	if _, err := c.ResumeQueue(ctx, &cloudtaskspb.ResumeQueueRequest{Name: paused}); err != nil {
		t.Fatal(err)
	}
	c.idle(t)
	if r := <-target.requests; r.URL.Path != "/paused" || target.count() != 0 {
		t.Errorf("after resuming: %s", r.URL)
	}
}

// TestKilledAnyTime kills a server while tasks are made and delivered. Every task that was acknowledged is delivered
// at least once, and the next server refuses every name that was used.
func TestKilledAnyTime(t *testing.T) {
	for round := range 5 {
		dir := t.TempDir()
		client, kill := doomed(t, dir)
		target := newTarget(t, statuses(200))
		q := &cloudtaskspb.Queue{Name: queueName}
		if _, err := client.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: q}); err != nil {
			t.Fatal(err)
		}
		made := map[string]bool{}
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
			made[id] = true
		}
		kill()
		c := start(t, withData(dir))
		c.idle(t)
		delivered := map[string]bool{}
		for len(target.requests) > 0 {
			delivered[(<-target.requests).URL.Path[1:]] = true
		}
		for id := range made {
			if !delivered[id] {
				t.Errorf("round %d: %s was acknowledged and never delivered", round, id)
			}
			_, err := c.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post(target.URL, named(id))})
			wantCode(t, err, codes.AlreadyExists)
		}
	}
}

// TestRestartsKeepNoRubbish makes, ends and forgets much, and holds the folder to what is left.
func TestRestartsKeepNoRubbish(t *testing.T) {
	dir := t.TempDir()
	target := newTarget(t, statuses(200))
	for range 3 {
		c := start(t, withData(dir))
		if _, err := c.UpdateQueue(t.Context(), &cloudtaskspb.UpdateQueueRequest{Queue: &cloudtaskspb.Queue{Name: queueName}}); err != nil {
			t.Fatal(err)
		}
		for range 50 { // more than fits before the first snapshot
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
		t.Errorf("the folder of an empty queue has %d bytes", size)
	}
}

// hanging answers 200 once release is closed, and breaks off when its caller does.
func hanging(release <-chan struct{}) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}
}

// eventually polls, for what another process does by itself.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("this did not come true within 20 s")
		}
	}
}

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
