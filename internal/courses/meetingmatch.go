package courses

import (
	"errors"
	"fmt"

	"heek.kr/heektime/internal/lecturespb"
)

// meetingMatch is a meeting as written.
type meetingMatch struct {
	pattern    *timePattern
	timeAt     int // position of the clock or the periods, 0 without
	days       []int
	clocks     [][2]clockTime
	begin, end clockTime
	minutes    int
	items      []listItem
	runs       [][]halfPeriods
	room       string
	professors string
}

// resolve returns the times of a meeting. One that begins at midnight is a placeholder and has none.
func (m *meetingMatch) resolve(f *timeFormat) (parsedMeeting, error) {
	spans, err := m.spans(f.periods)
	if err != nil {
		return parsedMeeting{}, err
	}
	result := parsedMeeting{professors: splitProfessors(f.placeholders.drop(m.professors))}
	for _, day := range m.days {
		for _, s := range spans {
			if s.begin == 0 {
				continue
			}
			if s.begin >= s.end {
				return parsedMeeting{}, fmt.Errorf("time ends at %s, before it begins", formatMinutes(s.end))
			}
			if s.end > 24*60 {
				return parsedMeeting{}, fmt.Errorf("time ends at %s, after midnight", formatMinutes(s.end))
			}
			result.times = append(result.times, &lecturespb.Lecture_LectureTime{
				Weekday: int32(day), TimeBegin: int32(s.begin), TimeEnd: int32(s.end), Room: f.placeholders.drop(m.room),
			})
		}
	}
	return result, nil
}

// spans returns when a meeting takes place on each of its days. If a meeting has both periods and a
// clock, the clock is exact and decides.
func (m *meetingMatch) spans(table periodTable) ([]span, error) {
	style := m.pattern.clock
	var spans []span
	for _, r := range m.clocks {
		s, err := style.span(r[0], r[1])
		if err != nil {
			return nil, err
		}
		spans = append(spans, s)
	}
	if m.pattern.has(tokenBegin) {
		end := m.end
		if m.pattern.has(tokenDuration) {
			begin, err := style.instant(m.begin)
			if err != nil {
				return nil, err
			}
			return []span{{begin, begin + m.minutes}}, nil
		}
		s, err := style.span(m.begin, end)
		return []span{s}, err
	}
	if spans != nil {
		return spans, nil
	}
	return m.periodSpans(table)
}

// periodSpans returns when the periods of a meeting take place.
func (m *meetingMatch) periodSpans(table periodTable) ([]span, error) {
	var periods []halfPeriods
	var lengths []listItem
	for _, run := range m.runs {
		if err := table.checkDigits(run); err != nil {
			return nil, err
		}
		periods = append(periods, run...)
	}
	if m.pattern.has(tokenLengths) {
		for _, item := range m.items {
			if item.isPair {
				lengths = append(lengths, item)
			} else {
				periods = append(periods, item.first)
			}
		}
	} else {
		all, ok := allPeriods(m.items)
		if !ok {
			return nil, errors.New("the periods end before they begin")
		}
		periods = append(periods, all...)
	}
	spans, ok := table.spans(periods)
	if !ok {
		return nil, fmt.Errorf("period %s is not in the school's table of periods", joinPeriods(table.missing(periods)))
	}
	for _, l := range lengths {
		s, ok := table.spanOf(startLength{l.first, l.second})
		if !ok {
			return nil, fmt.Errorf("%s-%s is not a valid start and length", l.first, l.second)
		}
		spans = append(spans, s)
	}
	return spans, nil
}
