package courses

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// clockTime is a time of day as written.
type clockTime struct {
	minutes int  // after midnight, or after noon if half says so
	half    byte // 'a' or 'p' for am or pm, 0 without
	bare    bool // an hour without minutes, which needs am or pm
	padded  bool // written with a leading zero, as the 24-hour clock is
}

// timeOfDay reads 9:00, 09:00:00, 0900, 9시, 9시 30분 and, with am or pm, 9; with dots also 9.00. The
// words for am and pm can precede or follow.
func (c *cursor) timeOfDay(dots bool) (t clockTime, ok bool) {
	if t.half = c.halfOfDay(); t.half != 0 {
		c.skipBlank()
	}
	t.padded = c.peek() == '0'
	hour, digits := c.number()
	minute, minuteDigits := 0, 2
	switch {
	case digits == 4:
		hour, minute = hour/100, hour%100
	case digits == 1 || digits == 2:
		switch {
		case c.word("시"):
			begin := c.pos
			c.skipBlank()
			if minute, minuteDigits = c.number(); minuteDigits == 0 || !c.word("분") {
				c.pos, minute = begin, 0
			}
			minuteDigits = 2
		case c.word(":") || dots && c.word("."):
			minute, minuteDigits = c.number()
			if seconds := *c; seconds.word(":00") {
				*c = seconds
			}
		default:
			t.bare = true
		}
	default:
		return clockTime{}, false
	}
	if minuteDigits != 2 || minute > 59 || hour > 24 || hour == 24 && minute > 0 || isDigit(c.peek()) {
		return clockTime{}, false
	}
	t.minutes = hour*60 + minute
	if t.half == 0 {
		ahead := *c
		ahead.skipBlank()
		glued := ahead.pos == c.pos
		if t.half = ahead.halfOfDay(); t.half != 0 {
			*c = ahead
		} else if glued {
			t.half = c.halfLetter()
		}
	}
	return t, true
}

// halfWords are the ways of writing am and pm, in lower case, the longest first.
var halfWords = []struct {
	text string
	half byte
}{{"a.m.", 'a'}, {"p.m.", 'p'}, {"a.m", 'a'}, {"p.m", 'p'}, {"am.", 'a'}, {"pm.", 'p'}, {"am", 'a'}, {"pm", 'p'}, {"오전", 'a'}, {"오후", 'p'}}

// halfOfDay reads am or pm as a whole word. It returns 0 if there is none.
func (c *cursor) halfOfDay() byte {
	for _, w := range halfWords {
		if len(c.rest()) < len(w.text) || !strings.EqualFold(c.rest()[:len(w.text)], w.text) {
			continue
		}
		ahead := cursor{c.text, c.pos + len(w.text)}
		if w.half != 0 && unicode.IsLetter(ahead.peek()) {
			continue
		}
		*c = ahead
		return w.half
	}
	return 0
}

// halfLetter reads the a or p of 9:50p.
func (c *cursor) halfLetter() byte {
	half := byte(unicode.ToLower(c.peek()) & 0xff)
	if c.done() || c.peek() > 'z' || half != 'a' && half != 'p' {
		return 0
	}
	ahead := *c
	ahead.next()
	if isWordRune(ahead.peek()) || ahead.peek() == '.' {
		return 0
	}
	*c = ahead
	return half
}

// clockStyle is how a school writes times without am and pm.
type clockStyle struct {
	kind clockKind
	from int // of clock12From: the first minute of the day
}

type clockKind int

const (
	// clockUndeclared takes times as those of the 24-hour clock, except 1:00 to 6:59, which could be
	// afternoon.
	clockUndeclared clockKind = iota
	clock24                   // the 24-hour clock
	clock12                   // every time needs am or pm
	clock12From               // within the 12 hours that begin at from
)

