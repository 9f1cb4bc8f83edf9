package state_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// world is a local cloud with a tool's store.
type world struct {
	*emulatortest.Cloud
	client *firestore.Client
	store  *state.Store
}

func newWorld(t *testing.T) *world {
	cloud := emulatortest.Start(t)
	client := cloud.FirestoreClient(t)
	return &world{cloud, client, state.NewStore(client, cloud.Clock.Now)}
}

func (w *world) read(t testing.TB, kind state.Kind) state.State {
	t.Helper()
	v, err := w.store.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v.Of(kind)
}

// must returns a state that a change returned without an error.
func must(t testing.TB, s state.State, err error) state.State {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The lease and the limit of switches in these tests. They are longer than in production, so that a busy
// machine does not exceed them by itself; tests advance the clock.
const (
	testLease = time.Second
	testLimit = time.Minute
)

// prepared returns the state of a kind that is prepared for a switch.
func (w *world) prepared(t testing.TB, kind state.Kind) state.State {
	t.Helper()
	s, err := w.store.Prepare(t.Context(), w.read(t, kind), testLease, testLimit)
	return must(t, s, err)
}

// describe says where reads and writes go.
func describe(s state.State) string {
	side, held := s.Writes()
	if held {
		side = "held"
	}
	return fmt.Sprintf("reads %s, writes %s", s.Reads(), side)
}

func TestSwitchAndBack(t *testing.T) {
	w := newWorld(t)
	s := w.read(t, state.Accounts)
	if got := describe(s); got != "reads old, writes old" || !s.Resting() || s.WasNew || s.Lease() != state.QuietLease {
		t.Errorf("a kind without a document: %v, %s, lease %v", s, got, s.Lease())
	}
	step := func(change func(context.Context, state.State) (state.State, error), want string) {
		t.Helper()
		before := s
		changed, err := change(t.Context(), s)
		s = must(t, changed, err)
		stored := w.read(t, state.Accounts)
		if got := describe(stored); got != want || stored.Epoch != before.Epoch+1 || stored.String() != s.String() {
			t.Errorf("%v is followed by %v, returned as %v: %s, want %s", before, stored, s, got, want)
		}
	}
	for range 2 {
		s = w.prepared(t, state.Accounts)
		if s.Lease() != testLease {
			t.Errorf("the lease of %v is %v", s, s.Lease())
		}
		step(w.store.Hold, "reads old, writes held")
		step(w.store.Settle, "reads new, writes held")
		step(w.store.Flip, "reads new, writes new")
		if !s.WasNew || s.Lease() != state.QuietLease {
			t.Errorf("after a switch: %v, lease %v, was new: %v", s, s.Lease(), s.WasNew)
		}
		step(w.store.Hold, "reads new, writes held")
		step(w.store.Settle, "reads old, writes held")
		step(w.store.Flip, "reads old, writes old")
		if !s.WasNew {
			t.Error("a kind that moved back has never been new")
		}
	}
	if got := describe(w.read(t, state.Timetables)); got != "reads old, writes old" {
		t.Errorf("another kind changed: %s", got)
	}
}

// Each change is possible only in its phase, and a kind can be taken back from each.
func TestPhases(t *testing.T) {
	w := newWorld(t)
	changes := map[string]func(context.Context, state.State) (state.State, error){
		"prepare": func(ctx context.Context, s state.State) (state.State, error) {
			return w.store.Prepare(ctx, s, testLease, testLimit)
		},
		"hold": w.store.Hold, "settle": w.store.Settle, "flip": w.store.Flip,
	}
	for _, side := range []state.Side{state.Old, state.New} {
		for _, c := range []struct {
			steps   []string
			allowed string
		}{
			{nil, "prepare hold"},
			{[]string{"hold"}, "settle"},
			{[]string{"hold", "settle"}, "flip"},
		} {
			s := w.prepared(t, state.Timetables)
			if s.Reads() != side {
				for _, name := range []string{"hold", "settle", "flip", "prepare"} {
					changed, err := changes[name](t.Context(), s)
					s = must(t, changed, err)
				}
			}
			for _, name := range c.steps {
				changed, err := changes[name](t.Context(), s)
				s = must(t, changed, err)
			}
			for name, change := range changes {
				if strings.Contains(c.allowed, name) {
					continue
				}
				if got, err := change(t.Context(), s); err == nil || errors.Is(err, state.ErrChanged) {
					t.Errorf("%s of %v: got %v, %v", name, s, got, err)
				}
			}
			rested, err := w.store.Abort(t.Context(), s)
			if err != nil || rested.Reads() != side || !rested.Resting() || rested.Aborting {
				t.Errorf("abort %v: got %v, %v", s, rested, err)
			}
			if again, err := w.store.Abort(t.Context(), rested); err != nil || again.Epoch != rested.Epoch {
				t.Errorf("abort %v again: got %v, %v", rested, again, err)
			}
		}
	}
}

// A settling kind is held again before it rests: reads return to where it came from while writes still
// wait, and only then may writes go on there.
func TestAbortOfSettling(t *testing.T) {
	w := newWorld(t)
	s := w.prepared(t, state.Timetables)
	for _, change := range []func(context.Context, state.State) (state.State, error){w.store.Hold, w.store.Settle} {
		changed, err := change(t.Context(), s)
		s = must(t, changed, err)
	}
	var seen []string
	ref := schema.MigrationRef(w.client, state.Timetables)
	snapshots := ref.Snapshots(t.Context())
	defer snapshots.Stop()
	if _, err := snapshots.Next(); err != nil {
		t.Fatal(err)
	}
	rested, err := w.store.Abort(t.Context(), s)
	if err != nil || rested.Epoch != s.Epoch+2 {
		t.Fatalf("abort %v: %v, %v", s, rested, err)
	}
	for len(seen) < 2 {
		snap, err := snapshots.Next()
		if err != nil {
			t.Fatal(err)
		}
		now := state.State{Kind: state.Timetables}
		if err := snap.DataTo(&now.Migration); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, fmt.Sprintf("%s, aborting %v", describe(now), now.Aborting))
	}
	if want := "[reads old, writes held, aborting true reads old, writes old, aborting false]"; fmt.Sprint(seen) != want {
		t.Errorf("saw %v, want %s", seen, want)
	}
}

