package push_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/messaging"
	"heek.kr/heektime/internal/listdelta"
	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/push/topic"
	"heek.kr/heektime/internal/schema"
)

// listOf returns a list in which all lectures have the same room, and where it is stored.
func (w *world) listOf(t *testing.T, lectures int, room string) (body []byte, name string) {
	t.Helper()
	var list schema.CourseList
	for i := range lectures {
		list = append(list, schema.Lecture{
			Identifier: fmt.Sprintf("L%04d", i), Title: "자료구조", Professor: "김가람", Credit: 3,
			Times: []schema.LectureTime{{Weekday: 1, TimeBegin: 540, TimeEnd: 615, Room: room}},
		}.Complete())
	}
	var out bytes.Buffer
	must(t, list.Encode(&out))
	name = schema.ListName(schoolID, semesterID, listdelta.Hash(out.Bytes()))
	w.lists[name] = out.Bytes()
	return out.Bytes(), name
}

// publish stores a change of so many rooms that its document does not have them.
func (w *world) publish(t *testing.T, lectures int, from, to string) (older, newer, delta string) {
	t.Helper()
	a, older := w.listOf(t, lectures, from)
	b, newer := w.listOf(t, lectures, to)
	d, err := listdelta.Make(a, b)
	must(t, err)
	delta = schema.DeltaName(older, newer)
	w.lists[delta] = d.Encode()
	c := schema.Change{
		At: w.at, From: "gs://x/" + older, To: "gs://x/" + newer, Delta: "gs://x/" + delta, Changed: lectures, Before: lectures, After: lectures,
		Expires: w.at.Add(time.Hour), Lectures: []schema.LectureChange{},
	}
	_, err = schema.ChangeRef(schema.SemesterRef(w.fs, schoolID, semesterID), w.at, "12345678").Set(t.Context(), c)
	must(t, err)
	return older, newer, delta
}

// Students are notified of a change of more lectures than fit into its document, task by task.
func TestManyLectures(t *testing.T) {
	t.Parallel()
	const lectures = 300
	w := newWorld(t)
	first, last := w.device(t, lectureTopic("L0000", schema.Korean)), w.device(t, lectureTopic("L0299", schema.English))
	older, newer, delta := w.publish(t, lectures, "301-118", "302-105")
	delete(w.lists, newer) // the delta has it
	w.notify(t)
	if sent := len(w.Messages().All()); sent != 2*250 {
		t.Errorf("the first task sent %d messages, want 500", sent)
	}
	w.at = w.at.Add(time.Second)
	w.notify(t)
	w.notify(t)
	if sent := len(w.Messages().All()); sent != 2*lectures {
		t.Errorf("%d messages, want two for each of %d lectures", sent, lectures)
	}
	for token, want := range map[string]string{first: "자료구조 강의실이 바뀌었어요: 301-118 → 302-105", last: "자료구조: the room changed, 301-118 → 302-105"} {
		if shown := w.Messages().Shown(token); len(shown) != 1 || shown[0].Body != want {
			t.Errorf("a device shows %+v, want %q", shown, want)
		}
	}
	// Somebody deletes the delta, and then a list. A change that nobody can compare holds nothing up.
	w.at = w.at.Add(time.Hour)
	_, _, again := w.publish(t, lectures, "302-105", "303-201")
	delete(w.lists, again)
	w.notify(t)
	if d, _ := w.Messages().Device(first); len(d.Received) != 2 {
		t.Errorf("without the delta, the device received %d messages, want 2", len(d.Received))
	}
	delete(w.lists, older)
	w.lists[delta] = []byte("{}")
	w.at = pushplan.NextMorning(w.at)
	w.change(t, "A", "301-118", "302-105")
	w.notify(t)
	if sent := w.Messages().ToTopic(lectureTopic("A", schema.Korean)); len(sent) != 1 {
		t.Errorf("%d messages about another lecture, want 1", len(sent))
	}
}

// If more lectures change than a task can remember, the list is new for everybody: the students of the school are told
// so, once a day and not at night, in a message for each language.
func TestTooManyLectures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	student, english := w.device(t, topic.School(schoolID).In(schema.Korean)), w.device(t, topic.School(schoolID).In(schema.English))
	first := 0 // messages of the first day
	received := func(want int, when string) {
		t.Helper()
		if d, _ := w.Messages().Device(english); len(d.Received) != first+want {
			t.Errorf("%s, a device has received %d more messages, want %d", when, len(d.Received)-first, want)
		}
	}
	rooms := []string{"301-118", "302-105"}
	publish := func(at time.Time) {
		t.Helper()
		w.at = at
		w.publish(t, pushplan.MaxLectures+1, rooms[0], rooms[1])
		rooms[0], rooms[1] = rooms[1], rooms[0]
		w.notify(t)
		w.notify(t)
	}
	w.Messaging.Inject(messaging.Fault{Code: messaging.QuotaExceeded, Topic: topic.School(schoolID).In(schema.English), Times: 1})
	w.publish(t, pushplan.MaxLectures+1, rooms[0], rooms[1])
	if err := w.Notify(t.Context(), schoolID, semesterID); err == nil {
		t.Error("a message that was not sent is not tried again")
	}
	w.notify(t)
	w.notify(t)
	if shown := w.Messages().Shown(student); len(shown) != 1 || shown[0].Data["type"] != "list" || shown[0].Data["semesterId"] != string(semesterID) ||
		shown[0].Body != "학교 강의 목록이 한꺼번에 많이 바뀌었어요. 담은 강의가 그대로인지 확인해 보세요." {
		t.Errorf("the student's device shows %+v", shown)
	}
	if shown := w.Messages().Shown(english); len(shown) != 1 || !strings.HasPrefix(shown[0].Body, "Much of your school's course list") {
		t.Errorf("another's device shows %+v", shown)
	}
	before := len(w.Messages().All())
	for hour := range 4 {
		publish(w.at.Add(time.Duration(hour+1) * time.Hour))
	}
	if more := len(w.Messages().All()) - before; more > 0 {
		t.Errorf("%d more messages on the same day", more)
	}
	if later := w.later(t); !slices.Contains(later, tomorrow) {
		t.Errorf("the service looks again at %v", later)
	}
	w.at = pushplan.NextMorning(w.at)
	was, _ := w.Messages().Device(english)
	first = len(was.Received)
	w.notify(t)
	w.notify(t)
	received(1, "the next morning")
	w.at = w.at.Add(15 * time.Hour) // 23:00
	publish(w.at)
	received(1, "at night")
	w.at = pushplan.NextMorning(w.at)
	w.notify(t)
	received(2, "after the night")
}
