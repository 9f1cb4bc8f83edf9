package refresh_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/longtest"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

// faults are the faults injected into runs, including none.
var faults = append(faulttest.Faults(), faulttest.None, faulttest.StallBefore, faulttest.StallAfter)

const (
	// maxCalls is the number of a run's calls that a fault may hit. A run rarely makes more.
	maxCalls = 24
	// longHistories is the number of histories with LONG_TESTS.
	longHistories = 400
)

// faultAt returns the fault of a history's step and the call that it hits. Any len(faults)*maxCalls
// histories, counted from a multiple of that, have every fault at every call once per step: the first
// four steps, which every history has, cover each combination four times, in random company.
func faultAt(seed, step int) (faulttest.Fault, int) {
	combinations := len(faults) * maxCalls
	random := rand.New(rand.NewPCG(uint64(step), uint64(seed/combinations)))
	i := random.Perm(combinations)[seed%combinations]
	return faults[i/maxCalls], i % maxCalls
}

// The default number of histories covers every combination, as faultAt says.
func TestFaultAtCoversEveryCombination(t *testing.T) {
	type combination struct {
		fault faulttest.Fault
		at    int
	}
	needed := len(faults) * maxCalls
	for step := range 7 {
		seen := map[combination]bool{}
		for seed := range needed {
			fault, at := faultAt(seed, step)
			seen[combination{fault, at}] = true
		}
		if len(seen) != needed {
			t.Errorf("step %d: %d combinations of %d", step, len(seen), needed)
		}
	}
}

// Runs are killed before or after any of their calls, stall there while others continue, run
// concurrently with themselves, repeat or arrive late. After every step of a random history the
// semester refers to a complete list that the school once offered. In the end one healthy run publishes
// the newest list and leaves no leftovers.
//
// By default there are as many histories as faultAt needs for every combination. With LONG_TESTS there
// are more than twice as many, which vary what precedes and follows a fault.
func TestKilledAtAnyPoint(t *testing.T) {
	needed := len(faults) * maxCalls
	histories := needed
	if longtest.Enabled() {
		histories = longHistories
	}
	seeds := make(chan int)
	var workers sync.WaitGroup
	for range 12 { // far more than processors: histories mostly wait for the clients' retry backoff
		w := newWorld(t) // one per worker, because histories advance its clock
		workers.Go(func() {
			for seed := range seeds {
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
					// Histories that share a world use different semesters.
					id := schema.SemesterID(fmt.Sprintf("2026-%02d%02d", 1+seed/100, seed%100))
					h := &history{t: t, w: w, seed: seed, id: id, random: rand.New(rand.NewPCG(uint64(seed), 1))}
					h.run()
				})
			}
		})
	}
	// On a busy machine, they must not exceed the time that go test allows.
	deadline, limited := t.Deadline()
	stop := time.Now().Add(time.Until(deadline) / 2)
	for seed := range histories {
		if seed >= needed && limited && time.Now().After(stop) {
			t.Logf("stopped after %d of %d histories, at half of the time limit", seed, histories)
			break
		}
		seeds <- seed
	}
	close(seeds)
	workers.Wait()
}

// history is a random sequence of runs of one semester, most of them hit by a fault.
type history struct {
	t       *testing.T
	w       *world
	seed    int
	id      schema.SemesterID
	random  *rand.Rand
	offered []string // versions of the list, in the order the school offered them
	tasks   []refresh.Task
}

func (h *history) run() {
	for step := range 4 + h.random.IntN(4) {
		h.step(step)
		h.advanceClock()
	}
	h.checkHealthyRun()
}

// nextTask returns a task for a list that the school has just changed, or, once in a while, an
// earlier task.
func (h *history) nextTask() refresh.Task {
	v := fmt.Sprintf("%d판", h.random.IntN(5)) // an older version may return
	h.offered = append(h.offered, v)
	h.w.school.offer(h.id, titles(v, 5)...)
	task := h.w.task(h.id)
	if len(h.tasks) > 0 && h.random.IntN(5) == 0 {
		return h.tasks[h.random.IntN(len(h.tasks))] // repeated or late
	}
	h.tasks = append(h.tasks, task)
	return task
}

func (h *history) advanceClock() {
	switch h.random.IntN(6) {
	case 0, 1:
		h.w.Clock.Advance(2 * time.Hour) // leftovers are now old enough for any run's clean-up
	case 2, 3, 4:
		h.w.Clock.Advance(2 * time.Minute) // transactions of killed processes have expired
	}
}

// step runs one task under a random fault and checks what is published afterwards.
func (h *history) step(step int) {
	h.t.Helper()
	kind, at := faultAt(h.seed, step)
	p := h.w.process(h.t, h.id, kind, at)
	task := h.nextTask()
	var run *refresh.Run
	var err error
	newest := "" // the version that must be published, or "" for any
	// A dead or stalled process leaves a transaction open, whose locks block others until it expires.
	expire := time.AfterFunc(400*time.Millisecond, func() { h.w.Clock.Advance(2 * time.Minute) })
	if kind.Stalls() {
		run, newest, err = h.refreshStalled(p, task)
	} else {
		var concurrent sync.WaitGroup
		if h.random.IntN(3) == 0 {
			other := h.w.process(h.t, h.id, faulttest.Faults()[h.random.IntN(len(faulttest.Faults()))], h.random.IntN(maxCalls))
			concurrent.Go(func() { other.refresh(task) })
		}
		run, err = p.refresh(task)
		concurrent.Wait()
	}
	expire.Stop()
	list := h.w.published(h.t, h.id)
	if list != nil && (len(list) != 5 || !slices.Contains(h.offered, version(list))) {
		h.t.Errorf("step %d (%v, %v, %+v, %v): published %d lectures of %q, the school offered %v",
			step, kind, p.Calls(), run, err, len(list), version(list), h.offered)
	}
	h.checkChanges(list)
	if newest != "" && version(list) != newest {
		h.t.Errorf("step %d (%v, %v, %+v, %v): published %q over the newer %q", step, kind, p.Calls(), run, err, version(list), newest)
	}
}

