package courses

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"heek.kr/heektime/internal/lecturespb"
)

// timeFormat reads meetings the way one school writes them. It is made from examples; see [newTimeFormat].
type timeFormat struct {
	patterns [][]token
	hours    classHours
}

// token is one part of a pattern.
type token struct {
	kind    tokenKind
	literal rune // of tokenLiteral
}

type tokenKind int

const (
	tokenLiteral tokenKind = iota
	tokenDays              // 월, 화,목, Mon
	tokenClock             // 11:00~12:15
	tokenPeriods           // 3,4 or 3-4
	tokenLengths           // 6-1.5: start and length, or single periods
	tokenRoom              // 강의실, room
)

// newTimeFormat makes a format from an example of one meeting, or several ways with " | " between them; the first that fits
// is taken. An example is made of
//
//	월, Mon            a weekday; the text may name several: 월,수 or 월수
//	11:00~12:15        from and to; the text may say am and pm
//	3,4 or 3-4         periods of the school's table, also halves: 3.5
//	6-1.5              start and length in periods (the second number has a half and is smaller)
//	강의실 or room     the room: up to the bracket that follows in the example, else up to the next meeting
//
// and anything else, which must stand in the text as it is. Spaces don't matter, and the dashes - ~ – stand for each other.
func newTimeFormat(examples string, hours classHours) (*timeFormat, error) {
	f := &timeFormat{hours: hours}
	for example := range strings.SplitSeq(examples, " | ") {
		pattern, err := newPattern(strings.TrimSpace(example))
		if err != nil {
			return nil, fmt.Errorf("%q: %w", clip(example, 100), err)
		}
		f.patterns = append(f.patterns, pattern)
	}
	return f, nil
}

// newPattern compiles one example with the same readers that read the text later.
func newPattern(example string) ([]token, error) {
	var pattern []token
	var days, times int
	c := cursor{text: example}
	for c.skipSpace(); !c.done(); c.skipSpace() {
		if c.word("강의실") || c.word("room") {
			pattern = append(pattern, token{kind: tokenRoom})
			continue
		}
		if c.days(nil) {
			pattern = append(pattern, token{kind: tokenDays})
			days++
			continue
		}
		at := c.at
		if _, ok := c.clock(); ok {
			pattern = append(pattern, token{kind: tokenClock})
			times++
			continue
		}
		c.at = at
		if kind, ok := c.sample(); ok {
			pattern = append(pattern, token{kind: kind})
			times++
			continue
		}
		r, size := utf8.DecodeRuneInString(example[at:])
		c.at = at + size
		pattern = append(pattern, token{kind: tokenLiteral, literal: r})
	}
	if days != 1 || times != 1 {
		return nil, fmt.Errorf("an example needs one weekday and one time, as in 월(11:00~12:15) or 월3,4")
	}
	return pattern, nil
}

// sample tells whether periods in an example are a range or start and length.
func (c *cursor) sample() (tokenKind, bool) {
	first, ok := c.unit()
	if !ok {
		return 0, false
	}
	kind := tokenPeriods
	for {
		at := c.at
		dash := c.dash()
		if !dash && !c.word(",") {
			break
		}
		next, ok := c.unit()
		if !ok {
			c.at = at
			break
		}
		if dash && next < first && next%2 == 1 {
			kind = tokenLengths
		}
		first = next
	}
	return kind, true
}

// parse reads the meetings of a cell. A cell that is blank or only says that nothing is known has none; an empty part
// between separators, and a time that is only a placeholder, is a meeting without times.
func (f *timeFormat) parse(text string) ([]meeting, error) {
	if known(clean(text)) == "" {
		return nil, nil
	}
	c := cursor{text: narrow(lines(text))}
	var meetings []meeting
	for c.skipSeparators(); !c.done(); c.skipSeparators() {
		if c.at > maxTimesText {
			return nil, fmt.Errorf("time %q is too long", clip(text, 60))
		}
		m, err := f.meeting(&c)
		if err != nil {
			return nil, err
		}
		meetings = append(meetings, m)
	}
	return meetings, nil
}

// maxTimesText bounds the text of one cell's times, in bytes.
const maxTimesText = 4000

func (f *timeFormat) meeting(c *cursor) (meeting, error) {
	begin := c.at
	for _, pattern := range f.patterns {
		c.at = begin
		m, ok := f.match(pattern, c)
		if !ok || !c.ended() {
			continue
		}
		return m.times(f.hours)
	}
	return nil, fmt.Errorf("time %q can't be read", clip(c.text[begin:], 60))
}

// match reads one meeting by one pattern.
func (f *timeFormat) match(pattern []token, c *cursor) (m match, ok bool) {
	for i, t := range pattern {
		c.skipBlank()
		switch t.kind {
		case tokenDays:
			ok = c.days(&m.days)
		case tokenClock:
			m.clock, ok = c.clock()
		case tokenPeriods:
			ok = c.periods(&m)
		case tokenLengths:
			ok = c.lengths(&m)
		case tokenRoom:
			until := rune(0)
			if i+1 < len(pattern) && pattern[i+1].kind == tokenLiteral {
				until = pattern[i+1].literal
			}
			m.room, ok = c.room(until), true
		default:
			r, size := utf8.DecodeRuneInString(c.text[c.at:])
			if ok = r == t.literal; ok {
				c.at += size
			}
		}
		if !ok {
			return match{}, false
		}
	}
	return m, true
}

// match is a meeting as it was written.
type match struct {
	days  []int
	clock span
	units []unit
	last  []lasting
	room  string
}

type lasting struct{ start, length unit }

// times turns what was written into times. A class at midnight is a placeholder and has none.
func (m match) times(hours classHours) (meeting, error) {
	spans, ok := hours.spans(m.units)
	if !ok {
		return nil, fmt.Errorf("period %s is not in the table of periods", writeUnits(m.units))
	}
	for _, l := range m.last {
		s, ok := hours.lasting(l.start, l.length)
		if !ok {
			return nil, fmt.Errorf("%s-%s is no start and length", l.start, l.length)
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
				return nil, fmt.Errorf("a time ends at %d:%02d before it begins", s.end/60, s.end%60)
			}
			times = append(times, &lecturespb.Lecture_LectureTime{
				Weekday: int32(day), TimeBegin: int32(s.begin), TimeEnd: int32(s.end), Room: known(m.room),
			})
		}
	}
	return times, nil
}

func (u unit) String() string {
	if u%2 == 1 {
		return fmt.Sprintf("%d.5", u/2)
	}
	return fmt.Sprint(int(u / 2))
}

func writeUnits(units []unit) string {
	var parts []string
	for _, u := range units[:min(len(units), 20)] {
		parts = append(parts, u.String())
	}
	return strings.Join(parts, ",")
}

// narrow makes the wide forms of ASCII characters, which East Asian keyboards type, plain.
func narrow(s string) string {
	wide := func(r rune) bool { return r >= '！' && r <= '～' }
	if strings.IndexFunc(s, wide) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if wide(r) {
			return r - '！' + '!'
		}
		return r
	}, s)
}
