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

// serve is a local cloud with one trigger, "test", that never ends by itself. It is told its folder and the trigger's URL.
func serve(told string) (string, error) {
	dir, url, _ := strings.Cut(told, " ")
	c, err := emulator.Open(emulator.Config{DataDir: dir, Triggers: []triggers.Trigger{everyUser(url)}})
	if err != nil {
		return "", err
	}
	return c.FirestoreAddress(), nil
}

func everyUser(url string) triggers.Trigger {
	return triggers.Trigger{Name: "test", Event: triggers.Written, Document: "users/{uid}", URL: url, Retry: true}
}

// doomed starts a cloud in a process of its own, and returns a client for it and what kills it.
func doomed(t *testing.T, dir, url string) (*firestore.Client, func()) {
	t.Helper()
	address, kill := crashtest.Start(t, dir+" "+url)
	client, err := firestore.NewClient(t.Context(), "demo-test", option.WithGRPCConn(crashtest.Dial(t, address)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, kill
}

// reopen opens the cloud of a folder, with no trigger registered.
func reopen(t *testing.T, dir string) *world {
	t.Helper()
	w := &world{target: newTarget(t)}
	w.Cloud = emulatortest.Start(t, func(cfg *emulator.Config) { cfg.DataDir = dir })
	w.db = w.FirestoreClient(t)
	return w
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: this did not come true within 20 s", what)
		}
	}
}

// TestSurvivesKill kills a cloud with one event delivered, one under way, one that waits for its next attempt and one dead.
func TestSurvivesKill(t *testing.T) {
	dir, before := t.TempDir(), newTarget(t)
	hang := make(chan struct{})
	before.answers(func(rw http.ResponseWriter, d delivery) {
		switch d.document() {
		case "users/hangs":
			<-hang
		case "users/fails":
			rw.WriteHeader(http.StatusInternalServerError)
		}
	})
	client, kill := doomed(t, dir, before.URL)
	for _, id := range []string{"delivered", "fails", "hangs"} {
		if _, err := client.Doc("users/"+id).Set(t.Context(), map[string]any{"n": 1}); err != nil {
			t.Fatal(err)
		}
	}
	var old []delivery
	eventually(t, "three requests", func() bool { old = append(old, before.take()...); return len(old) == 3 })
	time.Sleep(50 * time.Millisecond) // the answers are seen and written down; if not, the test below forgives a repetition
	kill()
	close(hang)

	w := reopen(t, dir)
	info := w.Triggers.Triggers()
	if len(info) != 1 || !info[0].Absent || info[0].Waiting < 2 {
		t.Fatalf("after the kill there is %+v", info)
	}
	w.idle(t)
	if n := len(w.take()); n != 0 {
		t.Errorf("%d requests before the trigger is registered", n)
	}
	w.set(t, "users/early", map[string]any{"n": 1}) // before the function is there again
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
			t.Errorf("%s has the id %s, had %s", d.document(), d.ID(), id)
		}
	}
	if !got["users/hangs"] || !got["users/early"] {
		t.Errorf("after the kill came %v", got)
	}
	w.Clock.Advance(11 * time.Second)
	w.idle(t)
	for _, d := range w.take() {
		got[d.document()] = true
	}
	if !got["users/fails"] {
		t.Errorf("eleven seconds later came %v", got)
	}
}

// TestKilledAnyTime kills a cloud while documents are written and events delivered. Every commit that was acknowledged makes
// an event, in the first life or the next ones, and all events of a commit have one id.
func TestKilledAnyTime(t *testing.T) {
	dir, before := t.TempDir(), newTarget(t)
	ids := map[string]map[string]bool{} // by document and what was written
	note := func(target *target) {
		for _, d := range target.take() {
			key := fmt.Sprint(d.document(), d.Value.Fields["n"].GetIntegerValue())
			if ids[key] == nil {
				ids[key] = map[string]bool{}
			}
			ids[key][d.ID()] = true
		}
	}
	var acked []string
	pad := strings.Repeat("x", 80_000) // so that logs are replaced by snapshots meanwhile
	for round := range 5 {
		client, kill := doomed(t, dir, before.URL)
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
		note(before)
		t.Logf("round %d: %d commits acknowledged, %d events came", round, len(acked), len(ids))
	}
	w := reopen(t, dir)
	if err := w.Triggers.Register(everyUser(w.URL)); err != nil {
		t.Fatal(err)
	}
	w.idle(t)
	w.Clock.Advance(time.Hour) // what was refused when its process died
	w.idle(t)
	note(w.target)
	note(before)
	for _, commit := range acked {
		if len(ids[commit]) != 1 {
			t.Errorf("%s was acknowledged and has events with %d ids", commit, len(ids[commit]))
		}
	}
}

// TestRestarts ends clouds properly: what is dead stays so and can be delivered again, what was delivered is not repeated, and
// what is absent can be removed.
func TestRestarts(t *testing.T) {
	dir := t.TempDir()
	open := func() (*emulatortest.Cloud, *target, *firestore.Client) {
		c, err := emulator.Open(emulator.Config{DataDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		cloud := &emulatortest.Cloud{Cloud: c}
		return cloud, newTarget(t), cloud.FirestoreClient(t)
	}
	c, target, db := open()
	trigger := everyUser(target.URL)
	trigger.Retry = false
	if err := c.Triggers.Register(trigger); err != nil {
		t.Fatal(err)
	}
	target.answers(func(rw http.ResponseWriter, d delivery) {
		if d.document() == "users/bad" {
			rw.WriteHeader(http.StatusInternalServerError)
		}
	})
	for _, id := range []string{"good", "bad"} {
		if _, err := db.Doc("users/"+id).Set(t.Context(), map[string]any{"n": 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Triggers.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	c, target, _ = open()
	trigger.URL = target.URL
	if err := c.Triggers.Register(trigger); err != nil {
		t.Fatal(err)
	}
	if err := c.Triggers.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := target.documents(); len(got) != 0 {
		t.Errorf("after a restart came %q", got)
	}
	events, err := c.Triggers.Events("test")
	if err != nil || len(events) != 1 || events[0].State != triggers.Dead || events[0].Document != "users/bad" || events[0].Tried != 1 {
		t.Fatalf("after a restart there are %+v, %v", events, err)
	}
	if err := c.Triggers.Redeliver("test", events[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := c.Triggers.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := target.take(); len(got) != 1 || got[0].ID() != events[0].ID {
		t.Errorf("redelivered were %v", got)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	c, _, _ = open()
	if names := c.Triggers.RemoveAbsent(); len(names) != 1 || names[0] != "test" {
		t.Errorf("absent were %q", names)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c, _, _ = open()
	if all := c.Triggers.Triggers(); len(all) != 0 {
		t.Errorf("after its removal there is %+v", all)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}
