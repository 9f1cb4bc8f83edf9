package student

import (
	"math/rand/v2"

	"heek.kr/heektime/internal/schema"
)

// choose picks the lectures of a plan: such that none clashes with another, none is on the free day, and none of the same
// course. The same list and seed give the same lectures.
func choose(list schema.CourseList, seed, freeDay int) schema.CourseList {
	var chosen schema.CourseList
	for _, i := range rand.New(rand.NewPCG(uint64(seed), 0)).Perm(len(list)) {
		if len(chosen) == lecturesOf {
			break
		}
		if l := list[i]; len(l.Times) > 0 && !isOn(l, freeDay) && !clashes(l, chosen) {
			chosen = append(chosen, l)
		}
	}
	return chosen
}

func isOn(l schema.Lecture, day int) bool {
	for _, t := range l.Times {
		if t.Weekday == day {
			return true
		}
	}
	return false
}

func clashes(l schema.Lecture, others schema.CourseList) bool {
	for _, other := range others {
		if other.Title == l.Title {
			return true
		}
		for _, a := range l.Times {
			for _, b := range other.Times {
				if a.Weekday == b.Weekday && a.TimeBegin < b.TimeEnd && b.TimeBegin < a.TimeEnd {
					return true
				}
			}
		}
	}
	return false
}
