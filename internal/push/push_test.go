package push_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/messaging"
	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/push/topic"
	"heek.kr/heektime/internal/schema"
)

// tomorrow is the next morning, as [world.later] returns it.
var tomorrow = today.AddDate(0, 0, 1).Format("01-02") + " 08:00"

// A student is told in their language, once, however often the task runs, and the way back replaces the message on
// the device. What follows waits for the next morning, like what happens at night.
func TestStudentsAreNotified(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	korean, english := w.device(t, lectureTopic("A", schema.Korean)), w.device(t, lectureTopic("A", schema.English))
	w.change(t, "A", "301-118", "302-105")
	w.notify(t)
	w.notify(t)
	shows := func(token, want string, sent int) {
		t.Helper()
		shown := w.Messages().Shown(token)
		if len(shown) == 0 || shown[len(shown)-1].Body != want {
			t.Errorf("the device shows %+v, want %q", shown, want)
		}
		if d, _ := w.Messages().Device(token); len(d.Received) != sent {
			t.Errorf("the device received %d messages, want %d", len(d.Received), sent)
		}
	}
	shows(korean, "자료구조 강의실이 바뀌었어요: 301-118 → 302-105", 1)
	shows(english, "자료구조: the room changed, 301-118 → 302-105", 1)
	sent := w.Messages().ToTopic(lectureTopic("A", schema.Korean))[0].Message
	if sent.Data["schoolId"] != schoolID || sent.Data["semesterId"] != string(semesterID) || sent.Data["lecture"] != "A" {
		t.Errorf("the message leads to %v", sent.Data)
	}
	w.at = w.at.Add(time.Hour)
	w.change(t, "A", "302-105", "301-118")
	w.notify(t)
	shows(korean, "자료구조 강의실이 다시 돌아왔어요: 302-105 → 301-118", 2)
	if n := len(w.Messages().Shown(korean)); n != 1 {
		t.Errorf("the device shows %d messages, want one a day", n)
	}
	for range 5 { // back and forth
		w.at = w.at.Add(time.Hour)
		w.change(t, "A", "301-118", "302-105")
		w.notify(t)
		w.at = w.at.Add(time.Hour)
		w.change(t, "A", "302-105", "301-118")
		w.notify(t)
	}
	shows(korean, "자료구조 강의실이 다시 돌아왔어요: 302-105 → 301-118", 2)
	w.at = w.at.Add(time.Hour) // 22:00
	w.change(t, "A", "301-118", "")
	w.notify(t)
	shows(korean, "자료구조 강의실이 다시 돌아왔어요: 302-105 → 301-118", 2)
	if later := w.later(t); !slices.Contains(later, tomorrow) {
		t.Errorf("the service looks again at %v", later)
	}
	w.at = pushplan.NextMorning(w.at)
	w.notify(t)
	shows(korean, "자료구조 강의실이 바뀌었어요: 301-118 → 미정", 3)
}

// What a task costs: two writes if it sends anything, however many lectures and messages, one if it only takes note of
// a change, and none if there is nothing new.
func TestCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	costs := func(what string, want emulatortest.Cost) {
		t.Helper()
		before := w.Usage() // not Measure, which would wait for the tasks of the paused queue
		w.notify(t)
		if got := emulatortest.CostOf(billing.Between(before, w.Usage())); got != want {
			t.Errorf("%s costs %v, want %v", what, got, want)
		}
	}
	costs("nothing", emulatortest.Cost{Reads: 2}) // a query without results is a read
	w.change(t, "A", "301-118", "302-105")
	costs("a change", emulatortest.Cost{Reads: 2, Writes: 2})
	costs("the same task again", emulatortest.Cost{Reads: 2})
	w.at = w.at.Add(time.Hour)
	w.change(t, "B", "301-118", "301-118")
	costs("a change of the wording", emulatortest.Cost{Reads: 3, Writes: 1})
	w.at = w.at.Add(time.Hour)
	for i := range 3 {
		w.at = w.at.Add(time.Second)
		w.change(t, fmt.Sprint("C", i), "301-118", "302-105")
	}
	costs("three changes", emulatortest.Cost{Reads: 6, Writes: 2})
}

// Only what failed is sent again, and what cannot succeed is not.
func TestFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(t, "A", "301-118", "302-105")
	w.Messaging.Inject(messaging.Fault{Code: messaging.QuotaExceeded, Topic: lectureTopic("A", schema.English)})
	if err := w.Notify(t.Context(), schoolID, semesterID); err == nil || !strings.Contains(err.Error(), lectureTopic("A", schema.English)) {
		t.Errorf("Notify = %v, want a retry for the topic that failed", err)
	}
	w.Messaging.ClearFaults()
	w.notify(t)
	w.notify(t)
	for _, language := range topic.Languages() {
		if sent := w.Messages().ToTopic(lectureTopic("A", language)); len(sent) != 1 {
			t.Errorf("%d messages in %s, want 1", len(sent), language)
		}
	}
	w.at = w.at.Add(time.Hour)
	w.change(t, "B", "301-118", "302-105")
	w.Messaging.Inject(messaging.Fault{Code: messaging.InvalidArgument, Topic: lectureTopic("B", schema.Korean)})
	w.notify(t)
	w.notify(t)
	if sent := w.Messages().ToTopic(lectureTopic("B", schema.English)); len(sent) != 1 {
		t.Errorf("%d messages in English, want 1", len(sent))
	}
	// A change that is undone before its message is sent says nothing.
	w.Messaging.ClearFaults()
	w.at = w.at.Add(time.Hour)
	w.change(t, "C", "301-118", "302-105")
	w.Messaging.Inject(messaging.Fault{Code: messaging.QuotaExceeded})
	if err := w.Notify(t.Context(), schoolID, semesterID); err == nil {
		t.Error("nothing failed")
	}
	w.Messaging.ClearFaults()
	w.at = w.at.Add(time.Minute)
	w.change(t, "C", "302-105", "301-118")
	w.notify(t)
	if sent := w.Messages().ToTopic(lectureTopic("C", schema.Korean)); len(sent) != 0 {
		t.Errorf("%d messages about a change that was undone", len(sent))
	}
}

