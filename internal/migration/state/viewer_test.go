package state_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/state"
)

var discard = slog.New(slog.DiscardHandler)

// server is what an instance of compat-server has.
type server struct {
	*state.Viewer
	// down makes Firestore unavailable.
	down atomic.Bool
	// slow is how many reads take longer than a server waits.
	slow atomic.Int32
}

func (w *world) server(t testing.TB) *server {
	s := &server{}
	fail := grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		if s.down.Load() {
			return nil, status.Error(codes.PermissionDenied, "down") // which the client does not retry
		}
		if s.slow.Add(-1) >= 0 {
			<-ctx.Done()
			return nil, status.FromContextError(ctx.Err()).Err()
		}
		return next(ctx, desc, conn, method, opts...)
	})
	client := w.FirestoreClient(t, fail)
	s.Viewer = state.NewViewer(state.NewStore(client, w.Clock.Now), discard)
	return s
}

// view returns where the server's view says that a kind is.
func (s *server) view(t testing.TB, kind state.Kind) string {
	t.Helper()
	v, err := s.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return describe(v.Of(kind))
}

// Any number of calls cost one read of three documents in a lease.
func TestOneReadPerLease(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	for range 3 {
		got := emulatortest.CostOf(w.Measure(t, func() {
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() { s.view(t, state.Accounts) })
			}
			wg.Wait()
		}))
		if got != (emulatortest.Cost{Reads: 3}) {
			t.Errorf("50 calls in one lease bill %v, want 3 reads", got)
		}
		w.Clock.Advance(state.QuietLease)
	}
}

// A view ends with the shortest of its leases, and a server that cannot read the next one has none: it does
// not decide by an old one.
func TestExpiry(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	prepared := w.prepared(t, state.Timetables)
	if got := s.view(t, state.Timetables); got != "reads old, writes old" {
		t.Error(got)
	}
	if _, err := w.store.Hold(t.Context(), prepared); err != nil {
		t.Fatal(err)
	}
	s.down.Store(true)
	w.Clock.Advance(testLease)
	if v, err := s.View(t.Context()); err == nil {
		t.Errorf("decided by %v after its lease", v.Of(state.Timetables))
	}
	if _, err := s.Newer(t.Context()); err == nil {
		t.Error("read a newer view while Firestore was down")
	}
	if _, err := s.AwaitRest(t.Context(), state.Timetables); err == nil {
		t.Error("waited for a switch without seeing it")
	}
	s.down.Store(false)
	if got := s.view(t, state.Timetables); got != "reads old, writes held" {
		t.Error(got)
	}
}

// A read that takes too long is repeated, because another may be faster: calls wait, and do not fail.
func TestSlowReads(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	s.SetReadTimeout(300 * time.Millisecond)
	s.slow.Store(3)
	var calls sync.WaitGroup
	for range 5 {
		calls.Go(func() {
			if v, err := s.View(t.Context()); err != nil || describe(v.Of(state.Accounts)) != "reads old, writes old" {
				t.Errorf("after slow reads: %v, %v", v.Of(state.Accounts), err)
			}
		})
	}
	calls.Wait()
	if n := s.slow.Load(); n >= 0 {
		t.Errorf("%d slow reads were not tried", n+1)
	}
}

// Newer sees what was committed before it was called, even within a lease, at the cost of one read.
func TestNewer(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	s.view(t, state.Accounts)
	if _, err := w.store.Hold(t.Context(), w.read(t, state.Accounts)); err != nil {
		t.Fatal(err)
	}
	got := emulatortest.CostOf(w.Measure(t, func() {
		if got := s.view(t, state.Accounts); got != "reads old, writes old" {
			t.Errorf("within the lease: %s", got)
		}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				v, err := s.Newer(t.Context())
				if got := describe(v.Of(state.Accounts)); err != nil || got != "reads old, writes held" {
					t.Errorf("%s, %v", got, err)
				}
			})
		}
		wg.Wait()
	}))
	if got.Reads > 2*3 || got.Reads == 0 {
		t.Errorf("20 calls bill %v, want one or two reads of three documents", got)
	}
}

