package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
)

// structs are the structs of the documents that clients read or write.
var structs = map[string]any{
	SchoolDocument.Path: School{}, SemesterDocument.Path: Semester{}, AnnouncementDocument.Path: Announcement{}, ChangeDocument.Path: Change{}, UserDocument.Path: User{}, UsernameDocument.Path: Username{},
	TimetableDocument.Path: Timetable{}, LectureDocument.Path: Lecture{}, ViewsDocument.Path: Views{}, FollowDocument.Path: Follow{},
	FollowingDocument.Path: Following{}, FollowersDocument.Path: Followers{}, StopDocument.Path: Stop{},
}

// A struct has exactly the fields that its description has, in the same order and with their types.
func TestStructsMatchDescriptions(t *testing.T) {
	for _, d := range Documents() {
		if d.ServersOnly {
			continue // described by its struct
		}
		got := serverFields(structs[d.Path])
		if d.Path == LectureDocument.Path { // whose timestamps only Firestore sets
			got = append(got, serverFields(User{})[1:]...)
		}
		compareFields(t, d.Path, got, d.Fields)
	}
	for _, c := range []struct {
		entry any
		field *Field
	}{
		{Period{}, SemesterDocument.Field(FieldPeriods)}, {LectureTime{}, LectureDocument.Field("times")},
		{LectureMeta{}, LectureDocument.Field("metas")}, {LectureChange{}, ChangeDocument.Field(FieldLectureList)},
	} {
		compareFields(t, c.field.Name, serverFields(c.entry), c.field.Entry.Fields)
	}
}

func compareFields(t *testing.T, of string, got, want []Field) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: the struct has %d fields, the description %d", of, len(got), len(want))
		return
	}
	for i, g := range got {
		if w := want[i]; g.Name != w.Name || g.Type != w.Type || g.Optional != w.Optional {
			t.Errorf("%s: the struct has %s %s (optional: %v), the description %s %s (optional: %v)", of, g.Name, g.Type, g.Optional,
				w.Name, w.Type, w.Optional)
		}
	}
}

// Clients copy a lecture of a course list into a timetable: an entry has every required field, and url.
func TestCourseListHasTheKeysOfALecture(t *testing.T) {
	var out bytes.Buffer
	if err := (CourseList{{Identifier: "a"}}).Encode(&out); err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	want := []string{"url"}
	for _, f := range LectureDocument.OwnerFields() {
		if f.Type != Timestamp && !f.Optional {
			want = append(want, f.Name)
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(list[0])); !slices.Equal(got, want) {
		t.Errorf("an entry has the keys %v, want %v", got, want)
	}
	for key, v := range list[0] {
		if v == nil {
			t.Errorf("%s is null", key)
		}
	}
}

// firestore.indexes.json names only collections and fields that exist.
func TestIndexesNameFieldsOfTheSchema(t *testing.T) {
	text, err := os.ReadFile("../../firestore.indexes.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Indexes []struct {
			CollectionGroup string
			Fields          []struct{ FieldPath string }
		}
		FieldOverrides []struct{ CollectionGroup, FieldPath string }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Indexes) == 0 || len(file.FieldOverrides) == 0 {
		t.Fatal("no indexes or no overrides")
	}
	check := func(collection, field string) {
		if !slices.ContainsFunc(Documents(), func(d Document) bool { return d.Collection() == collection && d.Field(field) != nil }) {
			t.Errorf("%s has no field %s", collection, field)
		}
	}
	for _, index := range file.Indexes {
		for _, f := range index.Fields {
			check(index.CollectionGroup, f.FieldPath)
		}
	}
	for _, o := range file.FieldOverrides {
		check(o.CollectionGroup, o.FieldPath)
	}
}

// Of a lecture, only the fields that a query orders or filters by are indexed, in that order. Index entries are most of what
// Firestore stores for a lecture, and each is written with it.
func TestIndexedFieldsOfLectures(t *testing.T) {
	text, err := os.ReadFile("../../firestore.indexes.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		FieldOverrides []struct {
			CollectionGroup, FieldPath string
			Indexes                    []struct{ Order string }
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	indexed := map[string]string{}
	for _, o := range file.FieldOverrides {
		if o.CollectionGroup == LectureDocument.Collection() {
			indexed[o.FieldPath] = fmt.Sprint(o.Indexes)
		}
	}
	for _, f := range LectureDocument.Fields {
		want := map[string]string{FieldCreatedAt: "[{DESCENDING}]", FieldUpdatedAt: "[{ASCENDING}]"}[f.Name]
		if want == "" {
			want = "[]"
		}
		if got := indexed[f.Name]; got != want {
			t.Errorf("%s has the indexes %s, want %s: exempt it in firestore.indexes.json, unless a query needs it", f.Name, got, want)
		}
	}
}

func TestIDs(t *testing.T) {
	for id, ok := range map[string]bool{
		"고려대학교-서울": true, "a": true, "...": true, "__": true, "___": true, "_x__": true, strings.Repeat("x", MaxIDBytes): true,
		"": false, ".": false, "..": false, "a/b": false, "__x__": false, "____": false, "\xff": false, strings.Repeat("x", MaxIDBytes+1): false,
	} {
		if IsID(id) != ok {
			t.Errorf("IsID(%.20q) = %v", id, !ok)
		}
	}
}

// What a lecture's document gets is what a reader finds in it, for every field of the schema.
func TestLectureCodec(t *testing.T) {
	l := whole()
	l.URL = ""
	fields := l.NewFields()
	var want []string
	for _, f := range LectureDocument.OwnerFields() {
		if !f.Optional {
			want = append(want, f.Name)
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(fields)); !slices.Equal(got, want) {
		t.Errorf("a new lecture has the fields %v, want %v", got, want)
	}
	if back := LectureOf(asRead(fields).(map[string]any)); !reflect.DeepEqual(back, l) {
		t.Errorf("read %+v, wrote %+v", back, l)
	}
	empty := LectureOf(map[string]any{"title": 7, "times": "x", "metas": []any{"y", map[string]any{"type": "color"}}, "category": []any{1, "a"}})
	if want := (Lecture{Times: []LectureTime{}, Category: []string{"a"}, Metas: []LectureMeta{}}); !reflect.DeepEqual(empty, want) {
		t.Errorf("read %+v, want %+v", empty, want)
	}
	for _, u := range l.Updates() {
		if u.Path == FieldCreatedAt {
			t.Error("an update changes createdAt")
		}
	}
}

// asRead returns a value as Firestore's client reads it after it was written.
func asRead(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = asRead(v[i])
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for name, e := range v {
			m[name] = asRead(e)
		}
		return m
	}
	if v == firestore.ServerTimestamp {
		return time.Now()
	}
	return v
}

// Validate checks the maximum of every required field.
func TestValidateChecksEveryField(t *testing.T) {
	for _, f := range LectureDocument.OwnerFields() {
		var value any
		switch {
		case f.Optional || f.Max == 0:
			continue
		case f.Type == Text:
			value = strings.Repeat("x", f.Max+1)
		case f.Type == Number:
			value = float64(f.Max + 1)
		case f.Entry.Type == Text:
			value = slices.Repeat([]any{"x"}, f.Max+1)
		default:
			value = slices.Repeat([]any{map[string]any{"timeEnd": int64(1), "type": MetaTag, "name": "x"}}, f.Max+1)
		}
		l := LectureOf(map[string]any{"identifier": "a", f.Name: value})
		if l.Validate() == nil {
			t.Errorf("Validate accepts a lecture whose %s is one over the maximum", f.Name)
		}
	}
}
