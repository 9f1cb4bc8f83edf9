package courses

import (
	"strings"
	"unicode"
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

// previous returns the character before the cursor, 0 at the beginning.
func (c *cursor) previous() rune {
	if c.pos == 0 {
		return 0
	}
	r, _ := utf8.DecodeLastRuneInString(c.text[:c.pos])
	return r
}

// next reads any character.
func (c *cursor) next() rune {
	r, size := utf8.DecodeRuneInString(c.rest())
	c.pos += size
	return r
}

// skipBlank skips spaces, but not line breaks.
func (c *cursor) skipBlank() {
	for !c.done() && (c.text[c.pos] == ' ' || c.text[c.pos] == '\t') {
		c.pos++
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

// anyOf reads one of the characters in set and the spaces around it. Otherwise, the cursor stays.
func (c *cursor) anyOf(set string) bool {
	begin := c.pos
	c.skipBlank()
	if c.done() || !strings.ContainsRune(set, c.peek()) {
		c.pos = begin
		return false
	}
	c.next()
	c.skipBlank()
	return true
}

// dashes are the characters that schools write between a begin and an end.
const dashes = "-~–—−‐‑〜～∼"

// dash reads any dash and the spaces around it.
func (c *cursor) dash() bool { return c.anyOf(dashes) }

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

// letters reads a run of letters.
func (c *cursor) letters() string {
	begin := c.pos
	for unicode.IsLetter(c.peek()) {
		c.next()
	}
	return c.text[begin:c.pos]
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// isWordRune reports whether r can be part of a word or number.
func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
