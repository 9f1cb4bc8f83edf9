package state_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// The tool waits for each server that takes part in the switch, and for no other.
func TestAcknowledged(t *testing.T) {
	w := newStoppedWorld(t)
	expect := func(of state.State, want bool, when string) {
		t.Helper()
		if got, err := w.store.Acknowledged(t.Context(), of); err != nil || got != want {
			t.Errorf("%s: acknowledged: %v (%v), want %v", when, got, err, want)
		}
	}
	at := w.prepared(t, state.Timetables)
	held, err := w.store.Hold(t.Context(), at)
	at = must(t, held, err)
	expect(at, true, "no server takes part")
	aborted, err := w.store.Abort(t.Context(), at)
	must(t, aborted, err)

	first, second, idle := w.server(t), w.server(t), w.server(t)
	idle.view(t, state.Timetables)
	at = w.prepared(t, state.Timetables)
	w.Clock.Advance(state.QuietLease)
	first.view(t, state.Timetables)
	second.view(t, state.Timetables)
	for _, change := range []func(context.Context, state.State) (state.State, error){w.store.Hold, w.store.Settle} {
		changed, err := change(t.Context(), at)
		at = must(t, changed, err)
		expect(at, false, "no server has noticed")
		w.Clock.Advance(state.QuietLease)
		first.view(t, state.Timetables)
		expect(at, false, "the second server has not noticed")
		second.view(t, state.Timetables)
		w.awaitAcknowledged(t, at)
	}
	idle.view(t, state.Timetables)
	w.awaitAcknowledged(t, at)

	// Servers of an earlier switch do not matter to the next one, unless they take part again.
	aborted, err = w.store.Abort(t.Context(), at)
	must(t, aborted, err)
	at = w.prepared(t, state.Timetables)
	w.Clock.Advance(state.QuietLease)
	first.view(t, state.Timetables)
	if n := w.servers(t); n != 1 {
		t.Errorf("%d servers take part, want 1", n)
	}
	held, err = w.store.Hold(t.Context(), at)
	at = must(t, held, err)
	expect(at, false, "the only server has not noticed")
	w.Clock.Advance(state.QuietLease)
	first.view(t, state.Timetables)
	w.awaitAcknowledged(t, at)
}

// newStoppedWorld returns a world in which servers read the state only when a test advances the clock.
func newStoppedWorld(t *testing.T) *world {
	cloud := emulatortest.Start(t, func(c *emulator.Config) { c.Clock = clock.NewStopped(time.Now()) })
	client := cloud.FirestoreClient(t)
	return &world{cloud, client, state.NewStore(client, cloud.Clock.Now)}
}

func (w *world) awaitAcknowledged(t testing.TB, of state.State) {
	t.Helper()
	for {
		if all, err := w.store.Acknowledged(t.Context(), of); err != nil || all {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// A server acknowledges a state only when the writes that it decided by an earlier one have ended.
func TestAcknowledgedAfterWrites(t *testing.T) {
	w := newStoppedWorld(t)
	s, other := w.server(t), w.server(t)
	at := w.prepared(t, state.Timetables)
	w.Clock.Advance(state.QuietLease)
	view, err := s.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other.view(t, state.Timetables)
	leave, ok := s.Enter(view)
	if !ok {
		t.Fatal("a write cannot begin")
	}
	held, err := w.store.Hold(t.Context(), at)
	at = must(t, held, err)
	w.Clock.Advance(state.QuietLease)
	if _, ok := s.Enter(view); ok {
		t.Error("a write began by an expired view")
	}
	s.view(t, state.Timetables)
	other.view(t, state.Timetables)
	for range 20 {
		if all, err := w.store.Acknowledged(t.Context(), at); err != nil || all {
			t.Fatalf("acknowledged: %v (%v) while a write runs", all, err)
		}
		time.Sleep(5 * time.Millisecond) // let it be wrong
	}
	if _, ok := s.Enter(view); ok {
		t.Error("a write began by an earlier view")
	}
	leave()
	w.awaitAcknowledged(t, at)
}

// servers counts the servers that have taken part in switches of timetables.
func (w *world) servers(t testing.TB) int {
	t.Helper()
	docs, err := schema.MigrationServers(w.client, state.Timetables).Documents(t.Context()).GetAll()
	if err != nil {
		t.Fatal(err)
	}
	return len(docs)
}

// A server that cannot join a switch decides nothing: the tool would not wait for it.
func TestServerThatCannotJoin(t *testing.T) {
	w := newWorld(t)
	var down atomic.Bool
	fail := grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if down.Load() && strings.HasSuffix(method, "/Commit") {
			return status.Error(codes.PermissionDenied, "down") // which the client does not retry
		}
		return next(ctx, method, req, reply, conn, opts...)
	})
	s := &server{Viewer: state.NewViewer(state.NewStore(w.FirestoreClient(t, fail), w.Clock.Now), discard)}
	s.view(t, state.Timetables)
	w.prepared(t, state.Timetables)
	w.Clock.Advance(state.QuietLease)
	down.Store(true)
	if v, err := s.View(t.Context()); err == nil {
		t.Errorf("decided by %v without taking part", v.Of(state.Timetables))
	}
	down.Store(false)
	if got := s.view(t, state.Timetables); got != "reads old, writes old" {
		t.Error(got)
	}
}

// When the tool has waited for a change, no server decides by the state before it, however slow the servers' network
// is, and whether they acknowledge changes or not. It is long because it is servers and a tool at work.
func TestNobodyDecidesByAnEarlierState(t *testing.T) {
	w := newWorld(t)
	var awaited atomic.Int64 // the epoch that the tool has waited for
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	decided := make([]atomic.Int64, 4)
	for i := range decided {
		r := rand.New(rand.NewPCG(uint64(i), 1))
		var mu sync.Mutex
		delay := func() {
			mu.Lock()
			d := time.Duration(r.IntN(30*i+1)) * time.Millisecond // the first is fast, the others slower and slower
			mu.Unlock()
			time.Sleep(d)
		}
		client := w.FirestoreClient(t,
			grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
				delay()
				return next(ctx, desc, conn, method, opts...)
			}),
			grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				defer delay()
				return next(ctx, method, req, reply, conn, opts...)
			}))
		viewer := state.NewViewer(state.NewStore(client, nil), discard)
		for range 2 {
			group.Go(func() {
				for ctx.Err() == nil {
					oldest := awaited.Load()
					v, err := viewer.View(ctx)
					if err != nil {
						if ctx.Err() == nil {
							t.Error(err)
						}
						return
					}
					if s := v.Of(state.Timetables); s.Epoch < oldest {
						t.Errorf("server %d decides by %v after the tool has waited for epoch %d", i, s, oldest)
						return
					}
					decided[i].Add(1)
					time.Sleep(time.Millisecond)
				}
			})
		}
	}
	store := state.NewStore(w.client, nil)
	for range 4 {
		if t.Failed() {
			break
		}
		view, err := store.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		at := view.Of(state.Timetables)
		step := func(s state.State, err error) {
			t.Helper()
			at = must(t, s, err)
			if err := store.Await(t.Context(), at); err != nil {
				t.Fatal(err)
			}
			awaited.Store(at.Epoch)
			seen := decided[0].Load()
			for decided[0].Load() < seen+5 && !t.Failed() {
				time.Sleep(time.Millisecond)
			}
		}
		step(store.Prepare(t.Context(), at, 300*time.Millisecond, testLimit))
		step(store.Hold(t.Context(), at))
		step(store.Settle(t.Context(), at))
		at, err = store.Flip(t.Context(), at)
		must(t, at, err)
	}
	stop()
	group.Wait()
}
