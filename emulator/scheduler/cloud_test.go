package scheduler_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	gcscheduler "cloud.google.com/go/scheduler/apiv1"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/emulator/scheduler"
)

const (
	parent  = "projects/demo-test/locations/asia-northeast3"
	jobName = parent + "/jobs/refresh"
	account = "scheduler@demo-test.iam.gserviceaccount.com"
)

// cloud is a Cloud Scheduler server on a port of its own with Google's client.
type cloud struct {
	*gcscheduler.CloudSchedulerClient
	server   *scheduler.Server
	clock    *clock.Clock
	identity *identity.Identity
}

// start starts a server and connects a client to it.
func start(t *testing.T, set ...func(*scheduler.Config)) *cloud {
	t.Helper()
	c := &cloud{clock: clock.New()}
	var err error
	if c.identity, err = identity.New(identity.Config{Clock: c.clock, Project: "demo-test", ServiceAccount: account}); err != nil {
		t.Fatal(err)
	}
	cfg := scheduler.Config{Clock: c.clock, Tokens: c.identity, Logger: slog.New(slog.DiscardHandler)}
	for _, f := range set {
		f(&cfg)
	}
	c.clock = cfg.Clock
	if c.server, err = scheduler.New(cfg); err != nil {
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
	if c.CloudSchedulerClient, err = gcscheduler.NewCloudSchedulerClient(t.Context(), option.WithGRPCConn(connection)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// toNext advances the clock to the job's next run or retry and waits until it is done.
func (c *cloud) toNext(t *testing.T) time.Time {
	t.Helper()
	next := c.get(t).ScheduleTime.AsTime()
	c.clock.Advance(next.Sub(c.clock.Now()))
	c.idle(t)
	return next
}

func (c *cloud) get(t *testing.T) *schedulerpb.Job {
	t.Helper()
	job, err := c.GetJob(t.Context(), &schedulerpb.GetJobRequest{Name: jobName})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// job creates the job that most tests use: it runs every ten minutes on weekdays in Seoul.
func (c *cloud) job(t *testing.T, url string, set ...func(*schedulerpb.Job)) *schedulerpb.Job {
	t.Helper()
	job, err := c.CreateJob(t.Context(), &schedulerpb.CreateJobRequest{Parent: parent, Job: post(url, set...)})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func post(url string, set ...func(*schedulerpb.Job)) *schedulerpb.Job {
	job := &schedulerpb.Job{
		Name:     jobName,
		Schedule: "*/10 8-20 * * 1-5",
		TimeZone: "Asia/Seoul",
		Target:   &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{Uri: url}},
	}
	for _, f := range set {
		f(job)
	}
	return job
}

func every(cron string) func(*schedulerpb.Job) {
	return func(j *schedulerpb.Job) { j.Schedule = cron }
}

// idle waits until nothing is due or running.
func (c *cloud) idle(t *testing.T) {
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

// target is a server that jobs call.
type target struct {
	*httptest.Server
	requests chan received
}

func newTarget(t *testing.T, respond http.HandlerFunc) *target {
	t.Helper()
	target := &target{requests: make(chan received, 10_000)}
	target.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading a job's body: %v", err)
		}
		target.requests <- received{r, string(body)}
		respond(w, r)
	}))
	t.Cleanup(target.Close)
	return target
}

// always responds with a status.
func always(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
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

func seconds(n float64) *durationpb.Duration {
	return durationpb.New(time.Duration(n * float64(time.Second)))
}

func wantCode(t *testing.T, err error, want codes.Code) {
	t.Helper()
	if got := status.Code(err); got != want {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
}
