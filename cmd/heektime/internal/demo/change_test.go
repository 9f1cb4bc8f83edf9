package demo_test

import (
	"slices"
	"testing"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/demo"
)

// TestChange checks that the lists differ in exactly the changes that Change returns.
func TestChange(t *testing.T) {
	s, twin := start(t, 1, 200), start(t, 1, 200)
	s.openSearch(t)
	twin.openSearch(t)
	unchanging := s.list(t, "2026", "1R")
	kinds := map[demo.ChangeKind]int{}
	for _, n := range []int{4, 1, 1, 1, 1, 10} {
		before := map[string]map[string]string{"2R": s.list(t, "2026", "2R"), "2W": s.list(t, "2026", "2W")}
		changes := s.Change(n)
		if !slices.Equal(changes, twin.Change(n)) {
			t.Fatalf("Change(%d) differs between equal universities", n)
		}
		after := map[string]map[string]string{"2R": s.list(t, "2026", "2R"), "2W": s.list(t, "2026", "2W")}
		if len(changes) != 2*n {
			t.Fatalf("Change(%d) made %d changes, want n in each of two terms", n, len(changes))
		}
		for _, c := range changes {
			kinds[c.Kind]++
			old, had := before[c.Term][c.Identifier]
			now, has := after[c.Term][c.Identifier]
			switch c.Kind {
			case demo.Added:
				if had || !has {
					t.Errorf("%v: in the list before: %v, after: %v", c, had, has)
				}
			case demo.Removed:
				if !had || has {
					t.Errorf("%v: in the list before: %v, after: %v", c, had, has)
				}
			default:
				if !had || !has || old == now {
					t.Errorf("%v: from %s to %s", c, old, now)
				}
			}
			delete(before[c.Term], c.Identifier)
			delete(after[c.Term], c.Identifier)
		}
		checkEqualLists(t, before["2R"], after["2R"])
		checkEqualLists(t, before["2W"], after["2W"])
	}
	for _, kind := range []demo.ChangeKind{demo.TimeMoved, demo.RoomChanged, demo.Added, demo.Removed} {
		if kinds[kind] == 0 {
			t.Errorf("no change of kind %q", kind)
		}
	}
	checkEqualLists(t, unchanging, s.list(t, "2026", "1R"))
	checkEqualLists(t, twin.list(t, "2026", "2R"), s.list(t, "2026", "2R"))
}

func TestChangeLimits(t *testing.T) {
	s := start(t, 1, 1)
	s.openSearch(t)
	if changes := append(s.Change(0), s.Change(-3)...); len(changes) != 0 {
		t.Errorf("got changes %v, want none", changes)
	}
	for slot := range 8 { // each kind of change comes first in one of them
		s.Drift(time.Date(2026, 11, 20, 12, 10*slot, 0, 0, time.UTC))
		if len(s.list(t, "2026", "2R")) == 0 {
			t.Fatal("Drift removed the last lecture")
		}
	}
	for range 8 {
		s.Change(1000)
		if len(s.list(t, "2026", "2R")) == 0 {
			t.Fatal("Change removed the last lecture")
		}
	}
}

func TestDrift(t *testing.T) {
	s, restarted := start(t, 1, 300), start(t, 1, 300)
	s.openSearch(t)
	restarted.openSearch(t)
	base, unchanging := s.list(t, "2026", "2R"), s.list(t, "2026", "1R")
	slot := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s.Drift(slot)
	first := s.list(t, "2026", "2R")
	if n := differences(base, first); n == 0 || n > 10 {
		t.Errorf("slot and base list differ in %d lectures, want 1 to 10", n)
	}
	s.Drift(slot.Add(9*time.Minute + 59*time.Second))
	checkEqualLists(t, first, s.list(t, "2026", "2R"))
	s.Drift(slot.Add(10 * time.Minute))
	second := s.list(t, "2026", "2R")
	if n := differences(first, second); n == 0 || n > 20 {
		t.Errorf("two slots differ in %d lectures, want 1 to 20", n)
	}
	restarted.Drift(slot.Add(15 * time.Minute))
	checkEqualLists(t, second, restarted.list(t, "2026", "2R"))
	checkEqualLists(t, unchanging, s.list(t, "2026", "1R"))
}
