package deletion_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/deletion"
)

const (
	first  = "timetable1"
	second = "timetable2"
)

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// The event of a deleted timetable, delivered three times concurrently, removes its lectures and no
// others.
func TestLecturesOfADeletedTimetable(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 99, 100, 101, 250} {
		w := newWorld(t)
		alice := w.signUp(t, "alice", "alice")
		bob := w.signUp(t, "bob", "bobby")
		ctx := t.Context()
		must(t, alice.duplicate(ctx, first, ids(n)), alice.duplicate(ctx, second, ids(3)), bob.duplicate(ctx, first, ids(2)),
			alice.removeTimetable(ctx, first))
		for _, path := range []string{"alice/timetables/" + first, "alice/timetables/" + second, "bob/timetables/" + first} {
			w.set(t, "users/"+path+"/views/2026-11-28", map[string]any{"views": 7, "viewers": 5})
		}
		url := w.function(t, timetableDeleted, w.service(t).TimetableDeleted)
		e := w.deleted("e1", "users/alice/timetables/"+first)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if got := w.deliver(t, url, e); got != http.StatusNoContent {
					t.Errorf("%d lectures: status %d, want 204\n%s", n, got, w.log)
				}
			})
		}
		wg.Wait()
		if got := w.all(t, "lectures"); len(got) != 5 {
			t.Errorf("%d lectures: left %v, want only the 5 of other timetables", n, got)
		}
		if got := w.all(t, "views"); len(got) != 2 {
			t.Errorf("%d lectures: views %v are left, want only those of other timetables", n, got)
		}
	}
}

// If the timetable exists again before the event arrives, its lectures stay.
func TestLateEventLeavesANewTimetableAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.signUp(t, "alice", "alice")
	ctx := t.Context()
	must(t, alice.duplicate(ctx, first, ids(2)), alice.removeTimetable(ctx, first),
		alice.duplicate(ctx, first, []string{"new1", "new2", "new3"}))
	url := w.function(t, timetableDeleted, w.service(t).TimetableDeleted)
	if got := w.deliver(t, url, w.deleted("e1", "users/alice/timetables/"+first)); got != http.StatusNoContent {
		t.Errorf("status %d, want 204", got)
	}
	// The two old lectures belong to a timetable again.
	if got := w.all(t, "lectures"); len(got) != 5 {
		t.Errorf("lectures: %v, want 5", got)
	}
}

// If a client creates the timetable again while its lectures are being removed, the timetable keeps the
// lectures that it has from then on.
func TestTimetableIsCreatedDuringTheRemoval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.signUp(t, "alice", "alice")
	ctx := t.Context()
	s := w.service(t)
	for range 10 {
		must(t, alice.duplicate(ctx, first, ids(120)), alice.removeTimetable(ctx, first))
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := s.RemoveLectures(ctx, "alice", first); err != nil && !errors.Is(err, deletion.ErrTimetableExists) {
				t.Error(err)
			}
		})
		must(t, alice.duplicate(ctx, first, []string{"new1", "new2"}))
		wg.Wait()
		for _, id := range []string{"new1", "new2"} {
			if !w.exists(t, "users/alice/timetables/"+first+"/lectures/"+id) {
				t.Fatalf("%s of the new timetable is gone", id)
			}
		}
		must(t, alice.removeTimetable(ctx, first))
		if _, err := s.RemoveLectures(ctx, "alice", first); err != nil {
			t.Fatal(err)
		}
	}
}

// The rules deny a lecture that a client with stale data adds to a deleted timetable, so none can appear
// after the function has run.
func TestNoLectureIsAddedToADeletedTimetable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.signUp(t, "alice", "alice")
	ctx := t.Context()
	must(t, alice.duplicate(ctx, first, ids(30)), alice.removeTimetable(ctx, first))
	if err := alice.addLecture(ctx, first, "late"); status.Code(err) != codes.PermissionDenied {
		t.Errorf("add a lecture: %v, want PermissionDenied", err)
	}
}

// An event that can never succeed gets a 2xx response and is logged with its id. An event that fails
// otherwise gets a 5xx response until it is too old.
func TestPermanentAndTemporaryFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(t)
	timetables, users := w.function(t, timetableDeleted, s.TimetableDeleted), w.function(t, userDeleted, s.UserDeleted)
	changed := func(path string, f func(*cloudevents.Event)) cloudevents.Event {
		e := w.deleted("poison-"+t.Name(), path)
		f(&e)
		return e
	}
	const good = "users/alice/timetables/" + first
	for name, c := range map[string]struct {
		url string
		e   cloudevents.Event
	}{
		"not protobuf":       {timetables, changed(good, func(e *cloudevents.Event) { e.SetData("application/protobuf", []byte("{}")) })},
		"no data":            {timetables, changed(good, func(e *cloudevents.Event) { e.DataEncoded = nil })},
		"another type":       {timetables, changed(good, func(e *cloudevents.Event) { e.SetType("google.cloud.firestore.document.v1.created") })},
		"another collection": {timetables, w.deleted("poison-"+t.Name(), "schools/korea")},
		"a lecture":          {timetables, w.deleted("poison-"+t.Name(), good+"/lectures/x")},
		"a user":             {timetables, w.deleted("poison-"+t.Name(), "users/alice")},
		"a timetable":        {users, w.deleted("poison-"+t.Name(), good)},
		"no document":        {users, w.deleted("poison-"+t.Name(), "")},
	} {
		if got := w.deliver(t, c.url, c.e); got != http.StatusNoContent {
			t.Errorf("%s: status %d, want 204", name, got)
		}
	}
	if got := strings.Count(w.log.String(), `"event":"poison-`+t.Name()); got != 8 {
		t.Errorf("the log has the ids of %d events, want 8:\n%s", got, w.log)
	}
	failing := w.function(t, "failing", func(context.Context, cloudevent.Event) error { return errors.New("no luck") })
	e := w.deleted("failing", good)
	if got := w.deliver(t, failing, e); got != http.StatusServiceUnavailable {
		t.Errorf("failure: status %d, want 503", got)
	}
	w.Clock.Advance(cloudevent.MaxAge + time.Minute)
	if got := w.deliver(t, failing, e); got != http.StatusNoContent {
		t.Errorf("failure of an old event: status %d, want 204", got)
	}
}

// Requests that are not CloudEvents, or whose callers are not allowed, are rejected.
func TestRejectedRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.function(t, timetableDeleted, w.service(t).TimetableDeleted)
	for name, c := range map[string]struct {
		account, audience string
		want              int
	}{
		"no CloudEvent":    {eventarc, url, http.StatusNoContent},
		"other account":    {"stranger@demo-test.iam.gserviceaccount.com", url, http.StatusForbidden},
		"another audience": {eventarc, "https://other.test", http.StatusUnauthorized},
	} {
		token, err := w.Identity.IDToken(t.Context(), c.account, c.audience)
		must(t, err)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("hello"))
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		if got := post(t, r); got != c.want {
			t.Errorf("%s: status %d, want %d", name, got, c.want)
		}
	}
}
