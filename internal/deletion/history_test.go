package deletion_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/triggers"
	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/longtest"
)

// TestHistories runs this many random histories, and more with LONG_TESTS.
const histories, longHistories = 5, 20

// Clients write concurrently under the rules. Events arrive twice, late and in any order. Functions and
// purges are killed at any of their calls. Accounts are deleted, restored, or deleted by hand. At the
// end there is no orphaned data, no live data is lost, and every username has its user.
func TestHistories(t *testing.T) {
	t.Parallel()
	n := histories
	if longtest.Enabled() {
		n = longHistories
	}
	for seed := range n {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			h := newHistory(t, uint64(seed))
			h.run(t)
			h.check(t)
		})
	}
}

// history is one random history.
type history struct {
	*world
	random *lockedRand
	actors []*actor
}

// lockedRand is a random number generator that is safe for concurrent use.
type lockedRand struct {
	mu sync.Mutex
	*rand.Rand
}

func (r *lockedRand) n(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.IntN(n)
}

// actor is a person and the data that they must still have at the end, if their account still exists.
type actor struct {
	person
	random     *rand.Rand // of their own, so that their actions do not depend on those of others
	username   string
	timetables map[string]map[string]bool // with their lectures
	mayBeGone  bool                       // whether the account may be gone at the end
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{world: newWorld(t), random: &lockedRand{Rand: rand.New(rand.NewPCG(seed, 1))}}
	h.Triggers.SetFaults(triggers.Faults{Twice: true, Shuffle: true, Delay: 2 * time.Second, Seed: seed})
	for name, pattern := range map[string]string{timetableDeleted: "users/{uid}/timetables/{timetable}", userDeleted: "users/{uid}"} {
		url := h.function(t, name, h.flaky(t, name))
		must(t, h.Triggers.Register(triggers.Trigger{Name: name, Event: triggers.Deleted, Document: pattern, URL: url, Retry: true,
			ServiceAccount: eventarc, Audience: url}))
	}
	for i, uid := range []string{"alice", "bob", "carol"} {
		h.account(t, uid)
		h.actors = append(h.actors, &actor{person: person{h.FirestoreClientAs(t, uid, nil), uid}, random: rand.New(rand.NewPCG(seed, uint64(i+2))),
			timetables: map[string]map[string]bool{}})
	}
	return h
}

func functionOf(s *deletion.Service, name string) cloudevent.Handle {
	if name == userDeleted {
		return s.UserDeleted
	}
	return s.TimetableDeleted
}

// flaky returns a function some of whose calls go to one of six processes with a fault.
func (h *history) flaky(t *testing.T, name string) cloudevent.Handle {
	healthy := h.service(t)
	type process struct {
		handle cloudevent.Handle
		ctx    context.Context
	}
	faulty := make(chan process, 6)
	for range cap(faulty) {
		s, _, ctx := h.faultyService(t, faulttest.Faults()[h.random.n(4)], h.random.n(8))
		faulty <- process{functionOf(s, name), ctx}
	}
	return func(ctx context.Context, e cloudevent.Event) error {
		if h.random.n(3) == 0 {
			select {
			case p := <-faulty:
				return p.handle(p.ctx, e)
			default:
			}
		}
		return functionOf(healthy, name)(ctx, e)
	}
}

func (h *history) run(t *testing.T) {
	// Time must pass: a killed process leaves a transaction whose locks block everybody until it expires,
	// and events are delayed.
	ticking, stopTicking := context.WithCancel(t.Context())
	var ticker sync.WaitGroup
	ticker.Go(func() {
		for ticking.Err() == nil {
			time.Sleep(5 * time.Millisecond)
			h.Clock.Advance(2 * time.Second)
		}
	})
	var acting sync.WaitGroup
	act := func(steps int, accounts bool) {
		for _, a := range h.actors {
			if !h.hasAccount(t, a.uid) {
				continue // their last token expired days ago
			}
			acting.Go(func() {
				for range steps {
					h.step(t, a, accounts)
				}
			})
		}
	}
	act(25, true)
	acting.Wait()
	h.waitForEvents(t)
	h.Clock.Advance(deletion.Grace)
	// ID tokens are still valid while the first purges run.
	act(10, false)
	for range 3 {
		s, _, ctx := h.faultyService(t, faulttest.Faults()[h.random.n(4)], h.random.n(25))
		acting.Go(func() { s.PurgeDue(ctx) })
	}
	acting.Wait()
	for range 4 {
		h.waitForEvents(t)
		h.Clock.Advance(2 * time.Hour)
		if _, err := h.service(t).PurgeDue(t.Context()); err != nil {
			t.Errorf("purge without faults: %v", err)
		}
	}
	h.waitForEvents(t)
	stopTicking()
	ticker.Wait()
}

