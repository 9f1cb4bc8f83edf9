package courses

import (
	"fmt"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// timeFormat parses meetings as one school writes them. See [newTimeFormat].
type timeFormat struct {
	patterns []timePattern
	periods  periodTable
}

// newTimeFormat makes a format from an example of one meeting, such as 월(11:00~12:15). Several
// examples can be given with " | " between them; the first that matches a meeting is used. In an
// example,
//
//	월, Mon            matches one or more weekdays, such as 월,수 and 월수
//	11:00~12:15        matches begin and end, with or without am and pm
//	3,4 or 3-4         matches periods of the school's table, including halves such as 3.5
//	6-1.5              matches start and length in periods; recognized by a smaller second number with a
//	                   half
//	강의실 or room     matches the room: up to the bracket that follows in the example, otherwise up to
//	                   the next meeting
//
// and everything else matches itself. Spaces are ignored, and all dashes are equal.
func newTimeFormat(examples string, periods periodTable) (*timeFormat, error) {
	f := &timeFormat{periods: periods}
	for example := range strings.SplitSeq(examples, " | ") {
		pattern, err := newTimePattern(strings.TrimSpace(example))
		if err != nil {
			return nil, fmt.Errorf("%q: %w", truncate(example, 100), err)
		}
		f.patterns = append(f.patterns, pattern)
	}
	return f, nil
}

// maxTimesBytes bounds the text in one cell with times.
const maxTimesBytes = 4000

// parse parses the meetings in a cell. A blank cell or a placeholder has none. An empty part between
// separators, and a placeholder such as 00:00~00:00, is a meeting without times.
func (f *timeFormat) parse(text string) ([]meeting, error) {
	if dropPlaceholder(cleanText(text)) == "" {
		return nil, nil
	}
	c := cursor{text: foldWidth(cleanLines(text))}
	var meetings []meeting
	for c.skipSeparators(); !c.done(); c.skipSeparators() {
		if c.pos > maxTimesBytes {
			return nil, fmt.Errorf("time %q is too long", truncate(text, 60))
		}
		m, err := f.parseMeeting(&c)
		if err != nil {
			return nil, err
		}
		meetings = append(meetings, m)
	}
	return meetings, nil
}

// parseMeeting parses one meeting by the first pattern that matches it.
func (f *timeFormat) parseMeeting(c *cursor) (meeting, error) {
	begin := c.pos
	for _, pattern := range f.patterns {
		c.pos = begin
		m, ok := pattern.match(c)
		if !ok || !c.atMeetingEnd() {
			continue
		}
		return m.times(f.periods)
	}
	return nil, fmt.Errorf("time %q cannot be read", truncate(c.text[begin:], 60))
}

// meetingMatch is a meeting as written.
type meetingMatch struct {
	days    []int
	clock   span
	periods []halfPeriods
	lengths []startLength
	room    string
}

// times returns the times of a meeting. A class at midnight is a placeholder and has none.
func (m meetingMatch) times(periods periodTable) (meeting, error) {
	spans, ok := periods.spans(m.periods)
	if !ok {
		return nil, fmt.Errorf("period %s is not in the school's table of periods", joinPeriods(m.periods))
	}
	for _, l := range m.lengths {
		s, ok := periods.spanOf(l)
		if !ok {
			return nil, fmt.Errorf("%s-%s is not a valid start and length", l.start, l.length)
		}
		spans = append(spans, s)
	}
	if m.clock != (span{}) {
		spans = append(spans, m.clock)
	}
	var times meeting
	for _, day := range m.days {
		for _, s := range spans {
			if s.begin == 0 {
				continue
			}
			if s.begin >= s.end {
				return nil, fmt.Errorf("time ends at %d:%02d, before it begins", s.end/60, s.end%60)
			}
			times = append(times, &lecturespb.Lecture_LectureTime{
				Weekday: int32(day), TimeBegin: int32(s.begin), TimeEnd: int32(s.end), Room: dropPlaceholder(m.room),
			})
		}
	}
	return times, nil
}
