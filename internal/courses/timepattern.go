package courses

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// timePattern is one compiled example of a [timeFormat].
type timePattern struct {
	days      dayNames
	dayRanges bool // 월-금 is Monday to Friday
	clock     clockStyle
	dots      bool // 9.00 instead of 9:00
	tokens    []token
}

// token is one part of a pattern.
type token struct {
	kind    tokenKind
	literal rune // of tokenLiteral
	spaces  bool // of tokenPeriods: spaces can separate periods
	glued   bool // of captures: may follow a letter or digit without a space
}

type tokenKind int

const (
	tokenLiteral  tokenKind = iota
	tokenDays               // 월, 화,목, Mon
	tokenClock              // 11:00~12:15
	tokenBegin              // 13:30
	tokenEnd                // 14:45, after a tokenBegin and a literal
	tokenDuration           // 75, after a tokenBegin
	tokenPeriods            // 3,4 or 3-4
	tokenDigits             // 67: periods 6 and 7
	tokenLengths            // 6-1.5: start and length, or single periods
	tokenRoom               // 강의실, room, 캠퍼스, campus
	tokenProfessor
	tokenNote
)

// expectation says what a token matches, for an error message.
func (t token) expectation() string {
	switch t.kind {
	case tokenDays:
		return "expected a weekday"
	case tokenClock:
		return "expected begin and end"
	case tokenBegin, tokenEnd:
		return "expected a time"
	case tokenDuration:
		return "expected minutes"
	case tokenPeriods, tokenDigits, tokenLengths:
		return "expected a period"
	}
	return fmt.Sprintf("expected %q", string(t.literal))
}

// expectationAfter says what matches after token i.
func (p *timePattern) expectationAfter(i int) string {
	if i+1 < len(p.tokens) {
		return p.tokens[i+1].expectation()
	}
	return "expected the end of the meeting"
}

func (t token) isCapture() bool {
	return t.kind == tokenRoom || t.kind == tokenProfessor || t.kind == tokenNote
}

func (t token) isTime() bool { return t.kind >= tokenClock && t.kind <= tokenLengths }

// captureWords are the words of an example that match any text.
var captureWords = []struct {
	word string
	kind tokenKind
}{
	{"강의실", tokenRoom}, {"room", tokenRoom}, {"캠퍼스", tokenRoom}, {"campus", tokenRoom},
	{"교수", tokenProfessor}, {"professor", tokenProfessor}, {"비고", tokenNote}, {"note", tokenNote},
}

// compile compiles an example with the parsers that later read the cells.
func (d dialect) compile(example string) (timePattern, error) {
	p := timePattern{days: d.days, clock: d.clock}
	c := cursor{text: normalizeCell(example)}
	for c.skipBlank(); !c.done(); c.skipBlank() {
		t, err := p.compileToken(&c, d.periods)
		if err != nil {
			return timePattern{}, err
		}
		p.tokens = append(p.tokens, t)
	}
	return p, p.check()
}

// compileToken compiles the next token of an example.
func (p *timePattern) compileToken(c *cursor, periods periodTable) (token, error) {
	glued := isWordRune(c.previous())
	for _, w := range captureWords {
		if c.word(w.word) {
			return token{kind: w.kind, glued: glued}, nil
		}
	}
	if p.compileDays(c) {
		return token{kind: tokenDays}, nil
	}
	begin := c.pos
	if kind, ok := p.compileClock(c); ok {
		return token{kind: kind}, nil
	}
	c.pos = begin
	if p.has(tokenBegin) && !p.has(tokenDuration) && !p.has(tokenEnd) {
		if _, digits := c.number(); digits > 0 {
			c.word("분")
			return token{kind: tokenDuration}, nil
		}
		c.pos = begin
	}
	if isDigit(c.peek()) {
		return compilePeriods(c, periods)
	}
	if unicode.IsLetter(c.peek()) && !isWordRune(c.previous()) {
		ahead := *c
		if word := ahead.letters(); !p.has(tokenDays) && strings.Trim(word, "MTWRFSUhuaoer") == "" && len(word) < 8 {
			return token{}, fmt.Errorf("the days in %q have several meanings; option times.days declares the school's names", word)
		}
	}
	return token{kind: tokenLiteral, literal: c.next()}, nil
}

// compileDays reads the weekdays of an example. MoWe declares names of two letters; MTWRF declares
// names of one.
func (p *timePattern) compileDays(c *cursor) bool {
	candidates := []dayNames{p.days}
	if p.days.names == nil {
		candidates = append(candidates, twoLetterDays, oneLetterDays)
	}
	for _, names := range candidates {
		ahead := *c
		days, ok := names.read(&ahead, true)
		isAlphabet := len(names.names) != len(oneLetterDays.names) || strings.HasPrefix(c.rest(), "MTWRF")
		if !ok || p.days.names == nil && !isAlphabet {
			continue
		}
		p.days, p.dayRanges = names, strings.ContainsAny(c.text[c.pos:ahead.pos], dashes) && len(days) > 1
		*c = ahead
		return true
	}
	return false
}

