package measure

import (
	"bytes"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/longtest"
)

// The same options plan the same minute: as many writers as asked, everybody within the minute, half of them in its
// first quarter.
func TestPlan(t *testing.T) {
	o := RegistrationOptions{Students: 10_000, Writers: 2_000, Seed: 7, Minute: time.Minute}
	visits := plan(o)
	if !reflect.DeepEqual(visits, plan(o)) {
		t.Error("the same seed plans another minute")
	}
	other := o
	other.Seed = 8
	if reflect.DeepEqual(visits, plan(other)) {
		t.Error("another seed plans the same minute")
	}
	writers, old, signIns, early := 0, 0, 0, 0
	for _, v := range visits {
		if v.at < 0 || v.at >= o.Minute || v.writes < 0 || v.writes > maxThought {
			t.Fatalf("%+v is outside of the minute", v)
		}
		for is, n := range map[*int]bool{&writers: v.writes > 0, &old: v.old, &signIns: v.signsIn, &early: v.at < o.Minute/4} {
			if n {
				*is++
			}
		}
	}
	if writers != 2_000 || old < 900 || old > 1100 || signIns < 400 || signIns > 600 || early < 4800 || early > 5200 {
		t.Errorf("%d write, %d have an old app, %d sign in and %d come early, of 10,000", writers, old, signIns, early)
	}
	numbers := order(visits)
	for i := 1; i < len(numbers); i++ {
		if visits[numbers[i]].at < visits[numbers[i-1]].at {
			t.Fatal("the visits are not in order")
		}
	}
}

// The course list is valid, and the same for the same seed.
func TestCourseList(t *testing.T) {
	list := courseList(1)
	if err := list.Validate(); err != nil || len(list) != minuteLectures {
		t.Errorf("%d lectures, %v", len(list), err)
	}
	if !reflect.DeepEqual(list, courseList(1)) {
		t.Error("the same seed gives another list")
	}
}

// docs/scale.md and its chart are those of the model.
func TestScaleDocs(t *testing.T) {
	longtest.Only(t, "plays minutes of a million students against the model")
	o := RegistrationOptions{Students: 10_000, Writers: 2_000, Seed: 1, Minute: time.Minute, PlatformStart: time.Second, BackendCall: 20 * time.Millisecond}
	for _, c := range []struct {
		file  string
		write func(io.Writer) error
	}{
		{"scale.md", func(w io.Writer) error { return Scale(w, o, ScaleStudents()) }},
		{"scale.svg", func(w io.Writer) error { return ScaleChart(w, o) }},
	} {
		docs, err := os.ReadFile("../../../../docs/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := c.write(&want); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(docs, want.Bytes()) {
			t.Errorf("docs/%s is out of date: run heektime bench registration --model --chart docs/scale.svg, whose table is\n%s", c.file, want.Bytes())
		}
	}
}

// The model needs as many instances and draws the same bars each time, and more students never need fewer.
func TestScaleIsReproducible(t *testing.T) {
	o := RegistrationOptions{Students: 10_000, Writers: 2_000, Seed: 1, Minute: time.Minute, PlatformStart: time.Second, BackendCall: 20 * time.Millisecond}
	var one, other bytes.Buffer
	if err := errors.Join(Scale(&one, o, []int{1_000, 20_000}), Scale(&other, o, []int{1_000, 20_000})); err != nil {
		t.Fatal(err)
	}
	if one.String() != other.String() {
		t.Errorf("the same options give another table:\n%s\n%s", &one, &other)
	}
	if want := "| students in the first second | 130 | 2,600 |"; !strings.Contains(one.String(), want) {
		t.Errorf("the table has no row %q:\n%s", want, &one)
	}
}
