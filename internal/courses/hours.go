package courses

import (
	"slices"

	"heek.kr/heektime/internal/lecturespb"
)

// classHours is a school's table of periods, by number. Times are minutes after midnight.
type classHours map[int]span

// span of time within a day, in minutes after midnight.
type span struct{ begin, end int }

// newClassHours reads the table of a request.
func newClassHours(periods []*lecturespb.Period) (classHours, error) {
	hours := classHours{}
	for _, p := range periods {
		s := span{int(p.GetTimeBegin()), int(p.GetTimeEnd())}
		n := int(p.GetPeriod())
		if _, twice := hours[n]; twice {
			return nil, invalid("period %d is given twice", n)
		}
		if n < 0 || n > maxPeriod || s.begin < 0 || s.begin >= s.end || s.end > 24*60 {
			return nil, invalid("period %d from minute %d to %d is no span within a day", n, s.begin, s.end)
		}
		hours[n] = s
	}
	return hours, nil
}

// hourly are periods on the hour: period n begins at (8+n):00 and takes 50 minutes.
func hourly(last int) classHours {
	hours := classHours{}
	for n := 0; n <= last; n++ {
		hours[n] = span{(8 + n) * 60, (8+n)*60 + 50}
	}
	return hours
}

// maxPeriod bounds the number of a period.
const maxPeriod = 50

// unit is a period in halves: 7 is period 3.5.
type unit int

// at is when a period is. A half one lies 30 minutes behind its whole one.
func (h classHours) at(u unit) (span, bool) {
	s, ok := h[int(u)/2]
	if u%2 == 1 {
		s.begin += 30
		s.end += 30
	}
	return s, ok && s.end <= 24*60
}

// spans joins periods that follow each other. The order in which they are written, and repetitions, don't matter.
func (h classHours) spans(units []unit) ([]span, bool) {
	slices.Sort(units)
	var spans []span
	for i, u := range units {
		s, ok := h.at(u)
		if !ok {
			return nil, false
		}
		if i > 0 && u-units[i-1] <= 2 {
			last := &spans[len(spans)-1]
			last.end = max(last.end, s.end)
			continue
		}
		spans = append(spans, s)
	}
	return spans, true
}

// lasting is a meeting that is written as start and length: 6-1.5. It ends ten minutes early when the length is in whole hours,
// fifteen when it has a half.
func (h classHours) lasting(start, length unit) (span, bool) {
	s, ok := h.at(start)
	if !ok || length <= 0 {
		return span{}, false
	}
	early := 10
	if length%2 == 1 {
		early = 15
	}
	s.end = s.begin + int(length)*30 - early
	return s, s.end <= 24*60
}
