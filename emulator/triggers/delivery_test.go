package triggers_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/triggers"
)

// logBuffer records log lines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) linesWith(text string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range strings.Split(l.buf.String(), "\n") {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// config makes a cloud log to the buffer.
func (l *logBuffer) config(cfg *emulator.Config) { cfg.Logger = slog.New(slog.NewTextHandler(l, nil)) }

func TestSingleAttemptWithoutRetry(t *testing.T) {
	var log logBuffer
	w := start(t, log.config)
	w.register(t, triggers.Trigger{Document: "users/{uid}"})
	w.respondWith(func(rw http.ResponseWriter, _ delivery) {
		http.Error(rw, "no such thing", http.StatusInternalServerError)
	})
	w.set(t, "users/u1", map[string]any{"n": 1})
	w.idle(t)
	w.Clock.Advance(48 * time.Hour)
	w.idle(t)
	got := w.take()
	if len(got) != 1 {
		t.Fatalf("got %d requests, want 1", len(got))
	}
	dead := w.events(t, triggers.Dead)
	if len(dead) != 1 || dead[0].ID != got[0].ID() || dead[0].Tried != 1 || dead[0].Attempts[0].Status != 500 ||
		dead[0].Attempts[0].Text != "no such thing" {
		t.Errorf("dead events: %+v", dead)
	}
	if found := log.linesWith("event is dead"); len(found) != 1 || !strings.Contains(found[0], got[0].ID()) || !strings.Contains(found[0], "users/u1") {
		t.Errorf("log lines: %q", found)
	}
}

// TestRetry checks the backoff of an event that fails for 24 hours.
func TestRetry(t *testing.T) {
	var log logBuffer
	w := start(t, log.config)
	w.register(t, triggers.Trigger{Document: "users/{uid}", Retry: true})
	w.respondWith(status(http.StatusServiceUnavailable))
	w.set(t, "users/poison", map[string]any{"n": 1})
	w.idle(t)
	begin := w.Clock.Now()
	requests := len(w.take())
	for _, wait := range []time.Duration{10, 20, 40, 80, 160, 320, 600, 600} {
		w.Clock.Advance(wait*time.Second - 2*time.Second)
		w.idle(t)
		if n := len(w.take()); n != 0 {
			t.Fatalf("%d requests 2 seconds before the end of the wait of %d seconds, want none", n, wait)
		}
		w.Clock.Advance(3 * time.Second)
		w.idle(t)
		if n := len(w.take()); n != 1 {
			t.Fatalf("%d requests after the wait of %d seconds, want 1", n, wait)
		}
		requests++
	}
	for w.Clock.Now().Sub(begin) < 25*time.Hour {
		w.Clock.Advance(601 * time.Second)
		w.idle(t)
		requests += len(w.take())
	}
	dead := w.events(t, triggers.Dead)
	if len(dead) != 1 || dead[0].Tried != requests || len(dead[0].Attempts) != 20 {
		t.Fatalf("after 25 hours and %d requests, the dead events are %+v", requests, dead)
	}
	if requests < 145 || requests > 150 { // 630 seconds for the first six waits, then one request every 600
		t.Errorf("%d attempts in 24 hours, want 145 to 150", requests)
	}
	w.Clock.Advance(48 * time.Hour)
	w.idle(t)
	if n := len(w.take()); n != 0 {
		t.Errorf("%d requests for a dead event, want none", n)
	}
	if found := log.linesWith("event is dead"); len(found) != 1 || !strings.Contains(found[0], dead[0].ID) {
		t.Errorf("log lines: %q", found)
	}
}

func TestRetryUntilSuccess(t *testing.T) {
	w := start(t)
	w.register(t, triggers.Trigger{Document: "users/{uid}", Retry: true})
	for i, code := range []int{500, 404, 302, 203, 204} {
		w.respondWith(status(code))
		if i == 0 {
			w.set(t, "users/u1", map[string]any{"n": 1})
		}
		w.idle(t)
		if n := len(w.take()); n != 1 {
			t.Fatalf("%d requests in attempt %d, want 1", n, i+1)
		}
		w.Clock.Advance(10 * time.Minute)
	}
	w.idle(t)
	done := w.events(t, triggers.Done)
	if n := len(w.take()); n != 0 || len(done) != 1 || done[0].Tried != 5 {
		t.Errorf("%d more requests; done events: %+v", n, done)
	}
}

