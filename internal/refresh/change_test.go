package refresh_test

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/listdelta"
	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

// changes returns the changes of a semester's list, the oldest first.
func (w *world) changes(t testing.TB, id schema.SemesterID) []schema.Change {
	t.Helper()
	ref := schema.SemesterRef(w.fs, schoolID, id)
	docs, err := schema.Changes(ref).OrderBy(schema.FieldAt, firestore.Asc).Documents(context.Background()).GetAll()
	if err != nil {
		t.Fatal(err)
	}
	all := make([]schema.Change, len(docs))
	for i, doc := range docs {
		if faults := schema.ChangeDocument.Check(doc.Ref.ID, doc.Data()); len(faults) > 0 {
			t.Errorf("%s: %v", doc.Ref.ID, faults)
		}
		if err := doc.DataTo(&all[i]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// checkDeltas checks that a client that has one of the last three lists before the published one can load a
// delta, and that deltas do not add up.
func (w *world) checkDeltas(t testing.TB, id schema.SemesterID) {
	t.Helper()
	published := w.record(t, id).Published
	to := published[0]
	for _, from := range published[1:] {
		got, err := listdelta.Apply(w.content(t, from.Name), w.content(t, schema.DeltaName(from.Name, to.Name)), to.Hash[:32])
		if err != nil || !bytes.Equal(got, w.content(t, to.Name)) {
			t.Errorf("the delta from %s to %s: %v", from.Name, to.Name, err)
		}
	}
	if deltas := w.deltas(t, id); len(deltas) > 12 {
		t.Errorf("%d deltas: %v", len(deltas), deltas)
	}
}

func TestChangeIsWritten(t *testing.T) {
	w := newWorld(t)
	w.school.offer(semesterID, titles("첫 판", 30)...)
	first := w.mustRefresh(t)
	w.Clock.Advance(time.Hour)
	second := titles("둘째 판", 30)
	second[3] = "강의  3" // the course service removes repeated spaces
	w.school.offer(semesterID, append(second, "새 강의")...)
	run := w.mustRefresh(t)
	all := w.changes(t, semesterID)
	if len(all) != 2 {
		t.Fatalf("%d changes", len(all))
	}
	if c := all[0]; c.From != "" || c.To != first.URL || c.Delta != "" || c.Added != 30 || c.After != 30 || !c.Complete || len(c.Lectures) != 30 {
		t.Errorf("the first change: %+v", c)
	}
	c := all[1]
	lectures := c.Lectures
	c.Lectures = nil
	want := schema.Change{At: run.Ended, From: first.URL, To: run.URL, Before: 30, After: 31, Added: 1, Changed: 1, Complete: true,
		Delta: "gs://" + w.Project + "/" + schema.DeltaName(first.URL[len("gs://"+w.Project+"/"):], run.URL[len("gs://"+w.Project+"/"):]), Expires: run.Ended.Add(120 * 24 * time.Hour)}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("change\n%+v\nwant\n%+v", c, want)
	}
	if got := lectures[0]; !reflect.DeepEqual(got, schema.LectureChange{Kind: schema.LectureChanged, Identifier: "GAON000-01", Title: "둘째 판",
		Before: map[string]any{"title": "첫 판"}, After: map[string]any{"title": "둘째 판"}}) {
		t.Errorf("changed: %+v", got)
	}
	if got := lectures[1]; got.Kind != schema.LectureAdded || got.Identifier != "GAON030-01" || len(got.Before) > 0 || len(got.After) != 8 {
		t.Errorf("added: %+v", got)
	}
	if doc := w.semesterDocument(t, semesterID); doc["listChangedAt"] != run.Ended || doc["listCheckedAt"] != run.Ended {
		t.Errorf("semester document %v", doc)
	}
	w.checkDeltas(t, semesterID)
}

// A change beyond the bounds of a document has counts and the delta.
func TestLargeChangeHasOnlyCounts(t *testing.T) {
	for name, c := range map[string]struct {
		lectures int
		title    string
	}{"many": {schema.MaxChangeLectures + 1, "다른 강의"}, "long": {40, strings.Repeat("긴 강의", 70)}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.school.offer(semesterID, titles("판", 150)...)
			w.mustRefresh(t)
			w.Clock.Advance(time.Hour)
			list := titles("판", 150)
			for i := range c.lectures {
				list[10+i] = fmt.Sprint(c.title, i)
			}
			w.school.offer(semesterID, list...)
			w.mustRefresh(t)
			if got := w.changes(t, semesterID)[1]; got.Complete || len(got.Lectures) > 0 || got.Changed != c.lectures || got.Delta == "" {
				t.Errorf("change %+v", got)
			}
		})
	}
}

