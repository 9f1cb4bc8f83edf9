package functions_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/emulator/triggers"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/functions"
	"heek.kr/heektime/internal/server"
)

// TestMain runs the service when a test starts this test binary as a process, so that tests need no
// compiler.
func TestMain(m *testing.M) {
	if os.Getenv("FUNCTIONS_TEST_MAIN") != "" {
		server.Main("functions", functions.Open) // as functions/main.go does
		return
	}
	os.Exit(m.Run())
}

// process is a running service.
type process struct {
	*exec.Cmd
	url string
	out bytes.Buffer // to be read after Wait
}

// start starts the service with the environment of the deployment table; set overrides variables.
func start(t *testing.T, cloud *emulatortest.Cloud, set map[string]string) *process {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	must(t, l.Close())
	p := &process{Cmd: exec.CommandContext(t.Context(), os.Args[0]), url: "http://127.0.0.1:" + port}
	env, err := deployment.Table().Environment("functions", spec.Place{Project: cloud.Project, URLs: map[string]string{"functions": p.url, "push": "http://127.0.0.1:1"}})
	must(t, err)
	p.Env = append(os.Environ(), "FUNCTIONS_TEST_MAIN=1", "PORT="+port)
	for _, variables := range []map[string]string{env, cloud.Environment(), set} {
		for name, value := range variables {
			p.Env = append(p.Env, name+"="+value)
		}
	}
	p.Stdout, p.Stderr = &p.out, &p.out
	must(t, p.Start())
	t.Cleanup(func() { p.Process.Kill() })
	return p
}

