package deletion_test

import (
	"fmt"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/deletion"
)

// Each step bills what docs/deleting.md says.
func TestCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(t)
	ctx := t.Context()
	alice := w.signUp(t, "alice", "alice")
	must(t, alice.duplicate(ctx, first, ids(20)), alice.duplicate(ctx, second, ids(20)), alice.removeTimetable(ctx, first))
	removeLectures := func() error { _, err := s.RemoveLectures(ctx, "alice", first); return err }
	request := func() error { _, err := s.Request(ctx, "alice"); return err }
	purge := func() error { _, err := s.Purge(ctx, "alice"); return err }
	for _, c := range []struct {
		what string
		do   func() error
		want emulatortest.Cost
	}{
		{"a deleted timetable with 20 lectures", removeLectures, emulatortest.Cost{Reads: 21, Deletes: 20}},
		{"the same event again", removeLectures, emulatortest.Cost{Reads: 1}},
		{"a request", request, emulatortest.Cost{Reads: 2, Writes: 2, Deletes: 1}},
		{"the event of its user document", func() error { return s.PurgeDeletedUser(ctx, "alice", "alice", w.Clock.Now()) }, emulatortest.Cost{Reads: 2}},
		{"a restore", func() error { return s.Restore(ctx, "alice") }, emulatortest.Cost{Reads: 3, Writes: 1, Deletes: 1}},
		{"a run with nothing due", func() error { _, err := s.PurgeDue(ctx); return err }, emulatortest.Cost{Reads: 2}},
		{"the check for late purges", func() error { _, err := s.FindOverdue(ctx); return err }, emulatortest.Cost{Reads: 1}},
		{"another request", request, emulatortest.Cost{Reads: 2, Writes: 2, Deletes: 1}},
	} {
		w.mustCost(t, c.what, c.want, c.do)
	}
	w.Clock.Advance(deletion.Grace)
	// The pending deletion, credentials, a list of one timetable, 20 lectures, follows by others, one's own, counts, views,
	// subscriptions, and a username, which takes a query and three more reads.
	w.mustCost(t, "a purge", emulatortest.Cost{Reads: 1 + 1 + 1 + 20 + 3 + 1 + 1 + 4, Writes: 2, Deletes: 22}, purge)
	w.Clock.Advance(2 * time.Hour)
	w.mustCost(t, "its last purge", emulatortest.Cost{Reads: 1 + 1 + 1 + 3 + 1 + 1 + 1, Writes: 1, Deletes: 1}, purge)
}

// mustCost does something that must succeed and be billed so many operations of Firestore.
func (w *world) mustCost(t *testing.T, what string, want emulatortest.Cost, do func() error) {
	t.Helper()
	var err error
	if got := emulatortest.CostOf(w.Measure(t, func() { err = do() })); err != nil || got != want {
		t.Errorf("%s: %v, want %v (%v)", what, got, want, err)
	}
}

// The largest plausible account stays within the costs in docs/deleting.md.
func TestLargeAccount(t *testing.T) {
	t.Parallel()
	timetables, lectures := 1000, 20
	if testing.Short() {
		timetables = 50
	}
	w := newWorld(t)
	w.seedLarge(t, timetables, lectures)
	s := w.service(t)
	_, err := s.Request(t.Context(), "alice")
	must(t, err)
	w.Clock.Advance(deletion.Grace)
	var p, last deletion.Purged
	got := emulatortest.CostOf(w.Measure(t, func() {
		p, err = s.Purge(t.Context(), "alice")
		must(t, err)
		w.Clock.Advance(2 * time.Hour)
		last, err = s.Purge(t.Context(), "alice")
		must(t, err)
	}))
	if p.Timetables != timetables || p.Lectures != timetables*lectures || !last.Gone {
		t.Errorf("%+v, then %+v", p, last)
	}
	n := timetables * (lectures + 1)
	t.Logf("%d timetables of %d lectures: %v", timetables, lectures, got)
	const others = 11 + 9 // reads of the two purges beyond timetables and lectures, as in TestCosts
	if got.Reads > n+others || got.Writes > 3 || got.Deletes > n+2 {
		t.Errorf("want at most %v", emulatortest.Cost{Reads: n + others, Writes: 3, Deletes: n + 2})
	}
	if left := append(w.all(t, "timetables"), w.all(t, "lectures")...); len(left) > 0 {
		t.Errorf("%d documents left, the first is %v", len(left), left[0])
	}
}

// seedLarge creates an account for alice with many timetables.
func (w *world) seedLarge(t testing.TB, timetables, lectures int) {
	t.Helper()
	w.account(t, "alice")
	db, err := w.Firestore.Database(w.Project, "(default)")
	must(t, err)
	docs := map[string]map[string]any{
		"users/alice": {"username": "alice"}, usernamePath("alice"): {"value": "alice"},
	}
	for i := range timetables {
		path := fmt.Sprintf("users/alice/timetables/large%05d", i)
		docs[path] = map[string]any{"title": "t", "visibility": "public"}
		for j := range lectures {
			docs[fmt.Sprintf("%s/lectures/lecture%05d", path, j)] = map[string]any{"title": "데이터베이스시스템", "professor": "정연돈"}
		}
	}
	must(t, db.Seed(docs))
}