// The topics of a device follow the timetables of its user, whatever fails in between.
func TestTopicsFollowTimetables(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.device(t)
	user := schema.UserRef(w.fs, "alice")
	sub := schema.SubscriptionRef(user, "s")
	set := func(path string, fields map[string]any) {
		t.Helper()
		_, err := w.fs.Doc(path).Set(t.Context(), fields)
		must(t, err)
	}
	timetable := func(id string, semester schema.SemesterID) {
		set("users/alice/timetables/"+id, map[string]any{
			"title": id, "visibility": "public", "semester": schema.SemesterRef(w.fs, schoolID, semester), "createdAt": w.at, "updatedAt": w.at,
		})
	}
	timetable("now", semesterID)
	timetable("old", "2020-0900")
	set("users/alice/timetables/now/lectures/1", map[string]any{"identifier": "A"})
	set("users/alice/timetables/now/lectures/2", map[string]any{"identifier": ""})
	set("users/alice/timetables/old/lectures/1", map[string]any{"identifier": "OLD"})
	_, err := sub.Set(t.Context(), schema.Subscription{Token: token, Language: schema.Korean}.Fields())
	must(t, err)
	has := func(want ...string) {
		t.Helper()
		slices.Sort(want)
		d, _ := w.Messages().Device(token)
		if !slices.Equal(d.Topics, want) {
			t.Errorf("the device has the topics %v, want %v", d.Topics, want)
		}
	}
	general := []string{topic.Announcements.In(schema.Korean), topic.School(schoolID).In(schema.Korean)}
	w.Messaging.Inject(messaging.Fault{Code: messaging.Internal, Subscriptions: true, Times: 1})
	if err := w.Follow(t.Context(), "alice"); err == nil {
		t.Error("nothing failed")
	}
	must(t, w.Follow(t.Context(), "alice"))
	has(append(general, lectureTopic("A", schema.Korean))...)
	set("users/alice/timetables/now/lectures/1", map[string]any{"identifier": "B"})
	must(t, w.Follow(t.Context(), "alice"))
	must(t, w.Follow(t.Context(), "alice"))
	has(append(general, lectureTopic("B", schema.Korean))...)
	must(t, w.Leave(t.Context(), token, []string{lectureTopic("B", schema.Korean)})) // late: the device has subscribed again
	has(append(general, lectureTopic("B", schema.Korean))...)
	_, err = sub.Set(t.Context(), map[string]any{"removed": true, "token": token, "topics": append(general, lectureTopic("B", schema.Korean)), "language": "ko"})
	must(t, err)
	must(t, w.Follow(t.Context(), "alice"))
	has()
	if snap, _ := sub.Get(t.Context()); snap.Exists() {
		t.Error("the subscription is still there")
	}
	must(t, w.Follow(t.Context(), "alice"))
}

// An announcement is sent once, when it has begun, to those it is for.
func TestAnnouncements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all, school := w.device(t, topic.Announcements.In(schema.Korean)), w.device(t, topic.School(schoolID).In(schema.English))
	add := func(id string, a schema.Announcement) {
		t.Helper()
		a.Korean, a.English, a.Until = "점검해요.", "Maintenance.", w.at.Add(48*time.Hour)
		_, err := schema.AnnouncementRef(w.fs, id).Set(t.Context(), a.Fields())
		must(t, err)
		must(t, w.Announce(t.Context(), id))
		must(t, w.Announce(t.Context(), id))
	}
	add("a", schema.Announcement{Audience: schema.AudienceAll, From: w.at, Push: true})
	add("b", schema.Announcement{Audience: schoolID, From: w.at, Push: true})
	add("silent", schema.Announcement{Audience: schema.AudienceAll, From: w.at})
	add("later", schema.Announcement{Audience: schema.AudienceAll, From: w.at.Add(13 * time.Hour), Push: true})
	must(t, w.Announce(t.Context(), "missing"))
	for token, want := range map[string]string{all: "점검해요.", school: "Maintenance."} {
		if d, _ := w.Messages().Device(token); len(d.Received) != 1 || d.Shown[0].Body != want {
			t.Errorf("the device received %+v, want %q once", d.Received, want)
		}
	}
	if later := w.later(t); !slices.Equal(later, []string{tomorrow}) {
		t.Errorf("what begins at 23:00 is sent at %v", later)
	}
}
