package share

import "heek.kr/heektime/internal/schema"

// MaxMeetings is how many meetings of a timetable are shown. Nobody attends more, but a document may say
// anything.
const MaxMeetings = 400

// Meetings returns the meetings of a lecture at times that exist.
func (l *Lecture) Meetings() (meetings []schema.LectureTime) {
	for _, m := range l.Times {
		if m.Weekday >= 0 && m.Weekday <= schema.MaxWeekday && m.TimeBegin >= 0 &&
			m.TimeBegin < m.TimeEnd && m.TimeEnd <= schema.MinutesPerDay {
			meetings = append(meetings, m)
		}
	}
	return meetings
}
