package stop

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/firebaserules/v1"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/schema"
)

const root = "../../../../"

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(root + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// world is a local cloud with our rules, and a switch whose calls to the Rules API can fail.
type world struct {
	*emulatortest.Cloud
	*Switch
	calls  atomic.Int64 // that change something
	failAt int64        // the change that fails after it has happened; 0 for none
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Cloud: emulatortest.Start(t, func(c *emulator.Config) {
		c.Rules, c.Indexes = []byte(read(t, "firestore.rules")), []byte(read(t, "firestore.indexes.json"))
		c.StorageRules = []byte(read(t, "storage.rules"))
	})}
	api, err := firebaserules.NewService(t.Context(), option.WithHTTPClient(&http.Client{Transport: w}), option.WithEndpoint("http://"+w.TasksAddress()+"/"))
	if err != nil {
		t.Fatal(err)
	}
	w.Switch = &Switch{
		Rules: api, Firestore: w.FirestoreClient(t), Project: w.Cloud.Project, Database: "(default)", Bucket: w.Cloud.Project,
		Now: func() time.Time { return w.Clock.Now() },
	}
	return w
}

// RoundTrip loses the response of the change at failAt, as if the process had been killed.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && r.Method != http.MethodGet && w.calls.Add(1) == w.failAt {
		response.Body.Close()
		return nil, fmt.Errorf("killed")
	}
	return response, err
}

// tries are what clients do, and whether they may while everything is open, writes are stopped, and
// everything is.
func (w *world) check(t *testing.T, name string, reads, writes bool) {
	t.Helper()
	client := w.FirestoreClientAs(t, "alice", nil)
	want := map[bool]codes.Code{true: codes.OK, false: codes.PermissionDenied}
	_, err := client.Doc("users/alice/timetables/timetable1").Update(t.Context(), []firestore.Update{
		{Path: "title", Value: "봄"}, {Path: "updatedAt", Value: firestore.ServerTimestamp},
	})
	if status.Code(err) != want[writes] {
		t.Errorf("%s: a write: %v", name, err)
	}
	_, err = client.Doc("users/alice/timetables/timetable1").Get(t.Context())
	if status.Code(err) != want[reads] {
		t.Errorf("%s: a read: %v", name, err)
	}
	response, err := http.Get("http://" + w.StorageAddress() + "/v0/b/" + w.Cloud.Project + "/o/lectures%2Fx.json")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if wantStatus := map[bool]int{true: 404, false: 403}[reads]; response.StatusCode != wantStatus {
		t.Errorf("%s: a list: %s, want %d", name, response.Status, wantStatus)
	}
}

