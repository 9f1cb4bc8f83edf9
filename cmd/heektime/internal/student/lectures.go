package student

import (
	"math/rand/v2"

	"heek.kr/heektime/internal/schema"
)

// choose picks lectures of different courses that do not overlap and are not on the free day. The same
// list and seed give the same lectures.
func choose(list schema.CourseList, seed, freeDay int) schema.CourseList {
	var chosen schema.CourseList
	for _, i := range rand.New(rand.NewPCG(uint64(seed), 0)).Perm(len(list)) {
		if len(chosen) == lecturesPerPlan {
			break
		}
		if l := list[i]; len(l.Times) > 0 && !isOn(l, freeDay) && !conflicts(l, chosen) {
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

// conflicts reports whether l is of the same course as, or overlaps, one of the others.
func conflicts(l schema.Lecture, others schema.CourseList) bool {
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