// refreshStalled runs task in a process that stalls, and other tasks while it does. newest is the
// version that the last of them published, or "".
func (h *history) refreshStalled(p *process, task refresh.Task) (run *refresh.Run, newest string, err error) {
	ended := make(chan struct{})
	go func() { defer close(ended); run, err = p.refresh(task) }()
	select {
	case <-ended: // it finished before reaching the call
	case <-p.Stalled():
		for range 1 + h.random.IntN(3) {
			h.advanceClock()
			between, betweenErr := h.w.healthy(h.t, h.id).refresh(h.nextTask())
			newest = ""
			if betweenErr == nil && (between.Outcome == refresh.Changed || between.Outcome == refresh.Unchanged) {
				newest = h.offered[len(h.offered)-1]
			}
		}
		p.Resume()
		<-ended
	}
	return run, newest, err
}

// checkHealthyRun runs one refresh without faults, which must publish the newest list and clean up.
func (h *history) checkHealthyRun() {
	h.t.Helper()
	h.w.Clock.Advance(2 * time.Hour)
	run, err := h.w.healthy(h.t, h.id).refresh(h.w.task(h.id))
	if err != nil || (run.Outcome != refresh.Changed && run.Outcome != refresh.Unchanged) {
		h.t.Errorf("healthy run: %+v, %v", run, err)
		return
	}
	if got, want := version(h.w.published(h.t, h.id)), h.offered[len(h.offered)-1]; got != want {
		h.t.Errorf("published %q, the school offers %q", got, want)
	}
	record := h.w.record(h.t, h.id)
	var kept []string
	for _, p := range record.Published {
		kept = append(kept, p.Name)
	}
	slices.Sort(kept)
	if objects := h.w.objects(h.t, h.id); !slices.Equal(objects, kept) || len(record.Condemned) > 0 {
		h.t.Errorf("objects %v, published %v, condemned %v", objects, kept, record.Condemned)
	}
	h.checkChanges(h.w.published(h.t, h.id))
	h.w.checkDeltas(h.t, h.id)
	h.checkNotified(record)
}

// checkNotified checks that there is a task for the last change, or one that runs later than it.
func (h *history) checkNotified(record refresh.Record) {
	h.t.Helper()
	changes := h.w.changes(h.t, h.id)
	last := changes[len(changes)-1]
	if last.From == "" {
		return
	}
	var names []string
	for name, task := range h.w.pushes(h.t, h.id) {
		runs := task.GetScheduleTime().AsTime()
		if runs.Before(task.GetCreateTime().AsTime()) {
			runs = task.GetCreateTime().AsTime()
		}
		if !runs.Before(last.At) {
			return
		}
		names = append(names, fmt.Sprint(name, " at ", runs))
	}
	h.t.Errorf("nobody is notified of the change at %v; notify %v, tasks %v", last.At, record.Notify, names)
}

// checkChanges checks that the documents of changes are exactly the lists that were published, one after the
// other, up to the one that is published now.
func (h *history) checkChanges(list schema.CourseList) {
	h.t.Helper()
	url, title := "", any(nil)
	for i, c := range h.w.changes(h.t, h.id) {
		if c.From != url || i == 0 && c.Added != 5 || i > 0 && (c.Changed != 1 || c.Lectures[0].Before["title"] != title) {
			h.t.Errorf("change %d does not follow %q with %v: %+v", i, url, title, c)
			return
		}
		url, title = c.To, c.Lectures[0].After["title"]
	}
	if got, _ := h.w.semesterDocument(h.t, h.id)["lecturesUrl"].(string); got != url || version(list) != cmp.Or(title, any("")) {
		h.t.Errorf("the semester has %s, %s, the last change is to %s, %v", got, version(list), url, title)
	}
}

// A clean-up stalls at each of its calls in turn while the list it considers a leftover returns.
func TestLeftoverReturnsDuringCleanUp(t *testing.T) {
	for at := range maxCalls {
		for _, kind := range []faulttest.Fault{faulttest.StallBefore, faulttest.StallAfter} {
			t.Run(fmt.Sprintf("%v call %d", kind, at), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				// A run stores its list and dies before anything refers to it.
				w.school.offer(semesterID, titles("남은 판", 5)...)
				for call := 0; len(w.objects(t, semesterID)) == 0; call++ {
					w.process(t, semesterID, faulttest.KillAfter, call).refresh(w.task(semesterID))
					w.Clock.Advance(2 * time.Minute)
				}
				w.Clock.Advance(2 * time.Hour)
				w.school.offer(semesterID, titles("다른 판", 5)...)
				p, ended := w.process(t, semesterID, kind, at), make(chan struct{})
				go func() { defer close(ended); p.refresh(w.task(semesterID)) }()
				select {
				case <-ended: // it finished before reaching the call
					return
				case <-p.Stalled():
				}
				w.Clock.Advance(2 * time.Minute)
				w.school.offer(semesterID, titles("남은 판", 5)...)
				run, err := w.healthy(t, semesterID).refresh(w.task(semesterID))
				p.Resume()
				<-ended
				if got := version(w.published(t, semesterID)); err == nil && got != "남은 판" {
					t.Errorf("published %q after %+v", got, run)
				}
			})
		}
	}
}

// Somebody deletes the published object by hand. The next run restores it although the list is unchanged.
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
