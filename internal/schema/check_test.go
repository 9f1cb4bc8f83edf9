package schema

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
)

func TestCheck(t *testing.T) {
	now := time.Now()
	at := func(path string) *firestore.DocumentRef {
		return &firestore.DocumentRef{Path: "projects/p/databases/d/documents/" + path}
	}
	lecture := func(change map[string]any) map[string]any {
		fields := asRead((&Lecture{Identifier: "a", Times: []LectureTime{{Weekday: 1, TimeBegin: 0, TimeEnd: 1440}}, Metas: []LectureMeta{Tag("x")}}).NewFields()).(map[string]any)
		for name, value := range change {
			if fields[name] = value; value == "absent" {
				delete(fields, name)
			}
		}
		return fields
	}
	timetable := func(semester any) map[string]any {
		return map[string]any{"title": "t", "visibility": "public", "semester": semester, "createdAt": now, "updatedAt": now}
	}
	for name, c := range map[string]struct {
		document Document
		id       string
		fields   map[string]any
		want     string // "" means valid
	}{
		"lecture":            {LectureDocument, "x", lecture(nil), ""},
		"a field more":       {LectureDocument, "x", lecture(map[string]any{"later": 1}), ""},
		"integer as double":  {LectureDocument, "x", lecture(map[string]any{"times": []any{map[string]any{"weekday": 1.0, "timeBegin": 0.0, "timeEnd": 60.0, "room": ""}}}), ""},
		"absent":             {LectureDocument, "x", lecture(map[string]any{"credit": "absent"}), "credit is absent"},
		"null":               {LectureDocument, "x", lecture(map[string]any{"title": nil}), "title is a <nil>, want a string"},
		"type":               {LectureDocument, "x", lecture(map[string]any{"times": "x"}), "times is a string, want a list"},
		"NaN":                {LectureDocument, "x", lecture(map[string]any{"credit": math.NaN()}), "credit is a float64"},
		"number too large":   {LectureDocument, "x", lecture(map[string]any{"credit": int64(101)}), "credit is 101, want 0 to 100"},
		"negative number":    {LectureDocument, "x", lecture(map[string]any{"credit": -1.5}), "credit is -1.5"},
		"text too long":      {LectureDocument, "x", lecture(map[string]any{"title": strings.Repeat("가", 301)}), "title has 301 characters"},
		"list too long":      {LectureDocument, "x", lecture(map[string]any{"category": slices.Repeat([]any{"x"}, 21)}), "category has 21 entries"},
		"entry of a list":    {LectureDocument, "x", lecture(map[string]any{"category": []any{"x", int64(1)}}), "category[1] is a int64"},
		"map in a list":      {LectureDocument, "x", lecture(map[string]any{"times": []any{map[string]any{"weekday": int64(7), "timeBegin": int64(0), "timeEnd": int64(1), "room": ""}}}), "times[0].weekday is 7"},
		"map lacks a field":  {LectureDocument, "x", lecture(map[string]any{"metas": []any{map[string]any{"type": "tag"}}}), "metas[0].name is absent"},
		"fraction":           {LectureDocument, "x", lecture(map[string]any{"times": []any{map[string]any{"weekday": 0.5, "timeBegin": int64(0), "timeEnd": int64(1), "room": ""}}}), "times[0].weekday is a float64, want a integer"},
		"one of":             {LectureDocument, "x", lecture(map[string]any{"metas": []any{map[string]any{"type": "color", "name": ""}}}), `metas[0].type is "color"`},
		"timetable":          {TimetableDocument, "0123456789", timetable(at("schools/a/semesters/b")), ""},
		"id":                 {TimetableDocument, "t1", timetable(at("schools/a/semesters/b")), "its id has 2 characters"},
		"target":             {TimetableDocument, "0123456789", timetable(at("schools/a")), "semester refers to schools/a"},
		"no reference":       {TimetableDocument, "0123456789", timetable("schools/a/semesters/b"), "semester is a string"},
		"old username":       {UserDocument, "u", map[string]any{"username": "a b", "createdAt": now, "updatedAt": now}, ""},
		"timestamp":          {UserDocument, "u", map[string]any{"username": "abcd", "createdAt": "now", "updatedAt": now}, "createdAt is a string"},
		"server's absent":    {DeletionDocument, "u", map[string]any{"user": nil}, ""},
		"server's type":      {DeletionDocument, "u", map[string]any{"due": "x"}, "due is a string"},
		"server's boolean":   {DeletionDocument, "u", map[string]any{"purging": "x"}, "purging is a string"},
		"status of semester": {SemesterDocument, "2026-0900", map[string]any{"year": int64(2026), "term": "2학기", "periods": []any{}, "status": "gone"}, `status is "gone"`},
	} {
		got := strings.Join(c.document.Check(c.id, c.fields), "; ")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestReferences(t *testing.T) {
	ref := &firestore.DocumentRef{Path: "projects/p/databases/d/documents/a/b"}
	got := References(map[string]any{"a": ref, "b": []any{map[string]any{"c": ref}, nil, (*firestore.DocumentRef)(nil)}, "d": "x"})
	if len(got) != 2 || DatabaseOf(got[0]) != "projects/p/databases/d" {
		t.Errorf("References() = %v", got)
	}
}

func TestCollections(t *testing.T) {
	if got := TimetableDocument.Collections(); !slices.Equal(got, []string{"lectures", "views"}) {
		t.Errorf("below a timetable: %v", got)
	}
	if got := UserDocument.Collections(); !slices.Equal(got, []string{"timetables", "follows", "counts", "subscriptions"}) {
		t.Errorf("below a user: %v", got)
	}
	if !slices.Contains(Roots(), "indices") || !slices.Contains(Groups(), "usernames") {
		t.Errorf("Roots() = %v, Groups() = %v", Roots(), Groups())
	}
}