func (w *world) seed(t *testing.T) {
	t.Helper()
	_, err := w.Switch.Firestore.Doc("users/alice/timetables/timetable1").Set(t.Context(), map[string]any{
		"title": "가을", "visibility": "public", "semester": w.Switch.Firestore.Doc("schools/s/semesters/2026-0900"), "createdAt": time.Now(), "updatedAt": time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestStopAndStart stops, stops more, and starts, each twice.
func TestStopAndStart(t *testing.T) {
	w := newWorld(t)
	w.seed(t)
	w.check(t, "at first", true, true)
	open, err := w.State(t.Context())
	if err != nil || !open.IsOpen() || open.IsStopped() || !open.Since().IsZero() {
		t.Fatalf("at first: %+v, %v", open, err)
	}
	var since time.Time
	for i := range 2 {
		state, err := w.Stop(t.Context(), Options{Message: "점검 중이에요."})
		if err != nil || !state.IsStopped() || state.IsOpen() || state.Notice.Message != "점검 중이에요." {
			t.Fatalf("stopped: %+v, %v", state, err)
		}
		if i == 1 && !state.Since().Equal(since) {
			t.Errorf("the second stop changes the time from %v to %v", since, state.Since())
		}
		since = state.Since()
		w.check(t, "stopped", true, false)
		w.Clock.Advance(time.Minute)
	}
	// A client whose write was denied may read why.
	notice, err := schema.ReadStop(t.Context(), w.FirestoreClientSignedOut(t))
	if err != nil || notice == nil || notice.Message != "점검 중이에요." {
		t.Errorf("a client reads %+v, %v", notice, err)
	}
	for range 2 {
		state, err := w.Stop(t.Context(), Options{Everything: true})
		if err != nil || !state.Firestore.Closed.Everything || !state.Storage.Closed.Everything || state.Notice.Message != "점검 중이에요." || !state.Since().Equal(since) {
			t.Fatalf("everything stopped: %+v, %v", state, err)
		}
		w.check(t, "everything stopped", false, false)
	}
	if _, err := w.Stop(t.Context(), Options{}); err != nil {
		t.Fatal(err)
	}
	w.check(t, "everything stopped, then writes", false, false)
	for range 2 {
		state, err := w.Start(t.Context())
		if err != nil || !state.IsOpen() {
			t.Fatalf("started: %+v, %v", state, err)
		}
		if state.Firestore.Ruleset != open.Firestore.Ruleset || state.Storage.Ruleset != open.Storage.Ruleset {
			t.Errorf("started with %s and %s, not %s and %s", state.Firestore.Ruleset, state.Storage.Ruleset, open.Firestore.Ruleset, open.Storage.Ruleset)
		}
		w.check(t, "started", true, true)
	}
}

// TestStartWithoutTheRuleset restores rules whose ruleset somebody has deleted, to the byte.
func TestStartWithoutTheRuleset(t *testing.T) {
	w := newWorld(t)
	w.seed(t)
	const odd = "rules_version = '2';\r\n// \u2028 ünï\nservice cloud.firestore { match /{all=**} { allow read; allow write: if true } }"
	if _, err := w.Cloud.Firestore.SetRules(w.Cloud.Project, []byte(odd)); err != nil {
		t.Fatal(err)
	}
	stopped, err := w.Stop(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.check(t, "stopped", true, false)
	if _, err := w.Rules.Projects.Rulesets.Delete(stopped.Firestore.Closed.Before).Do(); err != nil {
		t.Fatal(err)
	}
	started, err := w.Start(t.Context())
	if err != nil || !started.IsOpen() {
		t.Fatalf("%+v, %v", started, err)
	}
	if got, _ := w.Cloud.Firestore.Rules(w.Cloud.Project); got != odd {
		t.Errorf("the rules are %q, want %q", got, odd)
	}
	w.check(t, "started", true, true)
}

// TestKilled loses the response of each change in turn, and runs the command again.
func TestKilled(t *testing.T) {
	w := newWorld(t)
	w.seed(t)
	open, err := w.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stop := func() (*State, error) { return w.Stop(t.Context(), Options{Everything: true}) }
	start := func() (*State, error) { return w.Start(t.Context()) }
	// killed runs a command that is killed after a change, if it makes so many, and then once more.
	killed := func(at int64, command func() (*State, error)) (*State, bool) {
		t.Helper()
		w.calls.Store(0)
		w.failAt = at
		_, err := command()
		w.failAt = 0
		if _, err := w.State(t.Context()); err != nil {
			t.Fatalf("after change %d: %v", at, err)
		}
		state, again := command()
		if again != nil {
			t.Fatalf("again after change %d: %v", at, again)
		}
		return state, err != nil
	}
	stops, starts := 0, 0
	for at := int64(1); at < 10; at++ {
		state, wasKilled := killed(at, stop)
		if !state.IsStopped() || state.Storage.Closed == nil {
			t.Errorf("stopped after change %d: %+v", at, state)
		}
		w.check(t, "stopped", false, false)
		if wasKilled {
			stops++
		}
		state, wasKilled = killed(at, start)
		if !state.IsOpen() || state.Firestore.Ruleset != open.Firestore.Ruleset || state.Storage.Ruleset != open.Storage.Ruleset {
			t.Errorf("started after change %d: %+v", at, state)
		}
		w.check(t, "started", true, true)
		if wasKilled {
			starts++
		}
	}
	if stops != 4 || starts != 2 { // of two releases: a ruleset and a patch, and a patch
		t.Errorf("%d stops and %d starts were killed, want 4 and 2", stops, starts)
	}
}

// TestHalfStopped finds states between the two, which a kill or a deploy of rules leaves.
func TestHalfStopped(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Stop(t.Context(), Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := schema.StopRef(w.Switch.Firestore).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	state, err := w.State(t.Context())
	if err != nil || state.IsOpen() || state.IsStopped() {
		t.Errorf("only the rules: %+v, %v", state, err)
	}
	if _, err := w.Stop(t.Context(), Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Cloud.Firestore.SetRules(w.Cloud.Project, []byte(read(t, "firestore.rules"))); err != nil {
		t.Fatal(err)
	}
	state, err = w.State(t.Context())
	if err != nil || state.IsOpen() || state.IsStopped() || state.Since().IsZero() {
		t.Errorf("only the notice: %+v, %v", state, err)
	}
	if state, err = w.Start(t.Context()); err != nil || !state.IsOpen() {
		t.Errorf("started: %+v, %v", state, err)
	}
}

// TestFirestoreDown stops and starts while Firestore fails: the rules are switched all the same.
func TestFirestoreDown(t *testing.T) {
	w := newWorld(t)
	w.seed(t)
	works := w.Switch.Firestore
	down := status.Error(codes.PermissionDenied, "The caller does not have permission")
	w.Switch.Firestore = w.FirestoreClient(t,
		grpc.WithChainUnaryInterceptor(func(context.Context, string, any, any, *grpc.ClientConn, grpc.UnaryInvoker, ...grpc.CallOption) error {
			return down
		}),
		grpc.WithChainStreamInterceptor(func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, grpc.Streamer, ...grpc.CallOption) (grpc.ClientStream, error) {
			return nil, down
		}))
	if _, err := w.Stop(t.Context(), Options{}); err == nil || !strings.Contains(err.Error(), "clients are stopped, but not the services") {
		t.Errorf("stop: %v", err)
	}
	w.check(t, "stopped", true, false)
	if _, err := w.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "clients may write, but not the services") {
		t.Errorf("start: %v", err)
	}
	w.check(t, "started", true, true)
	w.Switch.Firestore = works
	if state, err := w.Start(t.Context()); err != nil || !state.IsOpen() {
		t.Errorf("started: %+v, %v", state, err)
	}
}