// TestFailureDoesNotBlockOthers has one event fail forever at a trigger that sends one request at a time.
func TestFailureDoesNotBlockOthers(t *testing.T) {
	w := start(t)
	w.register(t, triggers.Trigger{Document: "users/{uid}", Retry: true, MaxConcurrent: 1})
	w.respondWith(func(rw http.ResponseWriter, d delivery) {
		if d.document() == "users/bad" {
			rw.WriteHeader(http.StatusInternalServerError)
		}
	})
	w.set(t, "users/bad", map[string]any{"n": 1})
	for i := range 10 {
		w.set(t, fmt.Sprintf("users/u%d", i), map[string]any{"n": 1})
	}
	w.idle(t)
	if done := w.events(t, triggers.Done); len(done) != 10 {
		t.Errorf("%d of 10 events are done", len(done))
	}
	if waiting := w.events(t, triggers.Waiting); len(waiting) != 1 || waiting[0].Document != "users/bad" {
		t.Errorf("waiting events: %+v", waiting)
	}
}

// TestConcurrency has more events than may be in flight. Another trigger is not affected.
func TestConcurrency(t *testing.T) {
	w := start(t)
	slow, release := newTarget(t), make(chan struct{})
	arrived := make(chan struct{}, 100)
	slow.respondWith(func(http.ResponseWriter, delivery) {
		arrived <- struct{}{}
		<-release
	})
	w.register(t, triggers.Trigger{Document: "users/{uid}"})
	w.register(t, triggers.Trigger{Name: "slow", URL: slow.URL, Document: "users/{uid}", MaxConcurrent: 3})
	for i := range 10 {
		w.set(t, fmt.Sprintf("users/u%d", i), map[string]any{"n": 1})
	}
	for range 3 {
		<-arrived
	}
	for len(w.events(t, triggers.Done)) < 10 {
		time.Sleep(time.Millisecond)
	}
	if info := w.Triggers.Triggers()[0]; info.Trigger.Name != "slow" || info.Running != 3 || info.Waiting != 7 {
		t.Errorf("the slow trigger is %+v", info)
	}
	if n := len(arrived); n != 0 {
		t.Errorf("%d requests above the limit", n)
	}
	close(release)
	w.idle(t)
	if info := w.Triggers.Triggers()[0]; info.Done != 10 || info.Running != 0 {
		t.Errorf("the slow trigger is %+v", info)
	}
}

// TestDeadline has a target that never responds.
func TestDeadline(t *testing.T) {
	w := start(t)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	arrived := make(chan struct{}, 1)
	w.respondWith(func(http.ResponseWriter, delivery) {
		arrived <- struct{}{}
		<-release
	})
	w.register(t, triggers.Trigger{Document: "users/{uid}", Retry: true})
	w.set(t, "users/u1", map[string]any{"n": 1})
	<-arrived
	w.Clock.Advance(530 * time.Second)
	if running := w.events(t, triggers.Running); len(running) != 1 {
		t.Fatalf("after 530 seconds, the running events are %+v", running)
	}
	w.Clock.Advance(11 * time.Second)
	w.idle(t)
	waiting := w.events(t, triggers.Waiting)
	if len(waiting) != 1 || !waiting[0].Attempts[0].TimedOut {
		t.Errorf("after 541 seconds, the waiting events are %+v", waiting)
	}
}

// TestIdleWaitsForChains has a function whose own writes create events, five times in a row.
func TestIdleWaitsForChains(t *testing.T) {
	w := start(t)
	w.respondWith(func(rw http.ResponseWriter, d delivery) {
		var n int
		fmt.Sscanf(d.document(), "chain/%d", &n)
		if n == 5 {
			return
		}
		if _, err := w.db.Doc(fmt.Sprintf("chain/%d", n+1)).Set(t.Context(), map[string]any{"n": n}); err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
		}
	})
	w.register(t, triggers.Trigger{Document: "chain/{n}", Event: triggers.Created})
	for range 20 {
		w.set(t, "chain/0", map[string]any{"n": 0})
		w.idle(t)
		if got := w.documents(); len(got) != 6 {
			t.Fatalf("got events of %q", got)
		}
		w.Triggers.Disable(t.Context())
		if err := w.Firestore.Reset(); err != nil {
			t.Fatal(err)
		}
		w.Triggers.Enable(t.Context())
	}
}

