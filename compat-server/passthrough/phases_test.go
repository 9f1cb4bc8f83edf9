package passthrough_test

import (
	"fmt"
	"testing"

	"heek.kr/heektime/internal/migration/state"
)

// phase is a phase of a kind, on the way to one of the sides.
type phase struct {
	phase  state.Phase
	toward state.Side
	wasNew bool
}

func (p phase) String() string {
	text := string(p.phase)
	if p.phase == state.Holding || p.phase == state.Settling {
		text += " toward " + string(p.toward)
	}
	if p.phase == state.PhaseOld && p.wasNew {
		text += " again"
	}
	return text
}

var phases = []phase{
	{state.PhaseOld, state.Old, false}, {state.Holding, state.New, false}, {state.Settling, state.New, false},
	{state.PhaseNew, state.New, true}, {state.Holding, state.Old, true}, {state.Settling, state.Old, true}, {state.PhaseOld, state.Old, true},
}

// want says where a call goes in each of the phases, in their order: to the old side, here, or held.
func want(call string) string {
	if call == "read" {
		return "old old here here here old old"
	}
	return "old held held here held held old"
}

// apiCalls are the calls of the API, with the kind of their data and whether they read or write.
var apiCalls = []struct {
	method, path string
	kind         state.Kind
	mode         string
}{
	{"POST", "/users", state.Accounts, "write"},
	{"POST", "/auth/token", state.Accounts, "write"},
	{"POST", "/auth/refresh-token", state.Accounts, "write"},
	{"POST", "/auth/other", state.Accounts, "write"},
	{"GET", "/me", state.Accounts, "read"},
	{"HEAD", "/me", state.Accounts, "read"},
	{"GET", "/username/minsu", state.Accounts, "read"},
	{"GET", "/username/min/su", state.Accounts, "read"},
	{"GET", "/schools", state.Schools, "read"},
	{"OPTIONS", "/schools", state.Schools, "read"},
	{"GET", "/semesters/korea_univ_anam/2022-2%ED%95%99%EA%B8%B0/lectures-url", state.Schools, "read"},
	{"GET", "/semesters/korea_univ_anam%2F2022-2/lectures-url", state.Schools, "read"},
	{"GET", "/users/" + minsu + "/timetables", state.Timetables, "read"},
	{"POST", "/me/timetables", state.Timetables, "write"},
	{"OPTIONS", "/me/timetables", state.Timetables, "read"},
	{"POST", "/me/timetables/t/lectures", state.Timetables, "write"},
	{"PUT", "/me/timetables/t/lectures/l", state.Timetables, "write"},
	{"DELETE", "/me/timetables/t/lectures/l", state.Timetables, "write"},
	{"PATCH", "/me/timetables/t", state.Timetables, "write"}, // not in the contract, but about a timetable
}

// Every call goes to the side that its kind's phase says, whatever the others' phases are, and a held one
// goes on when the switch ends.
func TestEveryCallInEveryPhase(t *testing.T) {
	t.Parallel()
	fx := newFixture(t)
	instances := []*instance{fx.instance(t, options{}), fx.instance(t, options{})}
	calls, held := 0, int64(0)
	for _, others := range []state.Side{state.Old, state.New} {
		for _, kind := range state.Kinds() {
			for _, other := range state.Kinds() {
				fx.rest(t, other, others)
			}
			for i, ph := range phases {
				fx.set(t, kind, ph.phase, ph.toward, ph.wasNew)
				for _, c := range apiCalls {
					if c.kind != kind {
						continue
					}
					calls++
					in := instances[calls%2]
					w, got := field(want(c.mode), i), fx.place(t, in, c.method, base+c.path, fx.oldAccess(t, minsu))
					if got != w {
						t.Errorf("%s %s, %s being %v, others %s: %s, want %s", c.method, c.path, kind, ph, others, got, w)
					}
					if got == "held" {
						held++
					}
				}
			}
		}
	}
	if got := fx.held.Load(); got != held || held == 0 {
		t.Errorf("recorded %d held writes, want %d", got, held)
	}
}

func field(list string, i int) string {
	var fields [7]string
	fmt.Sscan(list, &fields[0], &fields[1], &fields[2], &fields[3], &fields[4], &fields[5], &fields[6])
	return fields[i]
}

// place returns where a call goes: "old", "here", "held" or the status of an error. A held call is let go by
// moving all kinds to the new side, and then everything is as it was.
func (fx *fixture) place(t testing.TB, in *instance, method, path, bearer string) string {
	t.Helper()
	const body = "a body"
	text := body
	if method == "GET" || method == "HEAD" || method == "OPTIONS" {
		text = ""
	}
	fx.old.requests()
	fx.here.requests()
	done := make(chan reply, 1)
	go func() {
		r, err := in.try(t.Context(), method, path, bearer, text)
		if err != nil {
			t.Errorf("%s %s: %v", method, path, err)
		}
		done <- r
	}()
	var r reply
	held := false
	eventually(t, "a response", func() bool {
		select {
		case r = <-done:
			return true
		default:
			held = in.Holding() > 0
			return held
		}
	})
	if !held {
		if r.side == "" {
			return fmt.Sprint(r.status)
		}
		return r.side
	}
	if got := len(fx.old.requests()) + len(fx.here.requests()); got > 0 {
		t.Errorf("%s %s was held, but also served %d times", method, path, got)
	}
	before := map[state.Kind]phase{}
	view, err := fx.store.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range state.Kinds() {
		before[kind] = phase{view.Of(kind).Phase, view.Of(kind).Toward, view.Of(kind).WasNew}
		fx.rest(t, kind, state.New)
	}
	if r = <-done; r.side != "here" || r.body != "here got "+method+" "+body {
		t.Errorf("%s %s after the switch: %v", method, path, r)
	}
	for kind, s := range before {
		fx.set(t, kind, s.phase, s.toward, s.wasNew)
	}
	return "held"
}
