package scheduler_test

import (
	"net/http"
	"testing"
	"time"

	gcscheduler "cloud.google.com/go/scheduler/apiv1"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/api/option"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/emulator/internal/crashtest"
	"heek.kr/heektime/emulator/scheduler"
)

func TestMain(m *testing.M) { crashtest.Main(m, serve) }

// serve runs a server until it is killed.
func serve(dir string) (string, error) {
	c := clock.New()
	id, err := identity.New(identity.Config{Clock: c, Project: "demo-test", ServiceAccount: account})
	if err != nil {
		return "", err
	}
	server, err := scheduler.New(scheduler.Config{Clock: c, Tokens: id, DataDir: dir})
	if err != nil {
		return "", err
	}
	return crashtest.ServeGRPC(server.Register)
}

// startProcess starts a server in its own process. It returns a client and a function that kills the process.
func startProcess(t *testing.T, dir string) (*gcscheduler.CloudSchedulerClient, func()) {
	t.Helper()
	address, kill := crashtest.Start(t, dir)
	client, err := gcscheduler.NewCloudSchedulerClient(t.Context(), option.WithGRPCConn(crashtest.Dial(t, address)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, kill
}

func TestSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	client, kill := startProcess(t, dir)
	ctx := t.Context()
	release := make(chan struct{})
	target := newTarget(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	create := func(id string, set ...func(*schedulerpb.Job)) string {
		name := parent + "/jobs/" + id
		set = append(set, func(j *schedulerpb.Job) { j.Name = name })
		if _, err := client.CreateJob(ctx, &schedulerpb.CreateJobRequest{Parent: parent, Job: post(target.URL+"/"+id, set...)}); err != nil {
			t.Fatal(err)
		}
		return name
	}
	yearly := every("0 0 1 1 *")
	paused, deleted, running := create("paused"), create("deleted"), create("running", yearly)
	if _, err := client.PauseJob(ctx, &schedulerpb.PauseJobRequest{Name: paused}); err != nil {
		t.Fatal(err)
	}
	if err := client.DeleteJob(ctx, &schedulerpb.DeleteJobRequest{Name: deleted}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.RunJob(ctx, &schedulerpb.RunJobRequest{Name: running}); err != nil {
		t.Fatal(err)
	}
	first := <-target.requests
	kill()
	close(release)

	c := start(t, func(cfg *scheduler.Config) { cfg.DataDir = dir })
	c.idle(t)
	again := <-target.requests
	const when = "X-CloudScheduler-ScheduleTime"
	if again.URL.Path != "/running" || again.Header.Get(when) != first.Header.Get(when) {
		t.Errorf("after the kill: %s for %s, want the run for %s repeated", again.URL, again.Header.Get(when), first.Header.Get(when))
	}
	infos := c.server.Jobs()
	if len(infos) != 2 || infos[0].Job.Name != paused || infos[0].Job.State != schedulerpb.Job_PAUSED || infos[1].Job.Name != running {
		t.Fatalf("after the kill, the jobs are %+v", infos)
	}
	if err := c.server.Close(); err != nil {
		t.Fatal(err)
	}

	c = start(t, func(cfg *scheduler.Config) { cfg.DataDir = dir })
	c.idle(t)
	if n := target.count(); n != 0 {
		t.Errorf("a finished run was repeated %d times", n)
	}
	c.clock.Advance(366 * 24 * time.Hour)
	c.idle(t)
	if r := <-target.requests; r.URL.Path != "/running" || target.count() != 0 {
		t.Errorf("after a year: %s, want one run of /running", r.URL)
	}
}
