package scheduler_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	gcscheduler "cloud.google.com/go/scheduler/apiv1"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/emulator/scheduler"
)

// victim is the environment variable that makes this test binary a server to be killed, with the folder it names.
const victim = "SCHEDULER_TEST_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		if err := serve(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// serve is a server that says where it listens and never ends by itself.
func serve(dir string) error {
	c := clock.New()
	id, err := identity.New(identity.Config{Clock: c, Project: "demo-test", ServiceAccount: account})
	if err != nil {
		return err
	}
	server, err := scheduler.New(scheduler.Config{Clock: c, Tokens: id, DataDir: dir})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	g := grpc.NewServer()
	server.Register(g)
	fmt.Println(listener.Addr())
	return g.Serve(listener)
}

// doomed starts a server in a process of its own, and returns a client for it and what kills it.
func doomed(t *testing.T, dir string) (*gcscheduler.CloudSchedulerClient, func()) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), victim+"="+dir)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	kill := sync.OnceFunc(func() {
		_ = command.Process.Kill() // SIGKILL
		_ = command.Wait()
	})
	t.Cleanup(kill)
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	connection, err := grpc.NewClient(strings.TrimSpace(address), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	client, err := gcscheduler.NewCloudSchedulerClient(t.Context(), option.WithGRPCConn(connection))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, kill
}

func TestSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	client, kill := doomed(t, dir)
	ctx := t.Context()
	hang := make(chan struct{})
	target := newTarget(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
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
	close(hang)

	c := start(t, func(cfg *scheduler.Config) { cfg.DataDir = dir })
	c.idle(t)
	again := <-target.requests
	const when = "X-CloudScheduler-ScheduleTime"
	if again.URL.Path != "/running" || again.Header.Get(when) != first.Header.Get(when) {
		t.Errorf("after the kill: %s for %s, want the run of %s again", again.URL, again.Header.Get(when), first.Header.Get(when))
	}
	infos := c.server.Jobs()
	if len(infos) != 2 || infos[0].Job.Name != paused || infos[0].Job.State != schedulerpb.Job_PAUSED || infos[1].Job.Name != running {
		t.Fatalf("after the kill there are %+v", infos)
	}
	if err := c.server.Close(); err != nil {
		t.Fatal(err)
	}

	c = start(t, func(cfg *scheduler.Config) { cfg.DataDir = dir })
	c.idle(t)
	if n := target.count(); n != 0 {
		t.Errorf("a run that had ended was made again %d times", n)
	}
	c.clock.Advance(366 * 24 * time.Hour)
	c.idle(t)
	if r := <-target.requests; r.URL.Path != "/running" || target.count() != 0 {
		t.Errorf("within a year: %s", r.URL)
	}
}
