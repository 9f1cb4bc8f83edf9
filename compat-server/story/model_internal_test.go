package story

import (
	"strings"
	"testing"
)

// The model notices what must not happen, and settles what it cannot know. The test is long because of its
// table.
func TestModel(t *testing.T) {
	a, a2, b := lectureObject{ID: "1", Title: "a"}, lectureObject{ID: "1", Title: "a2"}, lectureObject{ID: "2", Title: "b"}
	again := lectureObject{ID: "3", Title: "b"}
	list := func(lectures ...lectureObject) []timetableObject {
		return []timetableObject{{ID: "t", Title: "t", Lectures: lectures}}
	}
	for name, c := range map[string]struct {
		// do changes the timetable t, which has lecture a.
		do    func(m *model, t *timetable)
		reads [][]timetableObject
		want  string // in the error of the last read; "" for none
	}{
		"nothing":           {reads: [][]timetableObject{list(a)}},
		"lost lecture":      {reads: [][]timetableObject{list()}, want: "is lost"},
		"lost timetable":    {reads: [][]timetableObject{{}}, want: "is lost"},
		"twice":             {reads: [][]timetableObject{list(a, a)}, want: "twice"},
		"timetable twice":   {reads: [][]timetableObject{append(list(a), list(a)...)}, want: "twice"},
		"another's lecture": {reads: [][]timetableObject{list(a, b)}, want: "exists"},
		"another timetable": {reads: [][]timetableObject{append(list(a), timetableObject{ID: "u"})}, want: "exists"},
		"stale": {
			do:    func(_ *model, t *timetable) { t.putLecture("1", a2) },
			reads: [][]timetableObject{list(a)}, want: "want {ID:1 Identifier: Title:a2",
		},
		"deleted and back": {do: func(_ *model, t *timetable) { t.deleteLecture("1") }, reads: [][]timetableObject{list(a)}, want: "was deleted"},
		"put without response, not done": {
			do: func(_ *model, t *timetable) { t.maybePut("1", a2) }, reads: [][]timetableObject{list(a), list(a)},
		},
		"put without response, done late": {
			do: func(_ *model, t *timetable) { t.maybePut("1", a2) }, reads: [][]timetableObject{list(a), list(a2)},
		},
		"put without response, seen and lost": {
			do: func(_ *model, t *timetable) { t.maybePut("1", a2) }, reads: [][]timetableObject{list(a2), list(a)}, want: "want",
		},
		"added without response, done late": {
			do: func(_ *model, t *timetable) { t.maybeLecture(b) }, reads: [][]timetableObject{list(a), list(a, b)},
		},
		"added without response, doubled": {
			do: func(_ *model, t *timetable) { t.maybeLecture(b) }, reads: [][]timetableObject{list(a, b, again)}, want: "doubled",
		},
		"added without response, seen and lost": {
			do: func(_ *model, t *timetable) { t.maybeLecture(b) }, reads: [][]timetableObject{list(a, b), list(a)}, want: "is lost",
		},
		"deleted without response, done late": {
			do: func(_ *model, t *timetable) { t.maybeDelete("1") }, reads: [][]timetableObject{list(a), list(), list()},
		},
		"deleted without response, back": {
			do: func(_ *model, t *timetable) { t.maybeDelete("1") }, reads: [][]timetableObject{list(), list(a)}, want: "was deleted",
		},
		"timetable without response": {
			do: func(m *model, _ *timetable) { m.maybeTimetable("u") }, reads: [][]timetableObject{append(list(a), timetableObject{ID: "u", Title: "u"})},
		},
		"a new app's": {reads: [][]timetableObject{append(list(a), timetableObject{ID: "n", Title: newPrefix + "1"})}},
	} {
		t.Run(name, func(t *testing.T) {
			var m model
			if err := m.addTimetable(list(a)[0]); err != nil {
				t.Fatal(err)
			}
			if c.do != nil {
				c.do(&m, m.timetables["t"])
			}
			for i, read := range c.reads {
				err := m.compare(read, isNew)
				want := ""
				if i == len(c.reads)-1 {
					want = c.want
				}
				if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
					t.Errorf("read %d: %v, want %q", i, err, want)
				}
			}
		})
	}
}
