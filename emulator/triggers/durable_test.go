package triggers_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/option"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/internal/crashtest"
	"heek.kr/heektime/emulator/triggers"
)

func TestMain(m *testing.M) { crashtest.Main(m, serve) }

// serve runs a local cloud with one trigger, "test", until it is killed. Its argument is the data directory
// and the trigger's URL.
func serve(argument string) (string, error) {
	dir, url, _ := strings.Cut(argument, " ")
	c, err := emulator.Open(emulator.Config{DataDir: dir, Triggers: []triggers.Trigger{everyUser(url)}})
	if err != nil {
		return "", err
	}
	return c.FirestoreAddress(), nil
}

// everyUser returns a trigger for all writes to users.
func everyUser(url string) triggers.Trigger {
	return triggers.Trigger{Name: "test", Event: triggers.Written, Document: "users/{uid}", URL: url, Retry: true}
}

// startProcess starts a cloud in its own process. It returns a client and a function that kills the process.
func startProcess(t *testing.T, dir, url string) (*firestore.Client, func()) {
	t.Helper()
	address, kill := crashtest.Start(t, dir+" "+url)
	client, err := firestore.NewClient(t.Context(), "demo-test", option.WithGRPCConn(crashtest.Dial(t, address)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, kill
}

// reopen opens the cloud in a data directory without registering triggers.
func reopen(t *testing.T, dir string) *fixture {
	t.Helper()
	w := &fixture{target: newTarget(t)}
	w.Cloud = emulatortest.Start(t, func(cfg *emulator.Config) { cfg.DataDir = dir })
	w.db = w.FirestoreClient(t)
	return w
}

// eventually waits until done returns true. It has no time limit but that of go test; the log says what
// it waits for.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	t.Log("wait for", what)
	for !done() {
		time.Sleep(2 * time.Millisecond)
	}
}

// TestSurvivesKill kills a cloud with an event delivered, one in flight and one waiting for its next
// attempt. It is long because each step depends on the one before.
func TestSurvivesKill(t *testing.T) {
	dir, before := t.TempDir(), newTarget(t)
	release := make(chan struct{})
	before.respondWith(func(rw http.ResponseWriter, d delivery) {
		switch d.document() {
		case "users/hangs":
			<-release
		case "users/fails":
			rw.WriteHeader(http.StatusInternalServerError)
		}
	})
	client, kill := startProcess(t, dir, before.URL)
	for _, id := range []string{"delivered", "fails", "hangs"} {
		if _, err := client.Doc("users/"+id).Set(t.Context(), map[string]any{"n": 1}); err != nil {
			t.Fatal(err)
		}
	}
	var old []delivery
	eventually(t, "three requests", func() bool { old = append(old, before.take()...); return len(old) == 3 })
	// Give the responses time to be stored; if they are not, the test tolerates redelivery.
	time.Sleep(50 * time.Millisecond)
	kill()
	close(release)

	w := reopen(t, dir)
	info := w.Triggers.Triggers()
	if len(info) != 1 || !info[0].Absent || info[0].Waiting < 2 {
		t.Fatalf("after the kill, the triggers are %+v", info)
	}
	w.idle(t)
	if n := len(w.take()); n != 0 {
		t.Errorf("%d requests before the trigger is registered", n)
	}
	w.set(t, "users/early", map[string]any{"n": 1}) // before the trigger is registered again
	if err := w.Triggers.Register(everyUser(w.URL)); err != nil {
		t.Fatal(err)
	}
	w.idle(t)
	ids := map[string]string{}
	for _, d := range old {
		ids[d.document()] = d.ID()
	}
	got := map[string]bool{}
	for _, d := range w.take() {
		got[d.document()] = true
		if id := ids[d.document()]; id != "" && id != d.ID() {
			t.Errorf("%s has the ID %s, want %s as before", d.document(), d.ID(), id)
		}
	}
	if !got["users/hangs"] || !got["users/early"] {
		t.Errorf("after the kill, events came for %v", got)
	}
	w.Clock.Advance(11 * time.Second)
	w.idle(t)
	for _, d := range w.take() {
		got[d.document()] = true
	}
	if !got["users/fails"] {
		t.Errorf("eleven seconds later, events had come for %v", got)
	}
}

// TestKillAtAnyTime kills a cloud while documents are written and events delivered. Every acknowledged
// commit leads to an event, before or after the restart, and all deliveries of it have the same ID.
func TestKillAtAnyTime(t *testing.T) {
	dir, before := t.TempDir(), newTarget(t)
	ids := map[string]map[string]bool{} // by document and written value
	record := func(target *target) {
		for _, d := range target.take() {
			key := fmt.Sprint(d.document(), d.Value.Fields["n"].GetIntegerValue())
			if ids[key] == nil {
				ids[key] = map[string]bool{}
			}
			ids[key][d.ID()] = true
		}
	}
	var acked []string
	pad := strings.Repeat("x", 80_000) // large enough that logs are replaced by snapshots
	for round := range 5 {
		client, kill := startProcess(t, dir, before.URL)
		var n atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		for i := range int64(40 + 13*round) {
			if i == int64(20+9*round) {
				go func() { kill(); cancel() }()
			}
			path := fmt.Sprintf("users/u%d", i%5)
			if _, err := client.Doc(path).Set(ctx, map[string]any{"n": int64(round)*1000 + i, "pad": pad}); err != nil {
				break
			}
			acked = append(acked, fmt.Sprint(path, int64(round)*1000+i))
			n.Add(1)
		}
		kill()
		cancel()
		record(before)
		t.Logf("round %d: %d commits acknowledged, %d events received", round, len(acked), len(ids))
	}
	w := reopen(t, dir)
	if err := w.Triggers.Register(everyUser(w.URL)); err != nil {
		t.Fatal(err)
	}
	w.idle(t)
	w.Clock.Advance(time.Hour) // retries of events whose requests failed when the process was killed
	w.idle(t)
	record(w.target)
	record(before)
	for _, commit := range acked {
		if len(ids[commit]) != 1 {
			t.Errorf("%s was acknowledged, but its events have %d IDs, want 1", commit, len(ids[commit]))
		}
	}
}

// openDurable opens a cloud with a data directory. Unlike [reopen], it leaves closing to the test.
func openDurable(t *testing.T, dir string) *fixture {
	t.Helper()
	c, err := emulator.Open(emulator.Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	w := &fixture{Cloud: &emulatortest.Cloud{Cloud: c}, target: newTarget(t)}
	w.db = w.FirestoreClient(t)
	return w
}

// close closes the cloud.
func (w *fixture) close(t *testing.T) {
	t.Helper()
	if err := w.Cloud.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRestarts closes clouds properly. Dead events stay dead and can be redelivered, delivered events are
// not repeated, and absent triggers can be removed.
func TestRestarts(t *testing.T) {
	dir := t.TempDir()
	w := openDurable(t, dir)
	w.register(t, triggers.Trigger{Document: "users/{uid}"})
	w.respondWith(func(rw http.ResponseWriter, d delivery) {
		if d.document() == "users/bad" {
			rw.WriteHeader(http.StatusInternalServerError)
		}
	})
	for _, id := range []string{"good", "bad"} {
		w.set(t, "users/"+id, map[string]any{"n": 1})
	}
	w.idle(t)
	w.close(t)

	w = openDurable(t, dir)
	w.register(t, triggers.Trigger{Document: "users/{uid}"})
	w.idle(t)
	if got := w.documents(); len(got) != 0 {
		t.Errorf("after a restart, events came for %q", got)
	}
	events, err := w.Triggers.Events("test")
	if err != nil || len(events) != 1 || events[0].State != triggers.Dead || events[0].Document != "users/bad" || events[0].Tried != 1 {
		t.Fatalf("after a restart, the events are %+v, %v", events, err)
	}
	if err := w.Triggers.Redeliver("test", events[0].ID); err != nil {
		t.Fatal(err)
	}
	w.idle(t)
	if got := w.take(); len(got) != 1 || got[0].ID() != events[0].ID {
		t.Errorf("redelivered %v, want the dead event", got)
	}
	w.close(t)

	w = openDurable(t, dir)
	if names := w.Triggers.RemoveAbsent(); len(names) != 1 || names[0] != "test" {
		t.Errorf("removed %q, want test", names)
	}
	w.close(t)
	w = openDurable(t, dir)
	if all := w.Triggers.Triggers(); len(all) != 0 {
		t.Errorf("after the removal, the triggers are %+v", all)
	}
	w.close(t)
}
