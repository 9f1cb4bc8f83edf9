package push_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest/messagingclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/internal/faulttest"
	"heek.kr/heektime/internal/push"
	"heek.kr/heektime/internal/push/topic"
	"heek.kr/heektime/internal/schema"
)

// faultyService returns a service with a fault at call at, and the context to call it with.
func (w *world) faultyService(t *testing.T, kind faulttest.Fault, at int) (*push.Service, *faulttest.Process, context.Context) {
	t.Helper()
	p, ctx := faulttest.New(t.Context(), kind, at)
	proxy := p.Proxy(w.MessagingAddress())
	t.Cleanup(proxy.Close)
	return w.open(t, w.FirestoreClient(t, p.DialOptions()...), messagingclient.New(t, w.Project, strings.TrimPrefix(proxy.URL, "http://")),
		tasksclient.New(t, w.TasksAddress(), p.DialOptions()...)), p, ctx
}

// everyFault runs a test with each fault at each call that the test makes, of which there are at least so many.
func everyFault(t *testing.T, atLeast int, run func(t *testing.T, w *world, kind faulttest.Fault, at int) (calls int)) {
	t.Parallel()
	for _, kind := range faulttest.Faults() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for at := 0; ; at++ {
				calls := run(t, w, kind, at)
				if t.Failed() {
					t.Fatalf("the fault was at call %d", at)
				}
				if at >= calls {
					if at < atLeast {
						t.Errorf("only %d calls were made, want at least %d", at, atLeast)
					}
					return
				}
			}
		})
	}
}

// A task that is killed or fails at any of its calls is repeated: a message is sent at least once and shown once, and
// if the lecture has changed again in the meantime, the device shows how it is now.
func TestFaultAtEveryCallOfNotify(t *testing.T) {
	everyFault(t, 6, func(t *testing.T, w *world, kind faulttest.Fault, at int) (calls int) {
		for round, rooms := range [][]string{{"301-118", "302-105"}, {"301-118", "302-105", "303-201"}, {"301-118", "302-105", "301-118"}} {
			code := fmt.Sprintf("L%d-%d", at, round)
			token := w.device(t, lectureTopic(code, schema.Korean))
			w.at = w.at.Add(time.Second)
			w.change(t, code, rooms[0], rooms[1])
			s, p, ctx := w.faultyService(t, kind, at)
			s.Notify(ctx, schoolID, semesterID) // may fail
			if len(rooms) > 2 {
				w.at = w.at.Add(time.Second)
				w.change(t, code, rooms[1], rooms[2])
			}
			sent := len(w.Messages().ToTopic(lectureTopic(code, schema.Korean)))
			w.at = w.at.Add(time.Second)
			w.notify(t)
			w.notify(t)
			d, _ := w.Messages().Device(token)
			last := rooms[len(rooms)-1]
			switch back := last == rooms[0]; {
			case back && sent == 0 && len(d.Received) == 0: // there is nothing to say
			case len(d.Shown) != 1 || !strings.HasSuffix(d.Shown[0].Body, "→ "+last):
				t.Errorf("after %v, the device shows %d messages of %d: %+v", rooms, len(d.Shown), len(d.Received), d.Shown)
			case len(d.Received) > 3:
				t.Errorf("after %v, the device received %d messages", rooms, len(d.Received))
			}
			calls = max(calls, len(p.Calls()))
		}
		return calls
	})
}

// A device whose topics change has those of the timetable after the next attempt, and a removed one has none.
func TestFaultAtEveryCallOfFollow(t *testing.T) {
	everyFault(t, 8, func(t *testing.T, w *world, kind faulttest.Fault, at int) (calls int) {
		uid := fmt.Sprintf("user%d", at)
		user, token := schema.UserRef(w.fs, uid), w.device(t, "old")
		ref := schema.SubscriptionRef(user, "s")
		set := func(path string, fields map[string]any) {
			t.Helper()
			_, err := w.fs.Doc(path).Set(t.Context(), fields)
			must(t, err)
		}
		timetable := "users/" + uid + "/timetables/t"
		set(timetable, map[string]any{
			"title": "t", "visibility": "public", "semester": schema.SemesterRef(w.fs, schoolID, semesterID), "createdAt": w.at, "updatedAt": w.at,
		})
		set(timetable+"/lectures/1", map[string]any{"identifier": "A"})
		_, err := ref.Set(t.Context(), schema.Subscription{
			Token: token, Language: schema.Korean, Topics: []string{"old"}, Settled: true, Seen: w.at, Expires: w.at.Add(1000 * time.Hour),
		}.Fields())
		must(t, err)
		check := func(when string, want ...string) {
			t.Helper()
			slices.Sort(want)
			d, _ := w.Messages().Device(token)
			snap, err := ref.Get(t.Context())
			sub := schema.ReadSubscription(snap)
			if !slices.Equal(d.Topics, want) || want != nil && (err != nil || !sub.Settled || !slices.Equal(sub.Topics, want)) {
				t.Errorf("%s: the device has the topics %v, and the document %+v; want %v", when, d.Topics, sub, want)
			}
		}
		attempt := func() {
			t.Helper()
			s, p, ctx := w.faultyService(t, kind, at)
			s.Follow(ctx, uid) // may fail
			calls = max(calls, len(p.Calls()))
			w.at = w.at.Add(2 * time.Minute) // the lease of a dead process has ended
			must(t, w.Follow(t.Context(), uid))
		}
		attempt()
		general := []string{topic.Announcements.In(schema.Korean), topic.School(schoolID).In(schema.Korean)}
		check("after a lecture was added", append(general, lectureTopic("A", schema.Korean))...)
		set(timetable+"/lectures/1", map[string]any{"identifier": "B"})
		attempt()
		check("after its code changed", append(general, lectureTopic("B", schema.Korean))...)
		set(ref.Path[strings.Index(ref.Path, "users/"):], schema.Subscription{
			Token: token, Language: schema.Korean, Topics: append(general, lectureTopic("B", schema.Korean)), Settled: true, Removed: true,
			Seen: w.at, Expires: w.at.Add(1000 * time.Hour),
		}.Fields())
		attempt()
		check("after it was removed")
		if snap, _ := ref.Get(t.Context()); snap.Exists() {
			t.Error("the removed subscription is still there")
		}
		return calls
	})
}
