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

// However often and in whatever company the event comes: the lectures of the deleted timetable go, and no others.
func TestLecturesOfADeletedTimetable(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 99, 100, 101, 250} {
		w := newWorld(t)
		alice := w.signUp(t, "alice", "alice")
		bob := w.signUp(t, "bob", "bobby")
		ctx := t.Context()
		must(t, alice.duplicate(ctx, first, ids(n)), alice.duplicate(ctx, second, ids(3)), bob.duplicate(ctx, first, ids(2)),
			alice.removeTimetable(ctx, first))
		url := w.function(t, timetableDeleted, w.service(t).TimetableDeleted)
		e := w.deleted("e1", "users/alice/timetables/"+first)
		var at sync.WaitGroup
		for range 3 {
			at.Go(func() {
				if got := w.deliver(t, url, e); got != http.StatusNoContent {
					t.Errorf("%d lectures: answered %d\n%s", n, got, w.log)
				}
			})
		}
		at.Wait()
		if got := w.all(t, "lectures"); len(got) != 5 {
			t.Errorf("of %d lectures and 5 others, %v are left", n, got)
		}
	}
}

// The timetable is there again before the event comes: its lectures stay.
func TestLateEventLeavesANewTimetableAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.signUp(t, "alice", "alice")
	ctx := t.Context()
	must(t, alice.duplicate(ctx, first, ids(2)), alice.removeTimetable(ctx, first),
		alice.duplicate(ctx, first, []string{"new1", "new2", "new3"}))
	if got := w.deliver(t, w.function(t, timetableDeleted, w.service(t).TimetableDeleted), w.deleted("e1", "users/alice/timetables/"+first)); got != http.StatusNoContent {
		t.Errorf("answered %d", got)
	}
	// The two from before are lectures of a timetable again.
	if got := w.all(t, "lectures"); len(got) != 5 {
		t.Errorf("left are %v", got)
	}
}

// A client puts the timetable there again while its lectures are being removed: whatever the timetable has when it stands
// there again is what it keeps.
func TestTimetableComesBackMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.signUp(t, "alice", "alice")
	ctx := t.Context()
	s := w.service(t)
	for range 10 {
		must(t, alice.duplicate(ctx, first, ids(120)), alice.removeTimetable(ctx, first))
		var at sync.WaitGroup
		at.Go(func() {
			if _, err := s.Lectures(ctx, "alice", first); err != nil && !errors.Is(err, deletion.ErrLives) {
				t.Error(err)
			}
		})
		must(t, alice.duplicate(ctx, first, []string{"new1", "new2"}))
		at.Wait()
		for _, id := range []string{"new1", "new2"} {
			if !w.exists(t, "users/alice/timetables/"+first+"/lectures/"+id) {
				t.Fatalf("%s of the new timetable is gone", id)
			}
		}
		must(t, alice.removeTimetable(ctx, first))
		if _, err := s.Lectures(ctx, "alice", first); err != nil {
			t.Fatal(err)
		}
	}
}

// A client with old data adds lectures to the deleted timetable: rules refuse, so that none comes behind the function.
func TestNoLectureIsAddedBehindTheFunction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.signUp(t, "alice", "alice")
	ctx := t.Context()
	must(t, alice.duplicate(ctx, first, ids(30)), alice.removeTimetable(ctx, first))
	if err := alice.addLecture(ctx, first, "late"); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a lecture of a deleted timetable is added: %v", err)
	}
}

// What will never be better is answered 2xx and told in the log with its id; what may be is answered 5xx until it is old.
func TestPoisonAndFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(t)
	timetables, users := w.function(t, timetableDeleted, s.TimetableDeleted), w.function(t, userDeleted, s.UserDeleted)
	change := func(path string, f func(*cloudevents.Event)) cloudevents.Event {
		e := w.deleted("poison-"+t.Name(), path)
		f(&e)
		return e
	}
	const good = "users/alice/timetables/" + first
	for name, c := range map[string]struct {
		url string
		e   cloudevents.Event
	}{
		"no protobuf":        {timetables, change(good, func(e *cloudevents.Event) { e.SetData("application/protobuf", []byte("{}")) })},
		"no data":            {timetables, change(good, func(e *cloudevents.Event) { e.DataEncoded = nil })},
		"another type":       {timetables, change(good, func(e *cloudevents.Event) { e.SetType("google.cloud.firestore.document.v1.created") })},
		"another collection": {timetables, w.deleted("poison-"+t.Name(), "schools/korea")},
		"a lecture":          {timetables, w.deleted("poison-"+t.Name(), good+"/lectures/x")},
		"a user":             {timetables, w.deleted("poison-"+t.Name(), "users/alice")},
		"a timetable":        {users, w.deleted("poison-"+t.Name(), good)},
		"no document":        {users, w.deleted("poison-"+t.Name(), "")},
	} {
		if got := w.deliver(t, c.url, c.e); got != http.StatusNoContent {
			t.Errorf("%s: answered %d", name, got)
		}
	}
	if got := strings.Count(w.log.String(), `"event":"poison-`+t.Name()); got != 8 {
		t.Errorf("%d of 8 are in the log with their id:\n%s", got, w.log)
	}
	failing := w.function(t, "failing", func(context.Context, cloudevent.Event) error { return errors.New("no luck") })
	e := w.deleted("unlucky", good)
	if got := w.deliver(t, failing, e); got != http.StatusServiceUnavailable {
		t.Errorf("a failure is answered %d", got)
	}
	w.Clock.Advance(cloudevent.MaxAge + time.Minute)
	if got := w.deliver(t, failing, e); got != http.StatusNoContent {
		t.Errorf("a failure of long ago is answered %d", got)
	}
}

// A request that is no CloudEvent at all, and one from somebody else.
func TestWhoDelivers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.function(t, timetableDeleted, w.service(t).TimetableDeleted)
	for name, c := range map[string]struct {
		account, audience string
		want              int
	}{
		"no CloudEvent":    {eventarc, url, http.StatusNoContent},
		"somebody else":    {"stranger@demo-test.iam.gserviceaccount.com", url, http.StatusForbidden},
		"another audience": {eventarc, "https://other.test", http.StatusUnauthorized},
	} {
		token, err := w.Identity.IDToken(t.Context(), c.account, c.audience)
		must(t, err)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("hello"))
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		if got := post(t, r); got != c.want {
			t.Errorf("%s: answered %d, want %d", name, got, c.want)
		}
	}
}
