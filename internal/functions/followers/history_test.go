package followers_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/tasks"
	"heek.kr/heektime/emulator/triggers"
	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/functions/followers"
	"heek.kr/heektime/internal/longtest"
)

// TestHistories runs this many random histories, and more with LONG_TESTS.
const histories, longHistories = 3, 6

// Users follow and unfollow each other concurrently under the rules, several times in a second. Events and tasks arrive
// twice, late and in any order, and the processes that handle them are killed at any of their calls. Meanwhile an account
// ends. In the end, all counts are right, and nothing of the account is left.
func TestHistories(t *testing.T) {
	t.Parallel()
	n := histories
	if longtest.Enabled() {
		n = longHistories
	}
	for seed := range uint64(n) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			newHistory(t, seed).run(t)
		})
	}
}

// history is one random history.
type history struct {
	*world
	uids   []string
	leaver string // whose account ends

	mu      sync.Mutex
	random  *rand.Rand
	follows map[string]map[string]bool
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{uids: []string{"ann", "ben", "cho", "dan", "eve"}, random: rand.New(rand.NewPCG(seed, 18)), follows: map[string]map[string]bool{}}
	h.world = newWorld(t, func(w *world) {
		h.world = w
		w.mux.Handle("POST /follow-written", h.flaky(t, func(s *followers.Service, ctx context.Context) http.Handler {
			return w.event(func(_ context.Context, e cloudevent.Event) error { return s.FollowWritten(ctx, e) })
		}))
		w.mux.Handle("POST "+followers.Path, h.flaky(t, func(s *followers.Service, ctx context.Context) http.Handler {
			return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
				s.Handler(w.callers).ServeHTTP(out, r.WithContext(ctx))
			})
		}))
	})
	h.people(t, h.uids...)
	h.leaver = h.uids[h.n(len(h.uids))]
	h.Triggers.SetFaults(triggers.Faults{Twice: true, Shuffle: true, Delay: followers.Every, Seed: seed})
	h.Tasks.SetFaults(tasks.Faults{Twice: true, Shuffle: true, Delay: followers.Every, Seed: seed})
	return h
}

func (h *history) n(n int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.random.IntN(n)
}

// flaky returns a handler some of whose requests go to a process with a fault at one of its calls, and some of whose
// responses are lost.
func (h *history) flaky(t *testing.T, serve func(*followers.Service, context.Context) http.Handler) http.Handler {
	healthy := h.service(t, h.fs)
	faulty := make(chan http.Handler, 8)
	for range cap(faulty) {
		p, ctx := faulttest.New(t.Context(), faulttest.Faults()[h.n(4)], h.n(5))
		faulty <- serve(h.service(t, h.FirestoreClient(t, p.DialOptions()...)), ctx)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch h.n(6) {
		case 0, 1:
			select {
			case handler := <-faulty:
				handler.ServeHTTP(w, r)
				return
			default:
			}
		case 2:
			serve(healthy, r.Context()).ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		serve(healthy, r.Context()).ServeHTTP(w, r)
	})
}

func (h *history) run(t *testing.T) {
	// Time must pass: a killed process leaves a transaction whose locks block everybody until it expires.
	ticking, stopTicking := context.WithCancel(t.Context())
	var ticker, acting sync.WaitGroup
	ticker.Go(func() {
		for ticking.Err() == nil {
			time.Sleep(5 * time.Millisecond)
			h.Clock.Advance(time.Second)
		}
	})
	for _, uid := range h.uids {
		h.follows[uid] = map[string]bool{}
		acting.Go(func() { h.act(t, uid) })
	}
	d := h.deletion(t)
	acting.Go(func() {
		must(t, unlessExpired(func() error { _, err := d.Request(t.Context(), h.leaver); return err }))
		must(t, unlessExpired(func() error { return d.PurgeNow(t.Context(), h.leaver) }))
		must(t, unlessExpired(func() error { _, err := d.Purge(t.Context(), h.leaver); return err }))
	})
	acting.Wait()
	stopTicking()
	ticker.Wait()
	for gone := false; !gone; { // the first purge may have stopped halfway
		h.Clock.Advance(deletion.Grace)
		p, err := d.Purge(t.Context(), h.leaver)
		must(t, err)
		gone = p.Gone
	}
	h.Triggers.SetFaults(triggers.Faults{})
	h.Tasks.SetFaults(tasks.Faults{})
	h.settle(t)
	h.check(t)
}

// act follows and unfollows others.
func (h *history) act(t *testing.T, uid string) {
	client := h.FirestoreClientAs(t, uid, nil)
	mine := h.follows[uid]
	for range 20 {
		other := h.uids[h.n(len(h.uids))]
		add := h.n(3) > 0
		switch err := unlessExpired(func() error { return follow(t.Context(), client, uid, other, add) }); status.Code(err) {
		case codes.OK:
			if other == uid || mine[other] == add && other != h.leaver {
				t.Errorf("%s may follow %s (%v), whom they follow already: %v", uid, other, add, mine[other])
			}
			mine[other] = add
		case codes.PermissionDenied:
			if other != uid && mine[other] != add && other != h.leaver && uid != h.leaver {
				t.Errorf("%s may not follow %s (%v), whom they follow: %v: %v", uid, other, add, mine[other], err)
			}
		default:
			t.Errorf("%s follows %s (%v): %v", uid, other, add, err)
		}
	}
}

// unlessExpired does something again if its transaction expired before it committed: the clock is faster than a busy machine.
func unlessExpired(do func() error) error {
	for {
		err := do()
		if status.Code(err) != codes.InvalidArgument {
			return err
		}
	}
}

func (h *history) check(t *testing.T) {
	t.Helper()
	want := map[string]int{}
	for _, uid := range h.uids {
		if uid == h.leaver {
			continue
		}
		following := 0
		for other, follows := range h.follows[uid] {
			if follows && other != h.leaver {
				following++
				want[other]++
			}
		}
		if got := max(0, h.count(t, uid, "following")); got != following {
			t.Errorf("%s follows %d others, the count is %d", uid, following, got)
		}
	}
	for _, uid := range h.uids {
		wanted := want[uid]
		if wanted == 0 {
			wanted = -1 // no document
		}
		if got := h.count(t, uid, "followers"); got != wanted {
			t.Errorf("%s has %d followers, the count is %d", uid, wanted, got)
		}
	}
	all, err := h.fs.CollectionGroup("follows").Documents(t.Context()).GetAll()
	must(t, err)
	for _, follow := range all {
		if follow.Ref.ID == h.leaver || follow.Ref.Parent.Parent.ID == h.leaver {
			t.Errorf("%s is left of an account that ended", follow.Ref.Path)
		}
	}
	if got := h.count(t, h.leaver, "following"); got >= 0 {
		t.Errorf("the count of those whom %s followed is left", h.leaver)
	}
}