// parseClockStyle parses the option times.clock: 24, 12, or 12 from 8:00.
func parseClockStyle(s string) (clockStyle, error) {
	switch s {
	case "":
		return clockStyle{}, nil
	case "24":
		return clockStyle{kind: clock24}, nil
	case "12":
		return clockStyle{kind: clock12}, nil
	}
	if rest, ok := strings.CutPrefix(s, "12 from "); ok {
		c := cursor{text: strings.TrimSpace(rest)}
		if t, ok := c.timeOfDay(false); ok && c.done() && !t.bare && t.half == 0 && t.minutes < 12*60 {
			return clockStyle{kind: clock12From, from: t.minutes}, nil
		}
	}
	return clockStyle{}, fmt.Errorf("%q is not 24, 12 or, for example, 12 from 8:00", truncate(s, 30))
}

// span returns the span between two times. A time without am or pm takes those of the other, as in
// 1:00-2:15 pm, unless the span would then end before it begins.
func (s clockStyle) span(begin, end clockTime) (span, error) {
	if begin.bare && begin.half|end.half == 0 || end.bare && end.half == 0 {
		return span{}, errors.New("an hour without minutes needs am or pm")
	}
	for _, t := range []clockTime{begin, end} {
		if t.half == 'a' && t.minutes >= 13*60 || t.half != 0 && t.minutes < 60 {
			return span{}, fmt.Errorf("%s is not a time with am or pm", formatMinutes(t.minutes))
		}
	}
	result := span{begin.in24Hours(), end.in24Hours()}
	var err error
	switch {
	case begin.half == 0 && end.half == 0:
		result, err = s.unmarked(begin.minutes, end.minutes)
	case begin.half == 0 && begin.minutes < 13*60:
		begin.half = end.half
		if result.begin = begin.in24Hours(); result.begin >= result.end && end.half == 'p' {
			begin.half = 'a'
			result.begin = begin.in24Hours()
		}
	case end.half == 0 && end.minutes < 13*60:
		end.half = begin.half
		if result.end = end.in24Hours(); result.end <= result.begin && begin.half == 'a' {
			end.half = 'p'
			result.end = end.in24Hours()
		}
	}
	if err != nil {
		return span{}, err
	}
	if result.begin == 0 && begin.half != 0 {
		return span{}, errors.New("a class does not begin at midnight")
	}
	if result.begin >= result.end && result.begin != 0 {
		return span{}, fmt.Errorf("time ends at %s, before it begins", formatMinutes(result.end))
	}
	return result, nil
}

// instant returns a time that stands without an end.
func (s clockStyle) instant(t clockTime) (int, error) {
	end := t
	end.minutes++
	result, err := s.span(t, end)
	return result.begin, err
}

// unmarked returns the span between two times without am and pm.
func (s clockStyle) unmarked(begin, end int) (span, error) {
	const hour, noon = 60, 12 * 60
	twelve := begin >= hour && begin < noon+hour && end >= hour && end < noon+hour // could be am or pm
	switch {
	case s.kind == clock24 || begin == 0:
	case s.kind == clock12 && twelve:
		return span{}, errors.New("the time needs am or pm")
	case s.kind == clock12From && twelve:
		begin %= noon
		if begin < s.from {
			begin += noon
		}
		for end %= noon; end <= begin; {
			end += noon
		}
	case s.kind == clockUndeclared && (begin < 7*hour || end < 7*hour):
		return span{}, errors.New("the time could be morning or afternoon; option times.clock declares which")
	}
	return span{begin, end}, nil
}

// in24Hours converts a time with am or pm to minutes after midnight.
func (t clockTime) in24Hours() int {
	if t.half == 0 || t.minutes >= 13*60 {
		return t.minutes
	}
	minutes := t.minutes % (12 * 60)
	if t.half == 'p' {
		minutes += 12 * 60
	}
	return minutes
}

func formatMinutes(minutes int) string { return fmt.Sprintf("%d:%02d", minutes/60, minutes%60) }
