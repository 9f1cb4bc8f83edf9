package courses

import (
	"strings"
	"unicode/utf8"
)

// cursor scans a text from left to right. Its methods report whether they found what they read. If
// not, they may have moved the cursor, and the caller resets pos.
type cursor struct {
	text string
	pos  int
}

func (c *cursor) done() bool   { return c.pos >= len(c.text) }
func (c *cursor) rest() string { return c.text[c.pos:] }

// peek returns the next character, 0 at the end.
func (c *cursor) peek() rune {
	if c.done() {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(c.rest())
	return r
}

// skipBlank skips spaces, skipSpace line breaks as well.
func (c *cursor) skipBlank() { c.skip(" \t") }
func (c *cursor) skipSpace() { c.skip(" \t\n") }

// separators can occur between two meetings.
const separators = " \t\n,/;|·&+"

func (c *cursor) skipSeparators() { c.skip(separators) }

func (c *cursor) skip(set string) {
	for !c.done() {
		r, size := utf8.DecodeRuneInString(c.rest())
		if !strings.ContainsRune(set, r) {
			return
		}
		c.pos += size
	}
}

// word reads w.
func (c *cursor) word(w string) bool {
	if !strings.HasPrefix(c.rest(), w) {
		return false
	}
	c.pos += len(w)
	return true
}

// dash reads any dash and the spaces around it.
func (c *cursor) dash() bool {
	begin := c.pos
	c.skipBlank()
	if !strings.ContainsRune("-~–—〜～∼", c.peek()) || c.done() {
		c.pos = begin
		return false
	}
	_, size := utf8.DecodeRuneInString(c.rest())
	c.pos += size
	c.skipBlank()
	return true
}

// number reads up to four digits. More digits are not a number.
func (c *cursor) number() (n, digits int) {
	for isDigit(c.peek()) {
		if digits++; digits > 4 {
			return 0, 0
		}
		n = n*10 + int(c.text[c.pos]-'0')
		c.pos++
	}
	return n, digits
}

// atMeetingEnd reports whether a meeting can end here: at the end of the text, at a separator, or
// where the next meeting begins.
func (c *cursor) atMeetingEnd() bool {
	return c.done() || strings.ContainsRune(separators, c.peek()) || c.atMeetingStart()
}

// atMeetingStart reports whether a weekday and a number or bracket follow.
func (c *cursor) atMeetingStart() bool {
	ahead := *c
	if !ahead.days(nil) {
		return false
	}
	ahead.skip(" ([")
	return isDigit(ahead.peek())
}

// room reads up to the closing bracket until, including nested brackets. If until is 0, it reads up
// to the next meeting.
func (c *cursor) room(until rune) string {
	begin, depth := c.pos, 0
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
			ahead := cursor{c.text, c.pos}
			ahead.skipSeparators()
			if r == '\n' || ahead.done() || ahead.atMeetingStart() {
				break
			}
		}
		c.pos += size
	}
	return strings.TrimSpace(c.text[begin:c.pos])
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
func isLatin(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
