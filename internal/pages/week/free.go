package week

import (
	"slices"

	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/schema"
)

// Span is a time of a day, in minutes after midnight.
type Span struct{ Begin, End int }

// The hours in which people look for a common time, unless they have lectures earlier or later.
const (
	freeFrom  = 9 * 60
	freeUntil = 18 * 60
	// shortest is how long a free time must be to be worth showing.
	shortest = 30
)

// Free returns when nobody has a lecture, for each day that the week shows, and the hours of the week.
func Free(timetables []*share.Timetable) (days [][]Span, first, last int) {
	first, last = freeFrom, freeUntil
	var busy [schema.MaxWeekday + 1][]Span
	count := 5
	for _, t := range timetables {
		for i := range t.Lectures[:min(len(t.Lectures), share.MaxMeetings)] {
			for _, m := range t.Lectures[i].Meetings() {
				busy[m.Weekday] = append(busy[m.Weekday], Span{m.TimeBegin, m.TimeEnd})
				first, last = min(first, m.TimeBegin/60*60), max(last, (m.TimeEnd+59)/60*60)
				count = max(count, m.Weekday+1)
			}
		}
	}
	for day := range count {
		days = append(days, gaps(busy[day], first, last))
	}
	return days, first, last
}

// gaps returns the times between first and last that are not in spans.
func gaps(spans []Span, first, last int) (free []Span) {
	slices.SortFunc(spans, func(a, b Span) int { return a.Begin - b.Begin })
	at := first
	for _, s := range append(spans, Span{last, last}) {
		if s.Begin-at >= shortest {
			free = append(free, Span{at, s.Begin})
		}
		at = max(at, s.End)
	}
	return free
}