// A held write goes on when the switch ends, whichever way.
func TestAwaitRest(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	for _, side := range []state.Side{state.New, state.Old} {
		at := w.prepared(t, state.Accounts)
		held, err := w.store.Hold(t.Context(), at)
		at = must(t, held, err)
		w.Clock.Advance(state.QuietLease)
		result := make(chan string, 1)
		go func() {
			v, err := s.AwaitRest(t.Context(), state.Schools, state.Accounts)
			result <- fmt.Sprint(describe(v.Of(state.Accounts)), err)
		}()
		settled, err := w.store.Settle(t.Context(), at)
		at = must(t, settled, err)
		select {
		case got := <-result:
			t.Errorf("a write went on during the switch: %s", got)
		default:
		}
		if side == state.New {
			_, err = w.store.Flip(t.Context(), at)
		} else {
			at, err = w.store.Flip(t.Context(), at)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := <-result; got != fmt.Sprintf("reads %s, writes %s<nil>", at.Toward, at.Toward) {
			t.Errorf("after the switch: %s", got)
		}
	}
}

// Servers take back a switch whose tool has died, in each of its phases, after its limit and not before.
// Whoever loses the race follows the winner. It is long because each phase needs its own beginning.
func TestDeadTool(t *testing.T) {
	for _, steps := range []int{1, 2, 3} { // hold, settle, half of an abort
		for _, from := range []state.Side{state.Old, state.New} {
			t.Run(fmt.Sprint(steps, from), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				at := w.prepared(t, state.Timetables)
				changes := []func(context.Context, state.State) (state.State, error){w.store.Hold, w.store.Settle, func(ctx context.Context, s state.State) (state.State, error) {
					// The tool dies between the two changes of an abort.
					dying, die := context.WithCancel(ctx)
					defer die()
					store := state.NewStore(w.FirestoreClient(t, dieAfterCommit(die)), w.Clock.Now)
					_, err := store.Abort(dying, s)
					if err == nil {
						err = fmt.Errorf("the tool did not die")
					} else {
						err = nil
					}
					return w.read(t, state.Timetables), err
				}}
				if from == state.New {
					for _, change := range []func(context.Context, state.State) (state.State, error){w.store.Hold, w.store.Settle, w.store.Flip} {
						s, err := change(t.Context(), at)
						at = must(t, s, err)
					}
					at = w.prepared(t, state.Timetables)
				}
				for _, change := range changes[:steps] {
					s, err := change(t.Context(), at)
					at = must(t, s, err)
				}
				servers := []*server{w.server(t), w.server(t), w.server(t)}
				for _, s := range servers {
					s.view(t, state.Timetables)
				}
				w.Clock.Advance(testLimit / 2)
				for _, s := range servers {
					s.view(t, state.Timetables)
				}
				if got := w.read(t, state.Timetables); got.Epoch != at.Epoch {
					t.Fatalf("%v was taken back within the limit: %v", at, got)
				}
				w.Clock.Advance(testLimit/2 + time.Second)
				var wg sync.WaitGroup
				for _, s := range servers {
					wg.Go(func() {
						v, err := s.AwaitRest(t.Context(), state.Timetables)
						if got := v.Of(state.Timetables); err != nil || got.Reads() != from || got.Epoch == at.Epoch {
							t.Errorf("%v was followed by %v, %v", at, got, err)
						}
					})
				}
				wg.Wait()
				want := at.Epoch + 1
				if at.Phase == state.Settling {
					want++
				}
				if got := w.read(t, state.Timetables); got.Epoch != want {
					t.Errorf("%v was changed %d times", at, got.Epoch-at.Epoch)
				}
				if _, err := w.store.Flip(t.Context(), at); err == nil {
					t.Error("a tool that was thought dead ended its switch after it was taken back")
				}
			})
		}
	}
}

// dieAfterCommit calls die when the first commit has succeeded.
func dieAfterCommit(die func()) grpc.DialOption {
	return grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		err := next(ctx, method, req, reply, conn, opts...)
		die()
		return err
	})
}

// A switch that goes on is not taken back: each of its changes starts the limit again.
func TestLivingTool(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	at := w.prepared(t, state.Accounts)
	for _, change := range []func(context.Context, state.State) (state.State, error){w.store.Hold, w.store.Settle, w.store.Flip} {
		changed, err := change(t.Context(), at)
		at = must(t, changed, err)
		s.view(t, state.Accounts)
		w.Clock.Advance(testLimit / 2)
		s.view(t, state.Accounts)
	}
	// A resting state is never taken back.
	w.Clock.Advance(time.Hour)
	s.view(t, state.Accounts)
	w.Clock.Advance(time.Hour)
	if got := s.view(t, state.Accounts); got != "reads new, writes new" || w.read(t, state.Accounts).Epoch != at.Epoch {
		t.Errorf("%v is now: %s", at, got)
	}
}
