package refresh_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/semester"
)

// crashSeeds is how many histories TestKilledAtAnyPoint goes through.
const crashSeeds = 1000

// Killed before or after any of its calls, run twice at once, repeated or late: after every step of a random history the
// semester points to a whole list that the school once offered; and at the end one healthy run brings the newest list
// and leaves nothing over.
func TestKilledAtAnyPoint(t *testing.T) {
	seeds := make(chan int)
	var workers sync.WaitGroup
	for range 12 { // most of a history is waiting: for the client's pause before it tries again
		w := newWorld(t) // each with a clock of its own, which the histories advance
		workers.Go(func() {
			for seed := range seeds {
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
					// A semester of its own keeps the histories of one world apart.
					history(t, w, uint64(seed), semester.ID(fmt.Sprintf("2026-%02d%02d", 1+seed/100, seed%100)))
				})
			}
		})
	}
	for seed := range crashSeeds {
		seeds <- seed
	}
	close(seeds)
	workers.Wait()
}

func history(t *testing.T, w *world, seed uint64, id semester.ID) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	var offered []string
	var tasks []refresh.Task
	for step := range 3 + random.IntN(4) {
		v := fmt.Sprintf("%d판", random.IntN(4)) // an older version may come back
		offered = append(offered, v)
		w.school.offer(id, titles(v, 5)...)
		task := w.task(id)
		if len(tasks) > 0 && random.IntN(4) == 0 {
			task = tasks[random.IntN(len(tasks))] // repeated, or an old one late
		}
		tasks = append(tasks, task)
		m := &mortal{kind: fault(random.IntN(int(faults))), at: random.IntN(25)}
		// A dead process leaves its transaction behind, whose locks hold up everybody until it runs out.
		runOut := time.AfterFunc(400*time.Millisecond, func() { w.Clock.Advance(2 * time.Minute) })
		var beside sync.WaitGroup
		if random.IntN(3) == 0 {
			other := &mortal{kind: fault(random.IntN(int(faults))), at: random.IntN(25)}
			beside.Go(func() { other.refresh(t, w, id, task) })
		}
		run, calls, err := m.refresh(t, w, id, task)
		beside.Wait()
		runOut.Stop()
		if list := w.published(t, id); list != nil && (len(list) != 5 || !slices.Contains(offered, version(list))) {
			t.Errorf("step %d (%v at call %d of %d, %+v, %v): published %d lectures of %q, the school offered %v", step, m.kind, m.at, calls, run, err, len(list), version(list), offered)
		}
		switch random.IntN(6) {
		case 0, 1:
			w.Clock.Advance(2 * time.Hour) // left-overs are now old enough for everybody's clean-up
		case 2, 3, 4:
			w.Clock.Advance(2 * time.Minute) // the transactions of the dead have run out
		}
	}
	w.Clock.Advance(2 * time.Hour)
	run, calls, err := (&mortal{}).refresh(t, w, id, w.task(id))
	if err != nil || (run.Outcome != refresh.Changed && run.Outcome != refresh.Unchanged) {
		t.Errorf("healthy run after %d calls: %+v, %v", calls, run, err)
		return
	}
	if got, want := version(w.published(t, id)), offered[len(offered)-1]; got != want {
		t.Errorf("published %q, the school offers %q", got, want)
	}
	record := w.record(t, id)
	var kept []string
	for _, p := range record.Published {
		kept = append(kept, p.Name)
	}
	slices.Sort(kept)
	if objects := w.objects(t, id); !slices.Equal(objects, kept) || len(record.Condemned) > 0 {
		t.Errorf("objects %v, published %v, condemned %v", objects, kept, record.Condemned)
	}
}
