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
)

// histories is how many random histories TestHistories goes through.
const histories = 20

// Clients write under the rules, all at once; events come twice, in any order and late; functions and purges are killed at
// any of their calls; accounts are deleted, taken back, or deleted by hand. In the end nothing lies about, nothing that lives
// is lost, and every username has its user.
func TestHistories(t *testing.T) {
	t.Parallel()
	n := histories
	if testing.Short() {
		n = 4
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

// history is one of them.
type history struct {
	*world
	random *dice
	actors []*actor
}

// dice may be thrown by many at once.
type dice struct {
	mu sync.Mutex
	*rand.Rand
}

func (d *dice) n(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.IntN(n)
}

// actor is a person and what he must still have in the end, if his account lives.
type actor struct {
	person
	random   *rand.Rand // his own: what he does does not hang on the others
	username string
	plans    map[string]map[string]bool // timetables and their lectures
	mayGo    bool                       // his account may be gone in the end
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{world: newWorld(t), random: &dice{Rand: rand.New(rand.NewPCG(seed, 1))}}
	h.Triggers.SetFaults(triggers.Faults{Twice: true, Shuffle: true, Delay: 2 * time.Second, Seed: seed})
	for name, pattern := range map[string]string{timetableDeleted: "users/{uid}/timetables/{timetable}", userDeleted: "users/{uid}"} {
		url := h.function(t, name, h.flaky(t, name))
		must(t, h.Triggers.Register(triggers.Trigger{Name: name, Event: triggers.Deleted, Document: pattern, URL: url, Retry: true,
			ServiceAccount: eventarc, Audience: url}))
	}
	for i, uid := range []string{"alice", "bob", "carol"} {
		h.account(t, uid)
		h.actors = append(h.actors, &actor{person: person{h.FirestoreClientAs(t, uid, nil), uid}, random: rand.New(rand.NewPCG(seed, uint64(i+2))),
			plans: map[string]map[string]bool{}})
	}
	return h
}

func functionOf(s *deletion.Service, name string) cloudevent.Handle {
	if name == userDeleted {
		return s.UserDeleted
	}
	return s.TimetableDeleted
}

// flaky is a function each of whose first processes dies, or has a call that fails.
func (h *history) flaky(t *testing.T, name string) cloudevent.Handle {
	healthy := h.service(t)
	type process struct {
		handle cloudevent.Handle
		ctx    context.Context
	}
	doomed := make(chan process, 6)
	for range cap(doomed) {
		s, _, ctx := h.mortal(t, faulttest.Faults()[h.random.n(4)], h.random.n(8))
		doomed <- process{functionOf(s, name), ctx}
	}
	return func(ctx context.Context, e cloudevent.Event) error {
		if h.random.n(3) == 0 {
			select {
			case p := <-doomed:
				return p.handle(p.ctx, e)
			default:
			}
		}
		return functionOf(healthy, name)(ctx, e)
	}
}

func (h *history) run(t *testing.T) {
	// A dead process leaves its transaction open, whose locks hold up everybody until it runs out; and events wait, too.
	ticking, stopTicking := context.WithCancel(t.Context())
	var ticker sync.WaitGroup
	ticker.Go(func() {
		for ticking.Err() == nil {
			time.Sleep(5 * time.Millisecond)
			h.Clock.Advance(2 * time.Second)
		}
	})
	var acting sync.WaitGroup
	act := func(steps int, whole bool) {
		for _, a := range h.actors {
			if !h.hasAccount(t, a.uid) {
				continue // his last token has expired for days
			}
			acting.Go(func() {
				for range steps {
					h.step(t, a, whole)
				}
			})
		}
	}
	act(25, true)
	acting.Wait()
	h.drain(t)
	h.Clock.Advance(deletion.Grace)
	// ID tokens are still good while the first purges run.
	act(10, false)
	for range 3 {
		s, _, ctx := h.mortal(t, faulttest.Faults()[h.random.n(4)], h.random.n(25))
		acting.Go(func() { s.PurgeDue(ctx) })
	}
	acting.Wait()
	for range 4 {
		h.drain(t)
		h.Clock.Advance(2 * time.Hour)
		if _, err := h.service(t).PurgeDue(t.Context()); err != nil {
			t.Errorf("a healthy purge: %v", err)
		}
	}
	h.drain(t)
	stopTicking()
	ticker.Wait()
}

// drain waits until no event waits, second deliveries included. Time passes meanwhile.
func (h *history) drain(t *testing.T) {
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
	t.Fatal("events wait for ever")
}

// step is one thing that a person does, or that is done to him. whole says that accounts come and go.
func (h *history) step(t *testing.T, a *actor, whole bool) {
	ctx := t.Context()
	plan := fmt.Sprintf("timetable%d", a.random.IntN(3))
	lecture := fmt.Sprintf("lecture%08x", a.random.Uint32())
	did := func(what string, err error, then func()) {
		switch code := status.Code(err); {
		case err == nil:
			then()
		case code == codes.PermissionDenied, code == codes.NotFound, code == codes.AlreadyExists:
		default: // a client's writes do not fail by themselves
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
		if a.plans[plan] == nil { // a client would otherwise set a timetable that is there
			did("duplicate", a.duplicate(ctx, plan, []string{lecture + "a", lecture + "b"}), func() {
				a.plans[plan] = map[string]bool{lecture + "a": true, lecture + "b": true}
			})
		}
	case 5, 6:
		if a.plans[plan] == nil {
			did("timetable", a.addTimetable(ctx, plan), func() { a.plans[plan] = map[string]bool{} })
		}
	case 7, 8, 9:
		did("lecture", a.addLecture(ctx, plan, lecture), func() {
			if a.plans[plan] == nil {
				if !a.mayGo {
					t.Errorf("%s adds a lecture to %s, which is not there", a.uid, plan)
				}
				return
			}
			a.plans[plan][lecture] = true
		})
	case 10, 11:
		did("removal", a.removeTimetable(ctx, plan), func() { delete(a.plans, plan) })
	case 12:
		if whole {
			h.comeAndGo(t, a)
		}
	case 13:
		if whole && a.random.IntN(4) == 0 { // an operator deletes the user document
			a.mayGo = true
			_, err := h.fs.Doc("users/" + a.uid).Delete(ctx)
			did("deletion by hand", err, func() { a.username = "" })
		}
	}
}

// comeAndGo deletes the account, and perhaps takes it back. The process may die on the way.
func (h *history) comeAndGo(t *testing.T, a *actor) {
	a.mayGo = true
	s, _, ctx := h.mortal(t, faulttest.Faults()[a.random.IntN(4)], a.random.IntN(30))
	_, err := s.Request(ctx, a.uid)
	if a.random.IntN(4) == 0 {
		return
	}
	if err != nil { // somebody asks again
		if _, err := h.service(t).Request(t.Context(), a.uid); err != nil {
			t.Errorf("request for %s: %v", a.uid, err)
		}
	}
	err = s.Restore(ctx, a.uid)
	if err != nil {
		err = h.service(t).Restore(t.Context(), a.uid)
	}
	if err != nil && !errors.Is(err, deletion.ErrTooLate) {
		t.Errorf("way back of %s: %v", a.uid, err)
	}
	// A user document that an operator deleted does not come back with it.
	if doc, err := h.fs.Doc("users/" + a.uid).Get(t.Context()); err == nil {
		a.username, _ = doc.Data()["username"].(string)
	}
}

func (h *history) check(t *testing.T) {
	t.Helper()
	users, timetables := h.all(t, "users"), h.all(t, "timetables")
	for _, lecture := range h.all(t, "lectures") {
		if above := strings.Join(strings.Split(lecture, "/")[:4], "/"); !slices.Contains(timetables, above) {
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
			t.Errorf("%s has %s, which is not his: %v", path, name, err)
		}
	}
	for _, index := range h.all(t, "usernames") {
		if !slices.Contains(names, index) {
			t.Errorf("%s has no user", index)
		}
	}
	if marks := h.all(t, "deletions"); len(marks) > 0 {
		t.Errorf("marks are left: %v", marks)
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
		if !a.mayGo {
			t.Errorf("the account of %s is gone", a.uid)
		}
		for _, path := range timetables {
			if strings.HasPrefix(path, "users/"+a.uid+"/") {
				t.Errorf("%s is left of an account that is gone", path)
			}
		}
		if hasUser {
			t.Errorf("users/%s is left of an account that is gone", a.uid)
		}
		return
	}
	if a.username != "" && !hasUser {
		t.Errorf("users/%s is gone", a.uid)
	}
	for plan, lectures := range a.plans {
		if !slices.Contains(timetables, "users/"+a.uid+"/timetables/"+plan) {
			t.Errorf("%s of %s is gone", plan, a.uid)
		}
		for lecture := range lectures {
			if !h.exists(t, "users/"+a.uid+"/timetables/"+plan+"/lectures/"+lecture) {
				t.Errorf("%s in %s of %s is gone", lecture, plan, a.uid)
			}
		}
	}
}