// What a refresh costs beyond the record of the run: nothing if the list is unchanged, and a document for any
// number of changes, with a task that notifies students. Once a day an unchanged list costs the write that says so.
func TestCostOfChanges(t *testing.T) {
	w := newWorld(t)
	run := func(titles []string) emulatortest.Cost {
		w.Clock.Advance(time.Hour)
		w.school.offer(semesterID, titles...)
		s := w.service(t, semesterID)
		return emulatortest.CostOf(w.Measure(t, func() {
			if _, err := s.Refresh(t.Context(), w.task(semesterID)); err != nil {
				t.Fatal(err)
			}
		}))
	}
	run(titles("첫 판", 30))
	for hour := 1; hour <= 50; hour++ {
		want := 1 // the record
		if hour%24 == 0 {
			want++ // the semester
		}
		if cost := run(titles("첫 판", 30)); cost.Writes != want {
			t.Errorf("after %d hours without a change, a refresh costs %v, want %d writes", hour, cost, want)
		}
	}
	if tasks := w.pushes(t, semesterID); len(tasks) != 0 {
		t.Errorf("without a change, %d tasks notify students", len(tasks))
	}
	w.Clock.Advance(pushplan.NextMorning(w.Clock.Now()).Sub(w.Clock.Now())) // at night, changes share a task
	const withoutChanges = 3                                                // the record, the run, the semester
	published := 0
	for n, list := range map[int][]string{1: titles("둘째 판", 30), 31: slices.Repeat([]string{"셋째 판"}, 31)} {
		if cost := run(list); cost.Writes != withoutChanges+1 {
			t.Errorf("%d changes cost %v, want %d writes", n, cost, withoutChanges+1)
		}
		if published++; len(w.pushes(t, semesterID)) != published {
			t.Errorf("after %d changed lists, %d tasks notify students, want one each", published, len(w.pushes(t, semesterID)))
		}
		if cost := run(list); cost.Writes != 1 || len(w.pushes(t, semesterID)) != published {
			t.Errorf("the refresh after %d changes costs %v, want 1 write, and no further task", n, cost)
		}
	}
}

// A school flips a field back and forth every hour, and another lecture changes once.
func TestRepeatedChangesAreCounted(t *testing.T) {
	w := newWorld(t)
	for hour := range 30 {
		list := titles(fmt.Sprintf("%d판", hour%2), 10)
		if hour >= 20 {
			list[5] = "한 번 바뀐 강의"
		}
		w.school.offer(semesterID, list...)
		w.mustRefresh(t)
		w.Clock.Advance(time.Hour)
	}
	for hour, c := range w.changes(t, semesterID) {
		if want := min(max(0, hour-1), schema.MaxRepeats); c.Lectures[0].Identifier != "GAON000-01" || c.Lectures[0].Repeats != want {
			t.Errorf("after %d hours: %+v, want %d repetitions", hour, c.Lectures[0], want)
		}
		if hour == 20 && (len(c.Lectures) != 2 || c.Lectures[1].Repeats != 0) {
			t.Errorf("the other lecture: %+v", c.Lectures)
		}
	}
	w.Clock.Advance(23 * time.Hour)
	w.school.offer(semesterID, titles("0판", 10)...)
	w.mustRefresh(t)
	all := w.changes(t, semesterID)
	if last := all[len(all)-1].Lectures[0]; last.Repeats != 0 {
		t.Errorf("a day later: %+v", last)
	}
	if recent := w.record(t, semesterID).Recent; len(recent) != 2 {
		t.Errorf("recent changes %+v", recent)
	}
	w.checkDeltas(t, semesterID)
}

// Somebody deletes deltas, or a list that a delta would start from.
func TestMissingDeltasAreMadeByTheNextRun(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.school.offer(semesterID, titles(fmt.Sprint(i), 10)...)
		w.mustRefresh(t)
		w.Clock.Advance(time.Minute)
	}
	w.checkDeltas(t, semesterID)
	remove := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if err := w.bucket.Object(name).Delete(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove(w.deltas(t, semesterID)...)
	w.mustRefresh(t)
	w.checkDeltas(t, semesterID)

	remove(w.deltas(t, semesterID)...)
	published := w.record(t, semesterID).Published
	remove(published[2].Name)
	w.Clock.Advance(2 * time.Hour)
	w.mustRefresh(t)
	var want []string
	for _, i := range []int{1, 3} {
		want = append(want, schema.DeltaName(published[i].Name, published[0].Name))
	}
	slices.Sort(want)
	if got := w.deltas(t, semesterID); !slices.Equal(got, want) {
		t.Errorf("deltas %v, want %v", got, want)
	}

	// Without the published list, nothing can be compared.
	remove(published[0].Name)
	w.school.offer(semesterID, titles("새 판", 10)...)
	w.mustRefresh(t)
	all := w.changes(t, semesterID)
	if c := all[len(all)-1]; c.From != "" || c.Delta != "" || c.Added != 10 {
		t.Errorf("change %+v", c)
	}
}

// The record has what accepting a list that was held back would publish.
func TestListHeldBackIsCompared(t *testing.T) {
	w := newWorld(t)
	w.school.offer(semesterID, titles("판", 200)...)
	good := w.mustRefresh(t)
	w.school.offer(semesterID, titles("다른 판", 50)...)
	for range 2 {
		w.Clock.Advance(time.Minute)
		if run := w.mustRefresh(t); run.Outcome != refresh.Suspicious {
			t.Fatalf("run %+v", run)
		}
		held := w.record(t, semesterID).HeldBack
		if held.From != good.URL || held.Removed != 150 || held.Changed != 1 || held.After != 50 || held.Complete || len(held.Lectures) != schema.MaxChangeLectures {
			t.Errorf("held back: %+v", held)
		}
	}
	w.school.offer(semesterID, titles("다른 판", 60)...)
	w.Clock.Advance(time.Minute)
	w.mustRefresh(t)
	if held := w.record(t, semesterID).HeldBack; held.Removed != 140 {
		t.Errorf("held back: %+v", held)
	}
	w.Clock.Advance(time.Minute)
	w.mustRefresh(t, func(task *refresh.Task) { task.Accept = true })
	if held := w.record(t, semesterID).HeldBack; !held.At.IsZero() {
		t.Errorf("after the list was accepted: %+v", held)
	}
	all := w.changes(t, semesterID)
	if c := all[len(all)-1]; len(all) != 2 || c.Removed != 140 || c.Changed != 1 {
		t.Errorf("%d changes, the last %+v", len(all), c)
	}
}
