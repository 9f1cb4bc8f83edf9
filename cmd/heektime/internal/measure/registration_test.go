package measure

import (
	"reflect"
	"testing"
	"time"
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