func TestDisable(t *testing.T) {
	w := start(t)
	w.register(t, triggers.Trigger{Document: "users/{uid}", Event: triggers.Created})
	for i := range 20 {
		before, during, after := fmt.Sprintf("users/%d-before", i), fmt.Sprintf("users/%d-during", i), fmt.Sprintf("users/%d-after", i)
		w.set(t, before, map[string]any{"n": 1})
		if err := w.Triggers.Disable(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.set(t, during, map[string]any{"n": 1})
		w.idle(t)
		sent := w.documents()
		if err := w.Triggers.Enable(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.set(t, after, map[string]any{"n": 1})
		w.idle(t)
		sent = append(sent, w.documents()...)
		slices.Sort(sent)
		if want := []string{after, before}; !slices.Equal(sent, want) {
			t.Errorf("round %d: got events of %q, want %q", i, sent, want)
		}
	}
}

// TestHub disables triggers through the emulator hub, as Firebase's test library does.
func TestHub(t *testing.T) {
	w := start(t)
	w.register(t, triggers.Trigger{Document: "users/{uid}"})
	put := func(action string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+w.HubAddress()+"/functions/"+action+"BackgroundTriggers", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", action, resp.Status)
		}
	}
	put("disable")
	w.set(t, "users/prepared", map[string]any{"n": 1})
	put("enable")
	w.set(t, "users/u1", map[string]any{"n": 1})
	w.idle(t)
	if got := w.documents(); !slices.Equal(got, []string{"users/u1"}) {
		t.Errorf("got events of %q", got)
	}
}

func TestRedeliver(t *testing.T) {
	w := start(t)
	w.register(t, triggers.Trigger{Document: "users/{uid}"})
	w.respondWith(status(http.StatusInternalServerError))
	w.set(t, "users/u1", map[string]any{"n": 1})
	w.idle(t)
	first := w.take()
	w.respondWith(nil)
	for i, state := range []triggers.State{triggers.Dead, triggers.Done} {
		events := w.events(t, state)
		if len(events) != 1 {
			t.Fatalf("%s events: %+v, want 1", state, events)
		}
		if err := w.Triggers.Redeliver("test", events[0].ID); err != nil {
			t.Fatal(err)
		}
		w.idle(t)
		again := w.take()
		if len(again) != 1 || again[0].ID() != first[0].ID() || !bytes.Equal(again[0].Data(), first[0].Data()) {
			t.Errorf("redelivered %v", again)
		}
		if done := w.events(t, triggers.Done); len(done) != 1 || done[0].Tried != 2+i {
			t.Errorf("done events: %+v", done)
		}
	}
	if err := w.Triggers.Redeliver("test", "no-such-id"); err == nil || !strings.Contains(err.Error(), "no-such-id") {
		t.Errorf("an unknown ID: %v", err)
	}
}

// TestRemove removes a trigger that has waiting events.
func TestRemove(t *testing.T) {
	w := start(t)
	w.register(t, triggers.Trigger{Document: "users/{uid}", Retry: true})
	w.respondWith(status(http.StatusInternalServerError))
	w.set(t, "users/u1", map[string]any{"n": 1})
	w.idle(t)
	if err := w.Triggers.Remove("test"); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Hour)
	w.set(t, "users/u2", map[string]any{"n": 1})
	w.idle(t)
	if got := w.documents(); len(got) != 1 {
		t.Errorf("got events of %q, want the first attempt only", got)
	}
	if len(w.Triggers.Triggers()) != 0 || w.Triggers.Remove("test") == nil {
		t.Errorf("the trigger still exists")
	}
}

