package push_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"heek.kr/heektime/internal/listdelta"
	"heek.kr/heektime/internal/push/pushplan"
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

// Nobody is notified if more lectures change than a task can remember: the list is new for everybody.
func TestTooManyLectures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, pushplan.MaxLectures+1, "301-118", "302-105")
	w.notify(t)
	if sent := len(w.Messages().All()); sent > 0 {
		t.Errorf("%d messages", sent)
	}
}
