package schema

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
)

func whole() Lecture {
	return Lecture{
		Identifier: "GAON101-01", Title: "자료구조", Professor: "한가람", Credit: 3,
		Times:    []LectureTime{{Weekday: 0, TimeBegin: 540, TimeEnd: 615, Room: "가온관 101"}},
		Category: []string{"공과대학"}, Metas: []LectureMeta{Tag("영강")}, URL: "https://gaon.example",
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Lecture)
		want   string // "" means valid
	}{
		{"whole", func(*Lecture) {}, ""},
		{"all blank but the identifier", func(l *Lecture) { *l = Lecture{Identifier: "a"} }, ""},
		{"Korean at the bound", func(l *Lecture) { l.Title = strings.Repeat("가", MaxTitle) }, ""},
		{"end of the day", func(l *Lecture) { l.Times[0].TimeEnd = 1440 }, ""},
		{"no identifier", func(l *Lecture) { l.Identifier = "" }, "identifier is empty"},
		{"title too long", func(l *Lecture) { l.Title = strings.Repeat("가", MaxTitle+1) }, "title is longer than 300"},
		{"not UTF-8", func(l *Lecture) { l.Professor = "\xff" }, "professor is not UTF-8"},
		{"negative credit", func(l *Lecture) { l.Credit = -1 }, "credit -1"},
		{"NaN", func(l *Lecture) { l.Credit = math.NaN() }, "credit NaN"},
		{"infinite credit", func(l *Lecture) { l.Credit = math.Inf(1) }, "credit +Inf"},
		{"weekday", func(l *Lecture) { l.Times[0].Weekday = 7 }, "times[0]: weekday 7"},
		{"ends before it begins", func(l *Lecture) { l.Times[0].TimeEnd = 540 }, "times[0]: 540 to 540"},
		{"past midnight", func(l *Lecture) { l.Times[0].TimeEnd = 1441 }, "times[0]: 540 to 1441"},
		{"room", func(l *Lecture) { l.Times[0].Room = strings.Repeat("x", MaxRoom+1) }, "room of times[0] is longer"},
		{"times", func(l *Lecture) { l.Times = make([]LectureTime, MaxTimes+1) }, "too many times"},
		{"category", func(l *Lecture) { l.Category = append(l.Category, "\xff") }, "category[1] is not UTF-8"},
		{"categories", func(l *Lecture) { l.Category = make([]string, MaxCategories+1) }, "too many categories"},
		{"meta", func(l *Lecture) { l.Metas[0].Type = "data" }, `metas[0]: type "data"`},
		{"tag", func(l *Lecture) { l.Metas[0].Name = strings.Repeat("x", MaxMetaName+1) }, "name of metas[0] is longer"},
		{"url", func(l *Lecture) { l.URL = strings.Repeat("x", MaxURL+1) }, "url is longer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := whole()
			c.change(&l)
			err := l.Validate()
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestListValidate(t *testing.T) {
	a, b := Lecture{Identifier: "a"}, Lecture{Identifier: "b"}
	for _, c := range []struct {
		name string
		list CourseList
		want string
	}{
		{"sorted", CourseList{a, b}, ""}, {"empty", CourseList{}, ""}, {"twice", CourseList{a, a}, `"a" is duplicated`},
		{"not sorted", CourseList{b, a}, "not sorted"}, {"wrong lecture", CourseList{a, {}}, "lecture 1"},
	} {
		if err := c.list.Validate(); (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

// The same lectures make the same bytes, in whatever order the school sent them and with or without empty lists.
func TestEncode(t *testing.T) {
	other := Lecture{Identifier: "A", Title: "<b> & \u2028"}
	var first, second bytes.Buffer
	list := CourseList{whole(), other}
	list.Sort()
	if err := list.Encode(&first); err != nil {
		t.Fatal(err)
	}
	other.Times, other.Category, other.Metas = []LectureTime{}, []string{}, []LectureMeta{}
	again := CourseList{other, whole()}
	again.Sort()
	if err := again.Encode(&second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Errorf("not the same bytes:\n%s%s", first.String(), second.String())
	}
	want := `[
{"identifier":"A","title":"<b> & \u2028","professor":"","credit":0,"times":[],"category":[],"metas":[],"url":""},
{"identifier":"GAON101-01","title":"자료구조","professor":"한가람","credit":3,"times":[{"weekday":0,"timeBegin":540,"timeEnd":615,"room":"가온관 101"}],"category":["공과대학"],"metas":[{"type":"tag","name":"영강"}],"url":"https://gaon.example"}
]
`
	if first.String() != want {
		t.Errorf("got\n%swant\n%s", first.String(), want)
	}
	back, err := DecodeCourseList(&first)
	if err != nil || !reflect.DeepEqual(back, again) {
		t.Errorf("decoded %v, %v", back, err)
	}
	var empty bytes.Buffer
	if err := (CourseList{}).Encode(&empty); err != nil {
		t.Fatal(err)
	}
	if list, err := DecodeCourseList(&empty); err != nil || len(list) != 0 {
		t.Errorf("empty list: %v, %v", list, err)
	}
}