// Of two that change the same state, one gets ErrChanged and the other's change.
func TestLoserOfARace(t *testing.T) {
	w := newWorld(t)
	for _, steps := range []int{0, 1, 2} { // before the document exists, and after
		before := w.read(t, state.Schools)
		for range steps {
			before = w.prepared(t, state.Schools)
		}
		results := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := w.store.Prepare(t.Context(), before, time.Second, state.SwitchLimit)
				results <- err
			}()
		}
		first, second := <-results, <-results
		if (first == nil) == (second == nil) || !errors.Is(errors.Join(first, second), state.ErrChanged) {
			t.Errorf("two changes of %v: %v and %v", before, first, second)
		}
	}
}

// A change whose response is lost has happened or not; the store finds out.
func TestLostResponse(t *testing.T) {
	w := newWorld(t)
	for _, arrives := range []bool{true, false} {
		for _, exists := range []bool{false, true} {
			kind := state.Schools
			if arrives {
				kind = state.Accounts
			}
			lost := false
			lose := grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				if lost || !strings.HasSuffix(method, "/Commit") {
					return next(ctx, method, req, reply, conn, opts...)
				}
				lost = true
				if arrives {
					if err := next(ctx, method, req, reply, conn, opts...); err != nil {
						return err
					}
				}
				return status.Error(codes.PermissionDenied, "lost") // which the client does not retry
			})
			store := state.NewStore(w.FirestoreClient(t, lose), nil)
			before := w.read(t, kind)
			if exists && before.Epoch == 0 {
				before = w.prepared(t, kind)
			}
			after, err := store.Prepare(t.Context(), before, time.Second, state.SwitchLimit)
			stored := w.read(t, kind)
			switch {
			case !lost:
				t.Error("no response was lost")
			case arrives && (err != nil || stored.Epoch != before.Epoch+1 || after.String() != stored.String()):
				t.Errorf("exists: %v: the change arrived: got %v, %v; stored is %v", exists, after, err, stored)
			case !arrives && (err == nil || errors.Is(err, state.ErrChanged) || stored.Epoch != before.Epoch):
				t.Errorf("exists: %v: the change did not arrive: got %v, %v; stored is %v", exists, after, err, stored)
			}
			if arrives {
				// The returned state is the one that the next change needs.
				if _, err := store.Hold(t.Context(), after); err != nil {
					t.Error(err)
				}
				if _, err := store.Abort(t.Context(), w.read(t, kind)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// A damaged document is an error, never a guess.
func TestDamagedDocuments(t *testing.T) {
	w := newWorld(t)
	ref := schema.MigrationRef(w.client, state.Accounts)
	for _, fields := range []map[string]any{
		{}, {"phase": "moving", "toward": "new"}, {"phase": "old", "toward": "new"}, {"phase": "new", "toward": "old"},
		{"phase": "holding", "toward": "sideways"}, {"phase": 7, "toward": "new"}, {"phase": "new", "toward": "new", "epoch": -1},
	} {
		if _, err := ref.Set(t.Context(), fields); err != nil {
			t.Fatal(err)
		}
		v, err := w.store.Read(t.Context())
		if len(fields) == 0 {
			// Absent fields are those of a kind that has not moved.
			if err != nil || v.Of(state.Accounts).Reads() != state.Old {
				t.Errorf("an empty document: %v, %v", v.Of(state.Accounts), err)
			}
		} else if err == nil || !strings.Contains(err.Error(), "accounts") {
			t.Errorf("%v: got %v, %v", fields, v.Of(state.Accounts), err)
		}
	}
	// Leases and limits out of bounds are clamped.
	for millis, want := range map[int64]time.Duration{-1: state.MinLease, 0: state.MinLease, 1 << 60: state.QuietLease} {
		s := state.State{Migration: schema.Migration{LeaseMillis: millis, LimitMillis: millis}}
		if s.Lease() != want || s.Limit() < time.Second || s.Limit() > time.Minute {
			t.Errorf("%d ms: lease %v, limit %v", millis, s.Lease(), s.Limit())
		}
	}
}

// Await waits for the lease of the state before, and for the longest lease if that is unknown.
func TestAwait(t *testing.T) {
	w := newWorld(t)
	first := w.prepared(t, state.Accounts)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.store.Await(ctx, first); err == nil {
		t.Error("did not wait for the quiet lease before it was shortened")
	}
	if err := w.store.Await(ctx, w.read(t, state.Accounts)); err == nil {
		t.Error("did not wait for a state that was only read")
	}
	second, err := w.store.Hold(t.Context(), first)
	must(t, second, err)
	w.Clock.Advance(time.Minute) // long after both
	if err := w.store.Await(t.Context(), second); err != nil {
		t.Error(err)
	}
}
