package passthrough_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// sideModel is a database of a side: what was written there, and whether writes are locked out.
type sideModel struct {
	mu     sync.Mutex
	locked bool
	writes map[string]int
}

func (m *sideModel) lock(locked bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.locked = locked
}

// serve executes writes and reads of "/me/timetables/{write}/…".
func (m *sideModel) serve(other *sideModel) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := strings.Split(strings.TrimPrefix(r.URL.Path, base+"/me/timetables/"), "/")[0]
		m.mu.Lock()
		defer m.mu.Unlock()
		switch {
		case r.Method == "GET" && m.writes[id] == 0:
			w.WriteHeader(http.StatusNotFound)
		case r.Method == "GET":
		case m.locked:
			w.WriteHeader(http.StatusInternalServerError)
		default:
			m.writes[id]++
		}
	}
}

// drain copies to another side what it does not have, as replication does.
func (m *sideModel) drain(to *sideModel) {
	m.mu.Lock()
	defer m.mu.Unlock()
	to.mu.Lock()
	defer to.mu.Unlock()
	for id, n := range m.writes {
		to.writes[id] = max(to.writes[id], n)
	}
}

// Switches forward, back and taken back, under load: no call fails, every write is made once, on the
// side that has the data, and everybody reads their own writes. The tool dies in some switches, and an
// instance takes them back. It is long because it is one story.
func TestSwitchUnderLoad(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	store := state.NewStore(fx.client, nil) // the leases of a switch must really pass
	old, here := &sideModel{writes: map[string]int{}}, &sideModel{writes: map[string]int{}}
	fx.old.on(old.serve(here))
	fx.here.on(here.serve(old))
	instances := []*instance{fx.instance(t, options{}), fx.instance(t, options{})}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	var serial, heldOnce atomic.Int64
	acknowledged := sync.Map{}
	bearer := fx.oldAccess(t, minsu)
	for worker := range 8 {
		writers.Go(func() {
			for i := worker; ctx.Err() == nil; i++ {
				id := fmt.Sprint("w", serial.Add(1))
				method := []string{"POST", "PUT"}[i%2]
				r, err := instances[i%2].try(t.Context(), method, base+"/me/timetables/"+id+"/lectures/l", bearer, "{}")
				if err != nil || r.status != http.StatusOK {
					t.Errorf("%s of %s: %v, %v", method, id, r, err)
					return
				}
				acknowledged.Store(id, r.side)
				if r, err := instances[(i+1)%2].try(t.Context(), "GET", base+"/me/timetables/"+id, bearer, ""); err != nil || r.status != http.StatusOK {
					t.Errorf("%s is not there after it was acknowledged: %v, %v", id, r, err)
					return
				}
				if instances[0].Holding() > 0 {
					heldOnce.Add(1)
				}
			}
		})
	}
	for _, end := range []string{"forward", "back", "abort settling", "die holding", "forward", "die settling"} {
		if !t.Failed() {
			fx.switchTimetables(t, store, end, old, here, instances)
		}
		// The next switch begins only after this one's writes have gone on: the tool waits for a quiet lease.
		eventually(t, "the held writes", func() bool { return t.Failed() || instances[0].Holding()+instances[1].Holding() == 0 })
	}
	stop()
	writers.Wait()
	count := 0
	acknowledged.Range(func(id, side any) bool {
		count++
		if n := max(old.writes[id.(string)], here.writes[id.(string)]); n != 1 {
			t.Errorf("%s, acknowledged by %s, was made %d times", id, side, n)
		}
		return true
	})
	if count == 0 || heldOnce.Load() == 0 {
		t.Errorf("%d writes, %d of them while others were held: the test tests nothing", count, heldOnce.Load())
	}
}

// switchTimetables switches to the other side, as the tool does, or fails to. It is long because a switch can end in
// several ways.
func (fx *fixture) switchTimetables(t *testing.T, store *state.Store, end string, old, here *sideModel, instances []*instance) {
	t.Helper()
	ctx := t.Context()
	from, to := old, here
	v, err := store.Read(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	s := v.Of(state.Timetables)
	if s.Reads() == state.New {
		from, to = here, old
	}
	change := func(next state.State, err error) {
		if err != nil {
			t.Error(err)
		}
		s = next
	}
	passed := func(next state.State, err error) {
		change(next, err)
		if err := store.Await(ctx, s); err != nil {
			t.Error(err)
		}
	}
	died := func() {
		old.lock(false) // the guard ends by itself
		var advanced time.Time
		pause := 50 * time.Millisecond
		eventually(t, "an instance to take the switch back", func() bool {
			// An instance waits for the limit from when it has seen the switch. It may see it only after the clock was advanced.
			if time.Since(advanced) > pause {
				fx.Clock.Advance(time.Minute + time.Second)
				advanced, pause = time.Now(), 2*pause
			}
			v, err := store.Read(ctx)
			return err == nil && v.Of(state.Timetables).Resting() || t.Failed()
		})
	}
	change(store.Prepare(ctx, s, time.Second, time.Minute))
	fx.Clock.Advance(2 * state.QuietLease)
	// Otherwise the clock would have jumped over the writes that were decided before.
	eventually(t, "both instances to take part", func() bool {
		docs, err := schema.MigrationServers(fx.client, state.Timetables).Where("epoch", "==", s.Epoch).Documents(ctx).GetAll()
		return err == nil && len(docs) == len(instances) || t.Failed()
	})
	passed(store.Hold(ctx, s))
	old.lock(true) // only the old side has a guard; it stays while the data is on the new side
	from.drain(to)
	if end == "die holding" {
		died()
		return
	}
	passed(store.Settle(ctx, s))
	switch end {
	case "abort settling":
		old.lock(from == here)
		change(store.Abort(ctx, s))
	case "die settling":
		died()
	default:
		old.lock(to == here)
		change(store.Flip(ctx, s))
	}
}
