package api

import (
	"encoding/json"
	"testing"

	"heek.kr/heektime/compat-server/catalog"
	"heek.kr/heektime/compat-server/timetable"
	"heek.kr/heektime/internal/schema"
)

// Old apps get every field of a lecture, including fields that are added to the schema later, but
// tags instead of metas.
func TestLectureObjectHasEveryField(t *testing.T) {
	fields := map[string]any{}
	for _, f := range schema.LectureDocument.OwnerFields() {
		switch f.Type {
		case schema.Text:
			fields[f.Name] = "x"
		case schema.Number, schema.Integer:
			fields[f.Name] = int64(1)
		case schema.Bool:
			fields[f.Name] = true
		}
	}
	l := timetable.Lecture{ID: "id", Lecture: schema.LectureOf(fields)}
	text, err := json.Marshal(lectureOf(l, &catalog.Semester{}))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id", "times", "category", "tags"} {
		if got[name] == nil {
			t.Errorf("no %s in %s", name, text)
		}
	}
	for name := range fields {
		if got[name] == nil {
			t.Errorf("no %s in %s", name, text)
		}
	}
	for _, name := range []string{"metas", "url"} {
		if _, has := got[name]; has {
			t.Errorf("unexpected %s in %s", name, text)
		}
	}
}
