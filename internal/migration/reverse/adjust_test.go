package reverse

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/schema"
)

// What the other direction writes after a move back respects what came from the new side.
func TestAdjust(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	lecture := w.anyPath(schema.LectureDocument)
	user := strings.Join(strings.Split(lecture, "/")[:2], "/")
	private, timetable := user+"/timetables/PRIVATE123", user+"/timetables/ABCDEFGHIJ"
	w.newTimetable(private, schema.Private)
	w.newTimetable(timetable, schema.Public)
	added := timetable + "/lectures/autoid"
	w.newLecture(added, "하나")
	w.update(lecture, firestore.Update{Path: "color", Value: "#aabbcc"})
	w.arrive()

	later := time.Now().Add(time.Hour)
	fields := func(title string, at time.Time) map[string]any {
		return map[string]any{schema.FieldTitle: title, schema.FieldUpdatedAt: at}
	}
	key := conversion.LectureKey(added)
	got, err := Adjust(t.Context(), w.db.Pool, w.client, []documentwriter.Write{
		{Ref: w.client.Doc(timetable + "/lectures/" + key), Fields: fields("old client", later)},
		{Ref: w.client.Doc(lecture), Fields: fields("old client", later)},
		{Ref: w.client.Doc(private)},
		{Ref: w.client.Doc(private + "/lectures/x")},
		{Ref: w.client.Doc(user + "/timetables/gone")},
		{Ref: w.client.Doc("schools/x"), Fields: map[string]any{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, w := range got {
		if !w.UnlessLater {
			t.Errorf("%s would replace what a new client writes meanwhile", schema.Path(w.Ref))
		}
		text := schema.Path(w.Ref)
		if w.Fields == nil {
			text += " deleted"
		}
		if w.Fields["color"] != nil {
			text += " with color"
		}
		texts = append(texts, text)
	}
	want := []string{added, lecture + " with color", user + "/timetables/gone deleted", "schools/x"}
	if strings.Join(texts, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(texts, "\n"), strings.Join(want, "\n"))
	}
}
