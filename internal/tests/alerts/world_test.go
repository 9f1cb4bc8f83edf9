package alerts_test

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/schedulerclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/internal/alerts"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/oidcauth"
	"heek.kr/heektime/internal/server"
)

// world is a local cloud whose services log to an evaluator of the table's alerts.
type world struct {
	*emulatortest.Cloud
	alerts      *alerts.Evaluator
	table       *spec.Deployment
	signInClock *stopwatch
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Cloud: emulatortest.Start(t, emulatortest.Project(t, "../../..")), table: deployment.Table()}
	w.alerts = alerts.New(w.table.Alerts)
	return w
}

// Write receives the services' log lines.
func (w *world) Write(p []byte) (int, error) {
	for text := range bytes.Lines(p) {
		line, err := alerts.ParseLine(text)
		if err != nil {
			return 0, err
		}
		w.alerts.Add(w.Clock.Now(), line)
	}
	return len(p), nil
}

// log is a service's log, as server.Main makes it.
func (w *world) log(service string) *slog.Logger {
	return logging.New(w, w.Project).With("service", service)
}

// firing returns the ids of the alerts that fire.
func (w *world) firing() []string {
	var ids []string
	for _, f := range w.alerts.Firing(w.Clock.Now()) {
		ids = append(ids, f.Alert.ID)
	}
	return ids
}

// expect checks which alerts fire.
func (w *world) expect(t *testing.T, when string, want ...string) {
	t.Helper()
	if got := w.firing(); !slices.Equal(got, want) {
		t.Errorf("%s: %q fire, want %q", when, got, want)
	}
}

// pass lets time pass in steps, because what is late by the clock runs only once.
func (w *world) pass(t *testing.T, total, step time.Duration) {
	t.Helper()
	for passed := time.Duration(0); passed < total; passed += step {
		w.Advance(t, step)
	}
}

// serve serves a service as package server and Cloud Run do, and returns its URL.
func (w *world) serve(t *testing.T, service string, handler http.Handler) string {
	t.Helper()
	log, retryOn503 := w.log(service), service == "refresh" || service == "cleanup"
	srv := httptest.NewServer(server.ReportErrors(server.LogRequests(handler, log), log, retryOn503, w.Clock.Now))
	t.Cleanup(srv.Close)
	return srv.URL
}

// audience is the audience of all services in these tests.
const audience = "https://service.test"

func (w *world) callers(t *testing.T) *oidcauth.Checker {
	t.Helper()
	callers, err := oidcauth.NewChecker(oidcauth.Config{
		Audience: audience, CertsURL: w.CertsURL(),
		Allowed: []string{spec.Email(w.Project, deployment.TasksAccount), spec.Email(w.Project, deployment.SchedulerAccount)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return callers
}

// createJob creates a job of the table that calls a service at url.
func (w *world) createJob(t *testing.T, id, url string) *schedulerpb.Job {
	t.Helper()
	j, ok := w.table.Job(id)
	if !ok {
		t.Fatalf("no job %s", id)
	}
	job, err := schedulerclient.New(t, w.TasksAddress()).CreateJob(t.Context(), &schedulerpb.CreateJobRequest{
		Parent: w.table.Location(w.Project),
		Job: &schedulerpb.Job{
			Name: w.table.JobName(w.Project, id), Schedule: j.Schedule, TimeZone: j.TimeZone,
			AttemptDeadline: durationpb.New(j.AttemptDeadline),
			Target: &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{
				Uri: url + j.Target.Path, HttpMethod: schedulerpb.HttpMethod_POST,
				AuthorizationHeader: &schedulerpb.HttpTarget_OidcToken{OidcToken: &schedulerpb.OidcToken{
					ServiceAccountEmail: spec.Email(w.Project, j.Target.Account), Audience: audience,
				}},
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// pauseJob is the death of a scheduled run: nobody calls any more.
func (w *world) pauseJob(t *testing.T, job *schedulerpb.Job) {
	t.Helper()
	if _, err := schedulerclient.New(t, w.TasksAddress()).PauseJob(t.Context(), &schedulerpb.PauseJobRequest{Name: job.Name}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) resumeJob(t *testing.T, job *schedulerpb.Job) {
	t.Helper()
	if _, err := schedulerclient.New(t, w.TasksAddress()).ResumeJob(t.Context(), &schedulerpb.ResumeJobRequest{Name: job.Name}); err != nil {
		t.Fatal(err)
	}
}

// createQueue creates the refresh queue with the table's retries.
func (w *world) createQueue(t *testing.T) {
	t.Helper()
	q, _ := w.table.Queue(deployment.RefreshQueue)
	_, err := tasksclient.New(t, w.TasksAddress()).CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{
		Parent: w.table.Location(w.Project),
		Queue: &cloudtaskspb.Queue{
			Name: w.table.QueueName(w.Project, q.ID),
			RetryConfig: &cloudtaskspb.RetryConfig{
				MaxAttempts: int32(q.Retry.MaxAttempts), MaxDoublings: int32(q.Retry.MaxDoublings),
				MinBackoff: durationpb.New(q.Retry.MinBackoff), MaxBackoff: durationpb.New(q.Retry.MaxBackoff),
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// post calls a service as the scheduler does and returns the status.
func (w *world) post(t *testing.T, url string, body string, account string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if account != "" {
		token, err := w.Identity.IDToken(t.Context(), spec.Email(w.Project, account), audience)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// dial serves a gRPC service on a port of its own and connects to it.
func dial(t *testing.T, register func(*grpc.Server)) *grpc.ClientConn {
	t.Helper()
	srv := grpc.NewServer()
	register(srv)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	t.Cleanup(srv.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// Each alert of the table has tests here: the names of its two tests end in its id.
func TestEachAlertIsTested(t *testing.T) {
	for _, a := range deployment.Table().Alerts {
		if !slices.Contains(tested, a.ID) {
			t.Errorf("alert %s has no test that makes it fire and one that keeps it silent", a.ID)
		}
	}
}
