package tasks_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/emulator/tasks"
)

const (
	parent    = "projects/demo-test/locations/asia-northeast3"
	queueName = parent + "/queues/refresh"
	account   = "tasks@demo-test.iam.gserviceaccount.com"
)

// cloud is a Cloud Tasks server on a port of its own with Google's client.
type cloud struct {
	*cloudtasks.Client
	server   *tasks.Server
	clock    *clock.Clock
	identity *identity.Identity
}

// start starts a server and connects a client to it.
func start(t testing.TB, set ...func(*tasks.Config)) *cloud {
	t.Helper()
	c := &cloud{clock: clock.New()}
	var err error
	if c.identity, err = identity.New(identity.Config{Clock: c.clock, Project: "demo-test", ServiceAccount: account}); err != nil {
		t.Fatal(err)
	}
	cfg := tasks.Config{Clock: c.clock, Tokens: c.identity, Logger: slog.New(slog.DiscardHandler)}
	for _, f := range set {
		f(&cfg)
	}
	if c.server, err = tasks.New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	c.server.Register(g)
	go func() { _ = g.Serve(listener) }()
	t.Cleanup(g.Stop)
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	if c.Client, err = cloudtasks.NewClient(t.Context(), option.WithGRPCConn(connection)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Client.Close() })
	return c
}

// queue creates the queue that most tests use. By default it retries after 10, 20, 40, 80, 160, 240, 300,
// 300 … seconds.
func (c *cloud) queue(t testing.TB, set ...func(*cloudtaskspb.Queue)) *cloudtaskspb.Queue {
	t.Helper()
	q := &cloudtaskspb.Queue{Name: queueName, RetryConfig: &cloudtaskspb.RetryConfig{
		MinBackoff: seconds(10), MaxBackoff: seconds(300), MaxDoublings: 3,
	}}
	for _, f := range set {
		f(q)
	}
	q, err := c.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: q})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// task creates a task that posts to a URL.
func (c *cloud) task(t testing.TB, url string, set ...func(*cloudtaskspb.Task)) *cloudtaskspb.Task {
	t.Helper()
	created, err := c.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post(url, set...)})
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func post(url string, set ...func(*cloudtaskspb.Task)) *cloudtaskspb.Task {
	task := &cloudtaskspb.Task{MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: url}}}
	for _, f := range set {
		f(task)
	}
	return task
}

func named(id string) func(*cloudtaskspb.Task) {
	return func(t *cloudtaskspb.Task) { t.Name = queueName + "/tasks/" + id }
}

func body(text string) func(*cloudtaskspb.Task) {
	return func(t *cloudtaskspb.Task) { t.GetHttpRequest().Body = []byte(text) }
}

// at schedules a task for a time after now.
func (c *cloud) at(d time.Duration) func(*cloudtaskspb.Task) {
	when := timestamp(c.clock.Now().Add(d))
	return func(t *cloudtaskspb.Task) { t.ScheduleTime = when }
}

// idle waits until no task is due or in flight.
func (c *cloud) idle(t testing.TB) {
	t.Helper()
	if err := c.server.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// received is a request to a target.
type received struct {
	*http.Request
	body string
}

// target is a server that receives tasks.
type target struct {
	*httptest.Server
	requests chan received
}

func newTarget(t testing.TB, respond http.HandlerFunc) *target {
	t.Helper()
	target := &target{requests: make(chan received, 10_000)}
	target.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading a task's body: %v", err)
		}
		target.requests <- received{r, string(body)}
		respond(w, r)
	}))
	t.Cleanup(target.Close)
	return target
}

// statuses responds with one status after the other, then always with the last.
func statuses(codes ...int) http.HandlerFunc {
	next := make(chan int, len(codes))
	for _, code := range codes {
		next <- code
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		select {
		case code := <-next:
			w.WriteHeader(code)
		default:
			w.WriteHeader(codes[len(codes)-1])
		}
	}
}

// count returns the number of requests since the last call.
func (t *target) count() int {
	n := 0
	for {
		select {
		case <-t.requests:
			n++
		default:
			return n
		}
	}
}

func wantCode(t *testing.T, err error, want codes.Code) {
	t.Helper()
	if got := status.Code(err); got != want {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
}
