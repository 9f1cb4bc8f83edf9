// Package week arranges the lectures of a timetable in a week: which days and hours to show, which meetings
// are side by side, and which colour each lecture has. Pictures and pages show the same week.
package week

import (
	"cmp"
	"slices"

	"heek.kr/heektime/internal/pages/share"
)

// maxUntimed bounds [Week].Untimed.
const maxUntimed = 20

var dayNames = [7][2]string{
	{"월", "Mon"}, {"화", "Tue"}, {"수", "Wed"}, {"목", "Thu"}, {"금", "Fri"}, {"토", "Sat"}, {"일", "Sun"},
}

// DayName returns the short name of a weekday, which counts from Monday = 0.
func DayName(weekday int, l share.Language) string {
	return l.Choose(dayNames[weekday][0], dayNames[weekday][1])
}

// minHours is the least number of hours that a week shows, so that a single lecture is not huge.
const minHours = 6

// Meeting is a meeting of a lecture in the week.
type Meeting struct {
	Lecture             *share.Lecture
	Weekday, Begin, End int // minutes after midnight
	Room                string
	Color               int // less than [Colors]
	Lane, Lanes         int // meetings at the same time are side by side
}

// Week is a timetable by days and hours.
type Week struct {
	Days                int // 5, 6 or 7
	FirstHour, LastHour int
	Meetings            []Meeting        // by day and time
	Untimed             []*share.Lecture // lectures without a known time
}

// Arrange puts the lectures of a timetable into a week. It skips meetings at impossible times.
func Arrange(t *share.Timetable) *Week {
	w := &Week{Days: 5}
	lectures := t.Lectures[:min(len(t.Lectures), share.MaxMeetings)]
	assigned := assignColors(lectures)
	for i := range lectures {
		lecture, timed := &lectures[i], false
		for _, time := range lecture.Meetings() {
			timed = true
			if len(w.Meetings) == share.MaxMeetings {
				break
			}
			w.Meetings = append(w.Meetings, Meeting{
				Lecture: lecture, Weekday: time.Weekday, Begin: time.TimeBegin, End: time.TimeEnd, Room: time.Room, Color: assigned[i],
			})
			w.Days = max(w.Days, time.Weekday+1)
		}
		if !timed && len(w.Untimed) < maxUntimed {
			w.Untimed = append(w.Untimed, lecture)
		}
	}
	slices.SortStableFunc(w.Meetings, func(a, b Meeting) int {
		return cmp.Or(a.Weekday-b.Weekday, a.Begin-b.Begin, b.End-a.End)
	})
	w.placeInLanes()
	w.chooseHours()
	return w
}

// placeInLanes puts meetings that overlap side by side, each in the first lane that is free when it begins.
// A group of meetings that overlap, if only through others, has equal lanes.
func (w *Week) placeInLanes() {
	for start := 0; start < len(w.Meetings); {
		var ends []int // of the last meeting in each lane
		weekday, groupEnd, i := w.Meetings[start].Weekday, w.Meetings[start].End, start
		for ; i < len(w.Meetings); i++ {
			m := &w.Meetings[i]
			if m.Weekday != weekday || m.Begin >= groupEnd {
				break
			}
			m.Lane = slices.IndexFunc(ends, func(end int) bool { return end <= m.Begin })
			if m.Lane < 0 {
				m.Lane, ends = len(ends), append(ends, 0)
			}
			ends[m.Lane] = m.End
			groupEnd = max(groupEnd, m.End)
		}
		for ; start < i; start++ {
			w.Meetings[start].Lanes = len(ends)
		}
	}
}

// chooseHours chooses the hours from the first beginning to the last end.
func (w *Week) chooseHours() {
	if len(w.Meetings) == 0 {
		w.FirstHour, w.LastHour = 9, 18
		return
	}
	w.FirstHour, w.LastHour = 24, 0
	for _, m := range w.Meetings {
		w.FirstHour = min(w.FirstHour, m.Begin/60)
		w.LastHour = max(w.LastHour, (m.End+59)/60)
	}
	w.LastHour = min(24, max(w.LastHour, w.FirstHour+minHours))
	w.FirstHour = max(0, min(w.FirstHour, w.LastHour-minHours))
}
