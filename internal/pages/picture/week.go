package picture

import (
	"cmp"
	"slices"

	"heek.kr/heektime/internal/pages/share"
)

// maxUntimed bounds the lectures that are named below the grid.
const maxUntimed = 20

// minHours is the least number of hours that a picture shows, so that a single lecture is not huge.
const minHours = 6

// meeting is a meeting of a lecture in the week.
type meeting struct {
	lecture             *share.Lecture
	weekday, begin, end int // minutes after midnight
	room                string
	color               int
	lane, lanes         int // meetings at the same time are side by side
}

// week is the part of a timetable that the grid shows.
type week struct {
	days                int // 5, 6 or 7
	firstHour, lastHour int
	meetings            []meeting
	untimed             []*share.Lecture // lectures without a known time
}

// arrange puts the lectures of a timetable into a week. It skips meetings at impossible times.
func arrange(t *share.Timetable, colors int) *week {
	w := &week{days: 5}
	lectures := t.Lectures[:min(len(t.Lectures), share.MaxMeetings)]
	assigned := assignColors(lectures, colors)
	for i := range lectures {
		lecture, timed := &lectures[i], false
		for _, time := range lecture.Meetings() {
			timed = true
			if len(w.meetings) == share.MaxMeetings {
				break
			}
			w.meetings = append(w.meetings, meeting{
				lecture: lecture, weekday: time.Weekday, begin: time.TimeBegin, end: time.TimeEnd, room: time.Room, color: assigned[i],
			})
			w.days = max(w.days, time.Weekday+1)
		}
		if !timed && len(w.untimed) < maxUntimed {
			w.untimed = append(w.untimed, lecture)
		}
	}
	slices.SortStableFunc(w.meetings, func(a, b meeting) int {
		return cmp.Or(a.weekday-b.weekday, a.begin-b.begin, b.end-a.end)
	})
	w.placeInLanes()
	w.chooseHours()
	return w
}

// placeInLanes puts meetings that overlap side by side, each in the first lane that is free when it begins.
// A group of meetings that overlap, if only through others, has equal lanes.
func (w *week) placeInLanes() {
	for start := 0; start < len(w.meetings); {
		var ends []int // of the last meeting in each lane
		weekday, groupEnd, i := w.meetings[start].weekday, w.meetings[start].end, start
		for ; i < len(w.meetings); i++ {
			m := &w.meetings[i]
			if m.weekday != weekday || m.begin >= groupEnd {
				break
			}
			m.lane = slices.IndexFunc(ends, func(end int) bool { return end <= m.begin })
			if m.lane < 0 {
				m.lane, ends = len(ends), append(ends, 0)
			}
			ends[m.lane] = m.end
			groupEnd = max(groupEnd, m.end)
		}
		for ; start < i; start++ {
			w.meetings[start].lanes = len(ends)
		}
	}
}

// chooseHours chooses the hours from the first beginning to the last end.
func (w *week) chooseHours() {
	if len(w.meetings) == 0 {
		w.firstHour, w.lastHour = 9, 18
		return
	}
	w.firstHour, w.lastHour = 24, 0
	for _, m := range w.meetings {
		w.firstHour = min(w.firstHour, m.begin/60)
		w.lastHour = max(w.lastHour, (m.end+59)/60)
	}
	w.lastHour = min(24, max(w.lastHour, w.firstHour+minHours))
	w.firstHour = max(0, min(w.firstHour, w.lastHour-minHours))
}
