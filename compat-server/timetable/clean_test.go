package timetable_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"heek.kr/heektime/compat-server/timetable"
	"heek.kr/heektime/internal/schema"
)

// Clean either rejects its input with a message or returns a lecture that is valid in a course
// list.
func FuzzClean(f *testing.F) {
	for _, text := range []string{
		`{"identifier":"COSE372-02","title":"데이터베이스","professor":null,"credit":3,` +
			`"times":[{"weekday":1,"timeBegin":540,"timeEnd":615,"room":"1"}],"category":["a"],"tags":[{"name":"x"}]}`,
		`{"title":"x","metas":[{"type":"tag","name":"a"},{"type":"color","name":"b"}]}`, `{"title":"x","tags":null,"category":null,"times":null}`,
		`{"title":"x","times":[{"weekday":1e0,"timeBegin":-0,"timeEnd":1440}]}`, `[]`, `null`, ``, "{\"title\":\"\xff\"}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		l, err := timetable.Clean(body)
		var invalid *timetable.InvalidError
		if err != nil {
			if !errors.As(err, &invalid) || invalid.Message == "" {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		if l.Identifier == "" {
			l.Identifier = "X" // may be empty in a timetable, but not in a course list
		}
		if err := l.Validate(); err != nil || l.Times == nil || l.Category == nil || l.Metas == nil || l.URL != "" {
			t.Errorf("Clean(%q) = %+v, invalid: %v", body, l, err)
		}
	})
}

func TestCleanPrefersTagsToMetas(t *testing.T) {
	for text, want := range map[string]string{
		`{"title":"x","tags":[{"name":"new"}],"metas":[{"type":"tag","name":"old"}]}`: "new",
		`{"title":"x","tags":null,"metas":[{"type":"tag","name":"old"}]}`:             "old",
		`{"title":"x","metas":[{"type":"tag","name":"old"}]}`:                         "old",
	} {
		if l, err := timetable.Clean([]byte(text)); err != nil || len(l.Metas) != 1 || l.Metas[0].Name != want {
			t.Errorf("%s: %+v, %v", text, l.Metas, err)
		}
	}
	if l, err := timetable.Clean([]byte(`{"title":"x","tags":[],"metas":[{"type":"tag","name":"old"}]}`)); err != nil || len(l.Metas) != 0 {
		t.Errorf("with empty tags: %+v, %v", l.Metas, err)
	}
}

// Clean stores every field of the schema, including fields that are added to the schema later.
func TestCleanKeepsEveryField(t *testing.T) {
	for _, f := range schema.LectureDocument.OwnerFields() {
		value := sample(f)
		if value == nil {
			continue // Firestore sets timestamps
		}
		body, err := json.Marshal(map[string]any{"title": "x", f.Name: value})
		if err != nil {
			t.Fatal(err)
		}
		l, err := timetable.Clean(body)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		stored, err := json.Marshal(l.NewFields()[f.Name])
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(stored, &got); err != nil || !reflect.DeepEqual(got, value) {
			t.Errorf("%s: sent %v, stored %v (%v)", f.Name, value, got, err)
		}
	}
}

// sample returns a valid JSON value for a field, or nil for a field that only Firestore sets.
func sample(f schema.Field) any {
	switch f.Type {
	case schema.Text:
		if len(f.OneOf) > 0 {
			return f.OneOf[0]
		}
		return "x"
	case schema.Number, schema.Integer:
		return float64(f.Max)
	case schema.List:
		return []any{sample(*f.Entry)}
	case schema.Map:
		m := map[string]any{}
		for _, inner := range f.Fields {
			if m[inner.Name] = sample(inner); inner.Name == "timeBegin" {
				m[inner.Name] = 0.0
			}
		}
		return m
	}
	return nil
}