// TestNewURL changes a trigger's URL while an event waits for its next attempt.
func TestNewURL(t *testing.T) {
	w := start(t)
	w.register(t, triggers.Trigger{Document: "users/{uid}", Retry: true})
	w.respondWith(status(http.StatusInternalServerError))
	w.set(t, "users/u1", map[string]any{"n": 1})
	w.idle(t)
	fixed := newTarget(t)
	w.register(t, triggers.Trigger{Document: "users/{uid}", Retry: true, URL: fixed.URL})
	w.Clock.Advance(11 * time.Second)
	w.idle(t)
	if got := fixed.documents(); len(got) != 1 {
		t.Errorf("the new target got events of %q, want one", got)
	}
}

// TestFaultsAreReproducible checks that each event comes twice, in an order that depends only on the seed,
// if one request is sent at a time.
func TestFaultsAreReproducible(t *testing.T) {
	order := func(seed uint64) []string {
		w := start(t, func(cfg *emulator.Config) {
			cfg.TriggerFaults = triggers.Faults{Twice: true, Shuffle: true, Seed: seed}
		})
		var got []string
		w.register(t, triggers.Trigger{Name: "hold", Document: "users/{uid}", MaxConcurrent: 1})
		gate, first := make(chan struct{}), true
		w.respondWith(func(_ http.ResponseWriter, d delivery) {
			if first { // hold back until all events exist, so that the choice is the same
				first = false
				<-gate
			}
			got = append(got, d.document())
		})
		w.set(t, "users/first", map[string]any{})
		for {
			if info := w.Triggers.Triggers()[0]; info.Running == 1 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		for i := range 10 {
			w.set(t, fmt.Sprintf("users/u%d", i), map[string]any{})
		}
		if err := w.Firestore.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		close(gate)
		w.idle(t)
		return got
	}
	a, b, c := order(1), order(1), order(2)
	if !slices.Equal(a, b) {
		t.Errorf("the same seed made %q and %q", a, b)
	}
	if slices.Equal(a, c) {
		t.Errorf("another seed made the same order: %q", c)
	}
	counts := map[string]int{}
	for _, d := range a {
		counts[d]++
	}
	for d, n := range counts {
		if n != 2 {
			t.Errorf("%s came %d times, want twice", d, n)
		}
	}
	if len(counts) != 11 {
		t.Errorf("%d documents, want 11", len(counts))
	}
}

// TestManyEvents checks that in a burst, no event is lost or duplicated.
func TestManyEvents(t *testing.T) {
	w := start(t)
	w.register(t, triggers.Trigger{Document: "a/{x}/b/{y}", Event: triggers.Created})
	db, err := w.Firestore.Database("demo-test", "(default)")
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]map[string]any{}
	for i := range 1000 {
		docs[fmt.Sprintf("a/%d/b/%d", i%7, i)] = map[string]any{"i": i}
	}
	if err := db.Seed(docs); err != nil {
		t.Fatal(err)
	}
	w.idle(t)
	got := w.documents()
	if n := len(slices.Compact(slices.Clone(got))); len(got) != 1000 || n != 1000 {
		t.Errorf("got %d events of %d documents, want 1000", len(got), n)
	}
}

// TestCloseCancelsRequests closes the cloud while a request is in flight.
func TestCloseCancelsRequests(t *testing.T) {
	target := newTarget(t)
	arrived := make(chan struct{}, 1)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	target.respondWith(func(http.ResponseWriter, delivery) {
		arrived <- struct{}{}
		<-release
	})
	c, err := emulator.Open(emulator.Config{Triggers: []triggers.Trigger{
		{Name: "test", Event: triggers.Written, Document: "{x=**}", URL: target.URL},
	}})
	if err != nil {
		t.Fatal(err)
	}
	db, err := c.Firestore.Database("demo-test", "(default)")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Seed(map[string]map[string]any{"a/b": {}}); err != nil {
		t.Fatal(err)
	}
	<-arrived
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Triggers.Register(triggers.Trigger{Name: "late", Event: triggers.Written, Document: "{x=**}", URL: target.URL}); err == nil {
		t.Error("a closed server accepted a trigger")
	}
}
