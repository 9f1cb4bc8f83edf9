package refresh_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

// faults are what happens to a run: nothing, or one of all faults at one of its calls.
var faults = append(faulttest.Faults(), faulttest.None, faulttest.StallBefore, faulttest.StallAfter)

// crashSeeds is how many histories TestKilledAtAnyPoint goes through.
const crashSeeds = 1000

// Killed before or after any of its calls, standing still there while others go on, run twice at once, repeated or late: after every step of a random history the
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
					history(t, w, uint64(seed), schema.SemesterID(fmt.Sprintf("2026-%02d%02d", 1+seed/100, seed%100)))
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

func history(t *testing.T, w *world, seed uint64, id schema.SemesterID) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	var offered []string
	var tasks []refresh.Task
	// next is a task for a list that the school has just changed; now and then it is one from before.
	next := func() refresh.Task {
		v := fmt.Sprintf("%d판", random.IntN(5)) // an older version may come back
		offered = append(offered, v)
		w.school.offer(id, titles(v, 5)...)
		task := w.task(id)
		if len(tasks) > 0 && random.IntN(5) == 0 {
			return tasks[random.IntN(len(tasks))] // repeated, or an old one late
		}
		tasks = append(tasks, task)
		return task
	}
	pass := func() {
		switch random.IntN(6) {
		case 0, 1:
			w.Clock.Advance(2 * time.Hour) // left-overs are now old enough for everybody's clean-up
		case 2, 3, 4:
			w.Clock.Advance(2 * time.Minute) // the transactions of the dead have run out
		}
	}
	for step := range 4 + random.IntN(4) {
		kind := faults[random.IntN(len(faults))]
		m := w.process(t, id, kind, random.IntN(20))
		task := next()
		var run *refresh.Run
		var err error
		newest := "" // the version that must be published, "" when it may be any
		// A dead or still process leaves its transaction open, whose locks hold up everybody until it runs out.
		runOut := time.AfterFunc(400*time.Millisecond, func() { w.Clock.Advance(2 * time.Minute) })
		if kind.Stalls() {
			ended := make(chan struct{})
			go func() { defer close(ended); run, err = m.refresh(task) }()
			select {
			case <-ended: // it made fewer calls than that
			case <-m.Stalled():
				for range 1 + random.IntN(3) {
					pass()
					between, betweenErr := w.healthy(t, id).refresh(next())
					newest = ""
					if betweenErr == nil && (between.Outcome == refresh.Changed || between.Outcome == refresh.Unchanged) {
						newest = offered[len(offered)-1]
					}
				}
				m.Resume()
				<-ended
			}
		} else {
			var beside sync.WaitGroup
			if random.IntN(3) == 0 {
				other := w.process(t, id, faulttest.Faults()[random.IntN(len(faulttest.Faults()))], random.IntN(20))
				beside.Go(func() { other.refresh(task) })
			}
			run, err = m.refresh(task)
			beside.Wait()
		}
		runOut.Stop()
		list := w.published(t, id)
		if list != nil && (len(list) != 5 || !slices.Contains(offered, version(list))) {
			t.Errorf("step %d (%v, %v, %+v, %v): published %d lectures of %q, the school offered %v", step, kind, m.Calls(), run, err, len(list), version(list), offered)
		}
		if newest != "" && version(list) != newest {
			t.Errorf("step %d (%v, %v, %+v, %v): published %q over the newer %q", step, kind, m.Calls(), run, err, version(list), newest)
		}
		pass()
	}
	w.Clock.Advance(2 * time.Hour)
	run, err := w.healthy(t, id).refresh(w.task(id))
	if err != nil || (run.Outcome != refresh.Changed && run.Outcome != refresh.Unchanged) {
		t.Errorf("healthy run: %+v, %v", run, err)
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

// A clean-up stands still at each of its calls in turn, while the list that it takes for a left-over comes back.
func TestLeftOverComesBackDuringCleanUp(t *testing.T) {
	for at := range 20 {
		for _, kind := range []faulttest.Fault{faulttest.StallBefore, faulttest.StallAfter} {
			t.Run(fmt.Sprintf("%v call %d", kind, at), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				// A run that dies when it has stored its list, before anything points to it.
				w.school.offer(semesterID, titles("왼판", 5)...)
				for call := 0; len(w.objects(t, semesterID)) == 0; call++ {
					w.process(t, semesterID, faulttest.KillAfter, call).refresh(w.task(semesterID))
					w.Clock.Advance(2 * time.Minute)
				}
				w.Clock.Advance(2 * time.Hour)
				w.school.offer(semesterID, titles("다른 판", 5)...)
				m, ended := w.process(t, semesterID, kind, at), make(chan struct{})
				go func() { defer close(ended); m.refresh(w.task(semesterID)) }()
				select {
				case <-ended: // it makes fewer calls than that
					return
				case <-m.Stalled():
				}
				w.Clock.Advance(2 * time.Minute)
				w.school.offer(semesterID, titles("왼판", 5)...)
				run, err := w.healthy(t, semesterID).refresh(w.task(semesterID))
				m.Resume()
				<-ended
				if got := version(w.published(t, semesterID)); err == nil && got != "왼판" {
					t.Errorf("published %q after %+v", got, run)
				}
			})
		}
	}
}

// What nobody of ours does: the published object is deleted. The next run brings it back, though the list is the same.
func TestDeletedObjectIsRepaired(t *testing.T) {
	w := newWorld(t)
	w.school.offer(semesterID, titles("판", 5)...)
	first := w.mustRefresh(t)
	if err := w.bucket.Object(w.objects(t, semesterID)[0]).Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(time.Minute)
	second := w.mustRefresh(t)
	if version(w.published(t, semesterID)) != "판" || second.URL != first.URL {
		t.Errorf("run %+v", second)
	}
}