// waitForEvents waits until all events are delivered, including second deliveries. The clock advances
// in the meantime.
func (h *history) waitForEvents(t *testing.T) {
	t.Helper()
	for range 2000 {
		must(t, h.Triggers.Idle(t.Context()))
		waiting := 0
		for _, info := range h.Triggers.Triggers() {
			waiting += info.Waiting
		}
		if waiting == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("some events are never delivered")
}

// step takes one random action of a person. If accounts is set, it may also delete their account.
func (h *history) step(t *testing.T, a *actor, accounts bool) {
	ctx := t.Context()
	timetable := fmt.Sprintf("timetable%d", a.random.IntN(3))
	lecture := fmt.Sprintf("lecture%08x", a.random.Uint32())
	did := func(what string, err error, then func()) {
		switch code := status.Code(err); {
		case err == nil:
			then()
		case code == codes.PermissionDenied, code == codes.NotFound, code == codes.AlreadyExists:
		default: // a client's writes fail for no other reason
			t.Errorf("%s of %s: %v", what, a.uid, err)
		}
	}
	switch a.random.IntN(14) {
	case 0, 1:
		name := fmt.Sprintf("%s%d", a.uid, a.random.IntN(3))
		switch old := a.username; old {
		case "":
			did("claim", a.claim(ctx, name), func() { a.username = name })
		default:
			did("rename", a.rename(ctx, old, name), func() { a.username = name })
		}
	case 2, 3, 4:
		if a.timetables[timetable] == nil { // otherwise a client would overwrite an existing timetable
			did("duplicate", a.duplicate(ctx, timetable, []string{lecture + "a", lecture + "b"}), func() {
				a.timetables[timetable] = map[string]bool{lecture + "a": true, lecture + "b": true}
			})
		}
	case 5, 6:
		if a.timetables[timetable] == nil {
			did("timetable", a.addTimetable(ctx, timetable), func() { a.timetables[timetable] = map[string]bool{} })
		}
	case 7, 8, 9:
		did("lecture", a.addLecture(ctx, timetable, lecture), func() {
			if a.timetables[timetable] == nil {
				if !a.mayBeGone {
					t.Errorf("%s added a lecture to %s, which does not exist", a.uid, timetable)
				}
				return
			}
			a.timetables[timetable][lecture] = true
		})
	case 10, 11:
		did("removal", a.removeTimetable(ctx, timetable), func() { delete(a.timetables, timetable) })
	case 12:
		if accounts {
			h.deleteAndRestore(t, a)
		}
	case 13:
		if accounts && a.random.IntN(4) == 0 { // an operator deletes the user document
			a.mayBeGone = true
			_, err := h.fs.Doc("users/" + a.uid).Delete(ctx)
			did("deletion by hand", err, func() { a.username = "" })
		}
	}
}

// deleteAndRestore deletes the account and usually restores it. A fault may hit the process.
func (h *history) deleteAndRestore(t *testing.T, a *actor) {
	a.mayBeGone = true
	s, _, ctx := h.faultyService(t, faulttest.Faults()[a.random.IntN(4)], a.random.IntN(30))
	_, err := s.Request(ctx, a.uid)
	if a.random.IntN(4) == 0 {
		return
	}
	if err != nil { // the person tries again
		if _, err := h.service(t).Request(t.Context(), a.uid); err != nil {
			t.Errorf("request for %s: %v", a.uid, err)
		}
	}
	err = s.Restore(ctx, a.uid)
	if err != nil {
		err = h.service(t).Restore(t.Context(), a.uid)
	}
	if err != nil && !errors.Is(err, deletion.ErrTooLate) {
		t.Errorf("restore of %s: %v", a.uid, err)
	}
	// The restore does not bring back a user document that an operator deleted.
	if doc, err := h.fs.Doc("users/" + a.uid).Get(t.Context()); err == nil {
		a.username, _ = doc.Data()["username"].(string)
	}
}

func (h *history) check(t *testing.T) {
	t.Helper()
	users, timetables := h.all(t, "users"), h.all(t, "timetables")
	for _, lecture := range h.all(t, "lectures") {
		if parent := strings.Join(strings.Split(lecture, "/")[:4], "/"); !slices.Contains(timetables, parent) {
			t.Errorf("%s has no timetable", lecture)
		}
	}
	var names []string
	for _, path := range users {
		doc, err := h.fs.Doc(path).Get(t.Context())
		must(t, err)
		name := usernamePath(doc.Data()["username"].(string))
		names = append(names, name)
		if index, err := h.fs.Doc(name).Get(t.Context()); err != nil || index.Data()["value"] != doc.Ref.ID {
			t.Errorf("%s has the username %s, which is not theirs: %v", path, name, err)
		}
	}
	for _, index := range h.all(t, "usernames") {
		if !slices.Contains(names, index) {
			t.Errorf("%s has no user", index)
		}
	}
	if left := h.all(t, "deletions"); len(left) > 0 {
		t.Errorf("pending deletions left: %v", left)
	}
	for _, a := range h.actors {
		h.checkActor(t, a, slices.Contains(users, "users/"+a.uid), timetables)
	}
	if t.Failed() {
		t.Logf("%s", h.log)
	}
}

func (h *history) checkActor(t *testing.T, a *actor, hasUser bool, timetables []string) {
	t.Helper()
	if !h.hasAccount(t, a.uid) {
		if !a.mayBeGone {
			t.Errorf("the account of %s is gone", a.uid)
		}
		for _, path := range timetables {
			if strings.HasPrefix(path, "users/"+a.uid+"/") {
				t.Errorf("%s remains of a deleted account", path)
			}
		}
		if hasUser {
			t.Errorf("users/%s remains of a deleted account", a.uid)
		}
		return
	}
	if a.username != "" && !hasUser {
		t.Errorf("users/%s is gone", a.uid)
	}
	for timetable, lectures := range a.timetables {
		if !slices.Contains(timetables, "users/"+a.uid+"/timetables/"+timetable) {
			t.Errorf("%s of %s is gone", timetable, a.uid)
		}
		for lecture := range lectures {
			if !h.exists(t, "users/"+a.uid+"/timetables/"+timetable+"/lectures/"+lecture) {
				t.Errorf("%s in %s of %s is gone", lecture, timetable, a.uid)
			}
		}
	}
}
