package followers_test

import (
	"fmt"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/functions/followers"
)

func healthy(t *testing.T) *world {
	return newWorld(t, func(w *world) {
		s := w.service(t, w.fs)
		w.mux.Handle("POST /follow-written", w.event(s.FollowWritten))
		w.mux.Handle("POST "+followers.Path, s.Handler(w.callers))
	})
}

// Whoever becomes popular in a moment is counted once or twice, not with each follow. Nothing counts until a follow changes.
func TestManyFollowsAreOneCount(t *testing.T) {
	t.Parallel()
	w := healthy(t)
	w.people(t, "star")
	const fans = 30
	cost := emulatortest.CostOf(w.Measure(t, func() {
		for i := range fans {
			uid := fmt.Sprintf("fan%02d", i)
			must(t, follow(t.Context(), w.FirestoreClientAs(t, uid, nil), uid, "star", true))
		}
		w.settle(t)
	}))
	if got := w.count(t, "star", "followers"); got != fans {
		t.Errorf("%d followers, want %d", got, fans)
	}
	// Each follow has 2 writes, and 3 reads of the rules and 1 more for the count; each count has 2 reads and 1 write.
	counts := cost.Writes - 2*fans
	if counts < 1 || counts > 2 || cost.Reads != 4*fans+2*counts {
		t.Errorf("%d follows cost %v, want one or two counts", fans, cost)
	}
	for range 2 { // the second one finds the number as it is
		must(t, w.service(t, w.fs).Count(t.Context(), "star"))
	}
	w.Advance(t, followers.Every)
	if cost := emulatortest.CostOf(w.Measure(t, func() { must(t, w.service(t, w.fs).Count(t.Context(), "star")) })); cost != (emulatortest.Cost{Reads: 2}) {
		t.Errorf("a count that changes nothing costs %v", cost)
	}
}

// A user whom nobody follows any more has no count, and one that cannot exist is not counted.
func TestNobodyFollows(t *testing.T) {
	t.Parallel()
	w := healthy(t)
	w.people(t, "ann")
	ben := w.FirestoreClientAs(t, "ben", nil)
	must(t, follow(t.Context(), ben, "ben", "ann", true))
	w.settle(t)
	if got := w.count(t, "ann", "followers"); got != 1 {
		t.Errorf("%d followers, want 1", got)
	}
	must(t, follow(t.Context(), ben, "ben", "ann", false))
	w.settle(t)
	if got := w.count(t, "ann", "followers"); got != -1 {
		t.Errorf("the count is %d, want none", got)
	}
	for _, uid := range []string{"", "..", "a/b", strings.Repeat("x", 1501)} {
		must(t, w.service(t, w.fs).Count(t.Context(), uid))
	}
}
