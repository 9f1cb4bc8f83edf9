package courses

import (
	"fmt"
	"unicode/utf8"
)

// timePattern is one compiled example of a [timeFormat].
type timePattern []token

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

// newTimePattern compiles an example with the parsers that later read the cells.
func newTimePattern(example string) (timePattern, error) {
	var pattern timePattern
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
		begin := c.pos
		if _, ok := c.clock(); ok {
			pattern = append(pattern, token{kind: tokenClock})
			times++
			continue
		}
		c.pos = begin
		if kind, ok := c.periodExample(); ok {
			pattern = append(pattern, token{kind: kind})
			times++
			continue
		}
		r, size := utf8.DecodeRuneInString(example[begin:])
		c.pos = begin + size
		pattern = append(pattern, token{kind: tokenLiteral, literal: r})
	}
	if days != 1 || times != 1 {
		return nil, fmt.Errorf("an example needs one weekday and one time, as in 월(11:00~12:15) or 월3,4")
	}
	return pattern, nil
}

// periodExample reads the periods of an example and returns whether they are start and length, as in
// 6-1.5, or plain periods.
func (c *cursor) periodExample() (tokenKind, bool) {
	previous, ok := c.period()
	if !ok {
		return 0, false
	}
	kind := tokenPeriods
	for {
		begin := c.pos
		dash := c.dash()
		if !dash && !c.word(",") {
			break
		}
		next, ok := c.period()
		if !ok {
			c.pos = begin
			break
		}
		if dash && next < previous && next%2 == 1 {
			kind = tokenLengths
		}
		previous = next
	}
	return kind, true
}

// match reads one meeting.
func (p timePattern) match(c *cursor) (m meetingMatch, ok bool) {
	for i, t := range p {
		c.skipBlank()
		switch t.kind {
		case tokenDays:
			ok = c.days(&m.days)
		case tokenClock:
			m.clock, ok = c.clock()
		case tokenPeriods:
			m.periods, ok = c.periods()
		case tokenLengths:
			m.periods, m.lengths, ok = c.lengths()
		case tokenRoom:
			until := rune(0)
			if i+1 < len(p) && p[i+1].kind == tokenLiteral {
				until = p[i+1].literal
			}
			m.room, ok = c.room(until), true
		default:
			r, size := utf8.DecodeRuneInString(c.rest())
			if ok = r == t.literal; ok {
				c.pos += size
			}
		}
		if !ok {
			return meetingMatch{}, false
		}
	}
	return m, true
}
