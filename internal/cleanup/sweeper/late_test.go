package sweeper_test

import (
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/cleanup/sweeper"
)

// In a new project, the time counts from the first check; then from the end of the last sweep.
func TestLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.sweeper(t, 0)
	check := func(when string, want bool, cost emulatortest.Cost) {
		t.Helper()
		var late bool
		var err error
		got := emulatortest.CostOf(w.Measure(t, func() { _, late, err = s.Late(t.Context()) }))
		if err != nil || late != want || got != cost {
			t.Errorf("%s: late is %v, %v, with %v; want %v with %v", when, late, err, got, want, cost)
		}
	}
	read := emulatortest.Cost{Reads: 1}
	check("first check", false, emulatortest.Cost{Reads: 1, Writes: 1})
	w.Clock.Advance(sweeper.LateAfter - time.Minute)
	check("almost late", false, read)
	w.Clock.Advance(2 * time.Minute)
	check("never swept", true, read)
	if _, err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("swept", false, read)
	w.Clock.Advance(sweeper.LateAfter + time.Minute)
	check("swept long ago", true, read)
}
