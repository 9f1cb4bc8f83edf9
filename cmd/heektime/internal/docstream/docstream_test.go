package docstream

import (
	"fmt"
	"slices"
	"testing"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/schema"
)

// A stream has every document of the schema's groups once, parents before children, with pages that end
// anywhere.
func TestOrder(t *testing.T) {
	cloud := emulatortest.Start(t)
	docs := emulatortest.Docs{"schools/a": {}, "schools/a/semesters/b": {}, "indices/user/usernames/x": {}, "refreshes/a/semesters/b": {}, "usersx/a": {},
		"users/a!": {}, "users/a": {}, "users/a/timetables/x/lectures/x": {}, "users/a-": {}, "users/a0/timetables/x": {}, "users/가": {}, "users/-": {}}
	for i := range 450 {
		docs[fmt.Sprintf("users/a/timetables/t%03d", i)] = map[string]any{}
		docs[fmt.Sprintf("users/a/timetables/t%03d/lectures/l", i)] = map[string]any{}
	}
	cloud.Seed(t, docs)
	client := cloud.FirestoreClient(t)
	read := func(s *Stream, err error) []string {
		t.Helper()
		var got []string
		billed := emulatortest.CostOf(cloud.Measure(t, func() {
			for err == nil {
				doc, next := s.Next(t.Context())
				if err = next; doc == nil {
					break
				}
				got = append(got, schema.Path(doc.Ref))
			}
			if err != nil {
				t.Fatal(err)
			}
		})).Reads
		if billed != s.Reads() {
			t.Errorf("billed %d reads, counted %d", billed, s.Reads())
		}
		return got
	}
	var want []string
	for path := range docs {
		if path != "usersx/a" { // in no group of the schema
			want = append(want, path)
		}
	}
	slices.SortFunc(want, Compare)
	if got := read(Open(client, Range{}), nil); !slices.Equal(got, want) {
		t.Errorf("%d documents, want %d; the first %.30q", len(got), len(want), got)
	}
	for path, count := range map[string]int{"users/a": 902, "users/a/timetables/x": 1, "users/a0": 1, "users": 907, "users/a/timetables": 901, "schools": 2, "indices": 1, "users/none": 0} {
		within, err := At(client, path)
		if got := read(Open(client, within), err); len(got) != count {
			t.Errorf("%s: %d documents, want %d", path, len(got), count)
		}
	}
	for _, path := range []string{"", "/users", "users/", "users//a", "users/..", "users/a/timetables/__x__"} {
		if _, err := At(client, path); err == nil {
			t.Errorf("At accepts %q", path)
		}
	}
}