// compileClock reads the begin and end of an example, or only one of them.
func (p *timePattern) compileClock(c *cursor) (tokenKind, bool) {
	begin := *c
	first, ok := c.timeOfDay(false)
	if !ok || first.bare {
		*c = begin
		if first, ok = c.timeOfDay(true); !ok || first.bare && first.half == 0 && !hourThenHalf(begin) {
			return 0, false
		}
		p.dots = !first.bare
	}
	p.declareClock(first)
	afterFirst := *c
	if c.dash() {
		if second, ok := c.timeOfDay(p.dots); ok {
			p.declareClock(second)
			return tokenClock, true
		}
	}
	*c = afterFirst
	if p.has(tokenBegin) {
		return tokenEnd, true
	}
	return tokenBegin, true
}

// hourThenHalf reports whether a range such as 2-3:15pm follows.
func hourThenHalf(c cursor) bool {
	if _, ok := c.timeOfDay(false); !ok || !c.dash() {
		return false
	}
	t, ok := c.timeOfDay(false)
	return ok && t.half != 0
}

// declareClock takes an example's time as a declaration: 13:00 and 09:00 of the 24-hour clock, 1:00 pm
// of am and pm. The option times.clock has precedence.
func (p *timePattern) declareClock(t clockTime) {
	switch {
	case p.clock.kind != clockUndeclared:
	case t.half != 0:
		p.clock.kind = clock12
	case t.padded, t.minutes >= 13*60:
		p.clock.kind = clock24
	}
}

// compilePeriods reads the periods of an example.
func compilePeriods(c *cursor, table periodTable) (token, error) {
	begin := c.pos
	t := token{kind: tokenPeriods}
	previous, ok := c.period()
	if !ok {
		c.pos = begin
		digits, ok := c.periodDigits()
		if !ok {
			return token{}, fmt.Errorf("%q is not a period", c.text[begin:])
		}
		return token{kind: tokenDigits}, table.checkDigits(digits)
	}
	if _, isPeriod := table[int(previous)/2]; !isPeriod && previous >= 20 && len(table) > 0 && previous%2 == 0 {
		c.pos = begin
		if digits, ok := c.periodDigits(); ok && table.checkDigits(digits) == nil {
			return token{kind: tokenDigits}, nil
		}
		c.pos = begin
		c.period()
	}
	for {
		end := c.pos
		dash := c.dash()
		separated := dash || c.anyOf(",·")
		if !separated {
			c.skipBlank()
		}
		next, ok := c.period()
		if !ok || end == c.pos {
			c.pos = end
			return t, nil
		}
		t.spaces = t.spaces || !separated
		if dash && next < previous && next%2 == 1 {
			t.kind = tokenLengths
		}
		previous = next
	}
}

func (p *timePattern) has(kind tokenKind) bool { return p.count(kind) > 0 }

func (p *timePattern) count(kinds ...tokenKind) int {
	n := 0
	for _, t := range p.tokens {
		for _, k := range kinds {
			if t.kind == k {
				n++
			}
		}
	}
	return n
}

// hasWord reports whether a letter or digit of the example stands for itself.
func (p *timePattern) hasWord() bool {
	return slices.ContainsFunc(p.tokens, func(t token) bool { return t.kind == tokenLiteral && isWordRune(t.literal) })
}

// check returns why the tokens are not those of one meeting.
func (p *timePattern) check() error {
	periods := p.count(tokenPeriods, tokenDigits, tokenLengths)
	clocks := p.count(tokenClock, tokenBegin)
	switch {
	case p.count(tokenDays) != 1, periods > 1, clocks > 1, periods+clocks == 0 && p.hasWord():
		return errors.New("an example needs one weekday and one time, as in 월(11:00~12:15) or 월3,4")
	case p.has(tokenBegin) && p.count(tokenEnd, tokenDuration) != 1:
		return errors.New("an example with the begin of a meeting needs its end or its length in minutes, as in 월 13:30(75)")
	case p.count(tokenRoom) > 2, p.count(tokenProfessor) > 1, p.count(tokenNote) > 2:
		return errors.New("an example has at most two rooms, one list of professors and two notes")
	}
	for i, t := range p.tokens {
		if i == 0 {
			continue
		}
		before := p.tokens[i-1]
		if t.isCapture() && before.isCapture() {
			return errors.New("two texts need a character between them that tells where the first ends")
		}
		if t.isCapture() && before.kind == tokenPeriods && before.spaces {
			return errors.New("periods separated by spaces need a character between them and the room")
		}
	}
	return nil
}
