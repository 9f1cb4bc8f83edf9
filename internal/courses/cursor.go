package courses

import (
	"strings"
	"unicode/utf8"
)

// cursor reads a text from left to right. Its readers say whether what they look for stands there; if not, they may have
// moved, and the caller goes back.
type cursor struct {
	text string
	at   int
}

func (c *cursor) done() bool   { return c.at >= len(c.text) }
func (c *cursor) rest() string { return c.text[c.at:] }

// peek is the next character, 0 at the end.
func (c *cursor) peek() rune {
	if c.done() {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(c.rest())
	return r
}

// skipBlank passes spaces, skipSpace line breaks too.
func (c *cursor) skipBlank() { c.skip(" \t") }
func (c *cursor) skipSpace() { c.skip(" \t\n") }

// skipSeparators passes what may stand between two meetings.
func (c *cursor) skipSeparators() { c.skip(separators) }

const separators = " \t\n,/;|·&+"

func (c *cursor) skip(set string) {
	for !c.done() {
		r, size := utf8.DecodeRuneInString(c.rest())
		if !strings.ContainsRune(set, r) {
			return
		}
		c.at += size
	}
}

// ended says whether a meeting may end here: at the end, a separator, or where the next one begins.
func (c *cursor) ended() bool {
	return c.done() || strings.ContainsRune(separators, c.peek()) || c.startsMeeting()
}

// startsMeeting says whether a weekday and a number or a bracket follow.
func (c *cursor) startsMeeting() bool {
	ahead := *c
	if !ahead.days(nil) {
		return false
	}
	ahead.skip(" ([")
	return isDigit(ahead.peek())
}

// word passes a word that stands here.
func (c *cursor) word(w string) bool {
	if !strings.HasPrefix(c.rest(), w) {
		return false
	}
	c.at += len(w)
	return true
}

// dash passes any dash, with spaces around it.
func (c *cursor) dash() bool {
	at := c.at
	c.skipBlank()
	if !strings.ContainsRune("-~–—〜～∼", c.peek()) || c.done() {
		c.at = at
		return false
	}
	_, size := utf8.DecodeRuneInString(c.rest())
	c.at += size
	c.skipBlank()
	return true
}

// days reads one or more weekdays, counted from Monday = 0: 월, 월요일, 월수, 월,수, Mon, Monday, Tue/Thu.
func (c *cursor) days(into *[]int) bool {
	found := false
	for {
		at := c.at
		if found {
			c.skip(" ,·/")
		}
		day, ok := c.day()
		if !ok {
			c.at = at
			return found
		}
		found = true
		if into != nil {
			*into = append(*into, day)
		}
	}
}

func (c *cursor) day() (int, bool) {
	const korean = "월화수목금토일"
	if i := strings.IndexRune(korean, c.peek()); i >= 0 && !c.done() {
		c.at += len("월")
		c.word("요일")
		return i / len("월"), true
	}
	n := 0
	for n < len(c.rest()) && isLatin(c.rest()[n]) {
		n++
	}
	word := strings.ToLower(c.rest()[:n])
	for i, day := range [7]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		if n >= 3 && strings.HasPrefix(day, word) {
			c.at += n
			c.word(".")
			return i, true
		}
	}
	return 0, false
}

// clock reads from and to.
func (c *cursor) clock() (span, bool) {
	begin, half, ok := c.timeOfDay()
	if !ok || !c.dash() {
		return span{}, false
	}
	end, endHalf, ok := c.timeOfDay()
	if !ok {
		return span{}, false
	}
	if half == 0 { // 1:00-2:15 pm
		half = endHalf
		if endHalf == 'p' && begin%720 > end%720 {
			half = 'a'
		}
	}
	return span{halfDay(begin, half), halfDay(end, endHalf)}, true
}

// timeOfDay reads 9:00, 09:00 or 0900, in minutes, and a or p when am or pm follows.
func (c *cursor) timeOfDay() (minutes int, half byte, ok bool) {
	hour, digits := c.number()
	switch {
	case digits == 4:
		minutes = hour/100*60 + hour%100
		ok = hour%100 < 60
	case digits == 1 || digits == 2:
		if !c.word(":") {
			return 0, 0, false
		}
		minute, n := c.number()
		minutes, ok = hour*60+minute, n == 2 && minute < 60
	}
	if !ok || minutes > 24*60 {
		return 0, 0, false
	}
	ahead := *c
	ahead.skipBlank()
	for _, word := range []string{"am", "pm", "AM", "PM"} {
		if ahead.word(word) {
			c.at = ahead.at
			half = word[0] | 0x20
		}
	}
	return minutes, half, true
}

func halfDay(minutes int, half byte) int {
	if half == 0 || minutes >= 13*60 {
		return minutes
	}
	minutes %= 12 * 60
	if half == 'p' {
		minutes += 12 * 60
	}
	return minutes
}

// number reads at most four digits; more is none.
func (c *cursor) number() (n, digits int) {
	for isDigit(c.peek()) {
		if digits++; digits > 4 {
			return 0, 0
		}
		n = n*10 + int(c.text[c.at]-'0')
		c.at++
	}
	return n, digits
}

// unit reads a period, whole or half: 3 or 3.5.
func (c *cursor) unit() (unit, bool) {
	n, digits := c.number()
	if digits == 0 || n > maxPeriod {
		return 0, false
	}
	switch {
	case c.word(".5"):
		return unit(2*n + 1), !isDigit(c.peek())
	case c.word(".0"):
		return unit(2 * n), !isDigit(c.peek())
	}
	return unit(2 * n), true
}

// periods reads 3,4 and 3-4 and both mixed.
func (c *cursor) periods(m *match) bool {
	return c.units(func(first, last unit, dash bool) bool {
		if !dash {
			last = first
		}
		for u := first; u <= last; u += 2 {
			m.units = append(m.units, u)
		}
		return first <= last
	})
}

// lengths reads single periods and pairs of start and length: 9,6-1.5.
func (c *cursor) lengths(m *match) bool {
	return c.units(func(start, length unit, dash bool) bool {
		if !dash {
			m.units = append(m.units, start)
			return true
		}
		m.last = append(m.last, lasting{start, length})
		return true
	})
}

// units reads numbers with commas, and dashes within pairs, between them. A comma that no number follows is left alone.
func (c *cursor) units(take func(first, second unit, dash bool) bool) bool {
	for n := 0; ; n++ {
		at := c.at
		if n > 0 {
			c.skipBlank()
			comma := c.word(",") || c.word("·")
			c.skipBlank()
			if !comma || !isDigit(c.peek()) {
				c.at = at
				return true
			}
		}
		first, ok := c.unit()
		if !ok {
			return false
		}
		second, dash := unit(0), c.dash()
		if dash {
			if second, ok = c.unit(); !ok {
				return false
			}
		}
		if !take(first, second, dash) {
			return false
		}
	}
}

// room reads up to the closing bracket until, brackets within it kept; with until 0 up to where the next meeting begins.
func (c *cursor) room(until rune) string {
	begin, depth := c.at, 0
	for !c.done() {
		r, size := utf8.DecodeRuneInString(c.rest())
		if until != 0 {
			if r == until && depth == 0 {
				break
			}
			switch {
			case r == '(':
				depth++
			case r == ')' && depth > 0:
				depth--
			}
		} else if strings.ContainsRune("\n,/;|", r) {
			ahead := cursor{c.text, c.at}
			ahead.skipSeparators()
			if r == '\n' || ahead.done() || ahead.startsMeeting() {
				break
			}
		}
		c.at += size
	}
	return strings.TrimSpace(c.text[begin:c.at])
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
func isLatin(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
