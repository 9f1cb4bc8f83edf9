package deletion_test

import (
	"testing"
	"time"

	"heek.kr/heektime/internal/deletion"
)

// An account is overdue a day after it could be restored last, if it still exists then.
func TestFindOverdue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(t)
	check := func(when, want string) {
		t.Helper()
		overdue, err := s.FindOverdue(t.Context())
		switch {
		case err != nil:
			t.Errorf("%s: %v", when, err)
		case (overdue == nil) != (want == ""), overdue != nil && overdue.UID != want:
			t.Errorf("%s: %+v is overdue, want %q", when, overdue, want)
		}
	}
	for _, uid := range []string{"alice", "robert"} {
		w.signUp(t, uid, uid)
		if _, err := s.Request(t.Context(), uid); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Hour)
	}
	check("while they can be restored", "")
	w.Clock.Advance(deletion.Grace + deletion.PurgeBound - 2*time.Hour - time.Minute)
	check("within the bound", "")
	w.Clock.Advance(10 * time.Minute)
	check("a day late", "alice")
	for range 2 {
		if _, err := s.PurgeDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(2 * time.Hour)
	}
	check("purged", "")
}