// waitUntilReady waits until the service responds.
func (p *process) waitUntilReady(t *testing.T) {
	t.Helper()
	for t.Context().Err() == nil {
		if response, err := http.Get(p.url + "/health"); err == nil {
			response.Body.Close()
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// register registers triggers of the deployment table with the local cloud: those with the IDs, or all.
func (p *process) register(t *testing.T, cloud *emulatortest.Cloud, ids ...string) {
	t.Helper()
	for _, trigger := range deployment.Table().Triggers {
		if len(ids) > 0 && !slices.Contains(ids, trigger.ID) {
			continue
		}
		must(t, cloud.Triggers.Register(triggers.Trigger{
			Name: trigger.ID, Event: triggers.EventType(trigger.Event), Database: trigger.Database, Document: trigger.Document,
			URL: p.url + trigger.Target.Path, Audience: p.url, ServiceAccount: spec.Email(cloud.Project, trigger.Target.Account),
		}))
	}
}

// Events of the local cloud reach the service, which deletes the right documents.
func TestEventsReachTheFunctions(t *testing.T) {
	cloud := emulatortest.Start(t, emulatortest.Project(t, ""))
	fs, ctx := cloud.FirestoreClient(t), t.Context()
	queue := deployment.Table().QueueName(cloud.Project, deployment.FollowersQueue)
	location, _, _ := strings.Cut(queue, "/queues/")
	_, err := tasksclient.New(t, cloud.TasksAddress()).CreateQueue(ctx, &cloudtaskspb.CreateQueueRequest{Parent: location, Queue: &cloudtaskspb.Queue{Name: queue}})
	must(t, err)
	p := start(t, cloud, nil)
	p.waitUntilReady(t)
	p.register(t, cloud)
	for _, path := range []string{"users/alice", "users/alice/subscriptions/s1", "users/alice/follows/bob", "users/alice/timetables/t1", "users/alice/timetables/t1/lectures/l1",
		"users/bob", "users/bob/timetables/t1", "users/bob/timetables/t1/lectures/l1", "users/bob/timetables/t2"} {
		_, err := fs.Doc(path).Set(ctx, map[string]any{"title": "t"})
		must(t, err)
	}
	for _, path := range []string{"users/alice", "users/bob/timetables/t1"} {
		_, err := fs.Doc(path).Delete(ctx)
		must(t, err)
	}
	must(t, cloud.Triggers.Idle(ctx))
	lectures, err := fs.CollectionGroup("lectures").Documents(ctx).GetAll()
	must(t, err)
	timetables, err := fs.CollectionGroup("timetables").Documents(ctx).GetAll()
	must(t, err)
	if len(lectures) != 0 || len(timetables) != 1 || timetables[0].Ref.ID != "t2" {
		t.Errorf("%d lectures and %d timetables left, want 0 and only t2", len(lectures), len(timetables))
	}
	for _, info := range cloud.Triggers.Triggers() {
		if info.Dead > 0 || info.Done == 0 {
			t.Errorf("%s: %d events done, %d dead\n%s", info.Trigger.Name, info.Done, info.Dead, &p.out)
		}
	}
}

// After SIGTERM an event that is being handled finishes and is acknowledged, and the process exits with 0.
func TestRunningEventFinishesAfterSIGTERM(t *testing.T) {
	cloud := emulatortest.Start(t)
	certs, err := url.Parse(cloud.CertsURL())
	must(t, err)
	gate := newGate(t, certs.Host)
	certs.Host = gate.address
	p := start(t, cloud, map[string]string{"OIDC_CERTS_URL": certs.String()})
	p.waitUntilReady(t)
	p.register(t, cloud, "timetable-deleted")
	fs, ctx := cloud.FirestoreClient(t), t.Context()
	for _, path := range []string{"users/bob/timetables/t1", "users/bob/timetables/t1/lectures/l1"} {
		_, err := fs.Doc(path).Set(ctx, map[string]any{"title": "t"})
		must(t, err)
	}
	_, err = fs.Doc("users/bob/timetables/t1").Delete(ctx)
	must(t, err)
	<-gate.reached // the function waits for the keys that verify the token
	must(t, p.Process.Signal(syscall.SIGTERM))
	for { // the port closes soon after the signal
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			break
		}
		conn.Close()
		time.Sleep(5 * time.Millisecond)
	}
	close(gate.open)
	if err := p.Wait(); err != nil {
		t.Errorf("exit: %v\n%s", err, &p.out)
	}
	must(t, cloud.Triggers.Idle(ctx))
	lectures, err := fs.CollectionGroup("lectures").Documents(ctx).GetAll()
	must(t, err)
	if len(lectures) != 0 {
		t.Errorf("%d lectures left, want 0", len(lectures))
	}
	for _, info := range cloud.Triggers.Triggers() {
		if want := map[string]int{"timetable-deleted": 1}[info.Trigger.Name]; info.Done != want || info.Dead != 0 {
			t.Errorf("%s: %d events done, %d dead\n%s", info.Trigger.Name, info.Done, info.Dead, &p.out)
		}
	}
}

// A service with missing variables does not start, so no event reaches it.
func TestMissingVariablesPreventTheStart(t *testing.T) {
	cloud := emulatortest.Start(t)
	p := start(t, cloud, map[string]string{"OIDC_AUDIENCE": "", "ALLOWED_CALLERS": "", "GOOGLE_CLOUD_PROJECT": ""})
	err := p.Wait()
	if p.ProcessState.ExitCode() != 1 {
		t.Errorf("exit: %v, want code 1", err)
	}
	for _, name := range []string{"OIDC_AUDIENCE", "ALLOWED_CALLERS", "GOOGLE_CLOUD_PROJECT"} {
		if !strings.Contains(p.out.String(), name+" is not set") {
			t.Errorf("the log does not name %s:\n%s", name, &p.out)
		}
	}
}

// gate is a TCP proxy that forwards nothing until it is opened.
type gate struct {
	address string
	reached chan struct{} // closed when a client has connected
	open    chan struct{} // close it to let traffic through
}

func newGate(t *testing.T, target string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	g := &gate{address: l.Addr().String(), reached: make(chan struct{}), open: make(chan struct{})}
	connected := sync.OnceFunc(func() { close(g.reached) })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			connected()
			go g.forward(client, target)
		}
	}()
	return g
}

func (g *gate) forward(client net.Conn, target string) {
	defer client.Close()
	<-g.open
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	go io.Copy(server, client)
	io.Copy(client, server)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
