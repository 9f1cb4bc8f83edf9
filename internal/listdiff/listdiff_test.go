package listdiff_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/listdiff"
	"heek.kr/heektime/internal/schema"
)

func lecture(change func(*schema.Lecture)) schema.Lecture {
	l := schema.Lecture{
		Identifier: "COSE101-01", Title: "컴퓨터 프로그래밍", Professor: "한가람", Credit: 3,
		Times:    []schema.LectureTime{{Weekday: 0, TimeBegin: 540, TimeEnd: 615, Room: "정보관 202"}, {Weekday: 2, TimeBegin: 540, TimeEnd: 615, Room: "정보관 202"}},
		Category: []string{"정보대학", "컴퓨터학과"}, Metas: []schema.LectureMeta{schema.Tag("영강"), schema.Tag("교직")}, URL: "https://example.kr/1",
	}
	if change != nil {
		change(&l)
	}
	return l
}

// describe returns a change as "kind identifier: fields".
func describe(d listdiff.Difference) (all []string) {
	for _, l := range d.Lectures {
		fields := slices.Sorted(maps.Keys(l.After))
		if l.Kind == schema.LectureRemoved {
			fields = slices.Sorted(maps.Keys(l.Before))
		}
		all = append(all, fmt.Sprintf("%s %s: %s", l.Kind, l.Identifier, strings.Join(fields, " ")))
	}
	return all
}

func TestFields(t *testing.T) {
	const all = "category credit identifier metas professor times title url"
	for name, c := range map[string]struct {
		change func(*schema.Lecture)
		want   string
	}{
		"nothing":             {nil, ""},
		"title":               {func(l *schema.Lecture) { l.Title = "컴퓨터 프로그래밍 2" }, "title"},
		"professor":           {func(l *schema.Lecture) { l.Professor = "" }, "professor"},
		"credit":              {func(l *schema.Lecture) { l.Credit = 2.5 }, "credit"},
		"a room":              {func(l *schema.Lecture) { l.Times[1].Room = "정보관 203" }, "times"},
		"a time":              {func(l *schema.Lecture) { l.Times[0].TimeBegin = 570 }, "times"},
		"one meeting less":    {func(l *schema.Lecture) { l.Times = l.Times[:1] }, "times"},
		"a meeting twice":     {func(l *schema.Lecture) { l.Times[1] = l.Times[0] }, "times"},
		"category":            {func(l *schema.Lecture) { slices.Reverse(l.Category) }, "category"},
		"a tag":               {func(l *schema.Lecture) { l.Metas = l.Metas[:1] }, "metas"},
		"url":                 {func(l *schema.Lecture) { l.URL += "?" }, "url"},
		"two fields":          {func(l *schema.Lecture) { l.Title, l.Credit = "", 0 }, "credit title"},
		"order of meetings":   {func(l *schema.Lecture) { slices.Reverse(l.Times) }, ""},
		"order of tags":       {func(l *schema.Lecture) { slices.Reverse(l.Metas) }, ""},
		"spaces":              {func(l *schema.Lecture) { l.Title, l.Times[0].Room = " 컴퓨터  프로그래밍 ", "정보관 202" }, ""},
		"full width":          {func(l *schema.Lecture) { l.Times[0].Room, l.Category[0] = "정보관　２０２", "정보대학 " }, ""},
		"decomposed letters":  {func(l *schema.Lecture) { l.Professor = "한가람" }, ""},
		"no list at all":      {func(l *schema.Lecture) { l.Times, l.Metas = nil, nil }, "metas times"},
		"a space between":     {func(l *schema.Lecture) { l.Title = "컴퓨터프로그래밍" }, "title"},
		"a compatible form":   {func(l *schema.Lecture) { l.Title = "컴퓨터 프로그래밍²" }, "title"},
		"another letter case": {func(l *schema.Lecture) { l.Times[0].Room = "정보관 202a" }, "times"},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := lecture(nil), lecture(c.change)
			d := listdiff.Compare(schema.CourseList{before}, schema.CourseList{after})
			var want []string
			if c.want != "" {
				want = []string{"changed COSE101-01: " + c.want}
			}
			if got := describe(d); !slices.Equal(got, want) || d.Changed != len(want) {
				t.Errorf("got %q, want %q", got, want)
			}
			for _, l := range d.Lectures {
				for field, value := range l.After {
					if !reflect.DeepEqual(value, after.ListFields()[field]) || !reflect.DeepEqual(l.Before[field], before.ListFields()[field]) {
						t.Errorf("%s: %v became %v", field, l.Before[field], value)
					}
				}
			}
		})
	}
	d := listdiff.Compare(nil, schema.CourseList{lecture(nil)})
	if got := describe(d); !slices.Equal(got, []string{"added COSE101-01: " + all}) || len(d.Lectures[0].Before) > 0 {
		t.Errorf("a new lecture: %q", got)
	}
	d = listdiff.Compare(schema.CourseList{lecture(nil)}, nil)
	if got := describe(d); !slices.Equal(got, []string{"removed COSE101-01: " + all}) || len(d.Lectures[0].After) > 0 {
		t.Errorf("a lecture that is gone: %q", got)
	}
}

// list returns lectures by identifier; those whose titles are equal are the same but for identifier and URL.
func list(entries ...string) (all schema.CourseList) {
	for _, e := range entries {
		id, title, _ := strings.Cut(e, " ")
		all = append(all, lecture(func(l *schema.Lecture) { l.Identifier, l.Title, l.URL = id, title, "https://example.kr/"+id }))
	}
	return all
}

func TestMoves(t *testing.T) {
	for name, c := range map[string]struct {
		from, to schema.CourseList
		want     string
	}{
		"one":                     {list("A x", "B y"), list("B y", "C x"), "moved C"},
		"changed, too":            {list("A x"), list("C z"), "removed A, added C"},
		"swapped":                 {list("A x", "B y"), list("A y", "B x"), "changed A, changed B"},
		"a whole course":          {list("A1 x", "A2 x"), list("B1 x", "B2 x"), "moved B1, moved B2"},
		"of two, one stays":       {list("A1 x", "A2 x"), list("A1 x", "A3 x"), "moved A3"},
		"of two, one remains":     {list("A1 x", "A2 x"), list("B1 x"), "removed A1, removed A2, added B1"},
		"one becomes two":         {list("A1 x"), list("B1 x", "B2 x"), "removed A1, added B1, added B2"},
		"moved onto a former one": {list("A x", "B y"), list("B x"), "removed A, changed B"},
		"wording, too":            {list("A x  y"), list("B x y"), "moved B"},
		"from nothing":            {nil, list("A x"), "added A"},
		"a code of other case":    {list("a x"), list("A x"), "moved A"},
	} {
		d := listdiff.Compare(c.from, c.to)
		var got []string
		for _, l := range d.Lectures {
			got = append(got, string(l.Kind)+" "+l.Identifier)
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
		if d.Added+d.Removed+d.Changed+d.Moved != len(d.Lectures) {
			t.Errorf("%s: counts %+v", name, d)
		}
	}
	d := listdiff.Compare(list("A x"), list("B x"))
	want := schema.LectureChange{Kind: schema.LectureMoved, Identifier: "B", Title: "x",
		Before: map[string]any{"identifier": "A", "url": "https://example.kr/A"}, After: map[string]any{"identifier": "B", "url": "https://example.kr/B"}}
	if !reflect.DeepEqual(d.Lectures[0], want) {
		t.Errorf("got %+v, want %+v", d.Lectures[0], want)
	}
}
