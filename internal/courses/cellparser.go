package courses

import (
	"fmt"
	"strings"
	"unicode"
)

// cellParser parses one cell. It tries the patterns of a format at each meeting, and within a pattern
// every end of a text such as a room, so it counts its steps.
type cellParser struct {
	cursor
	format  *timeFormat
	steps   *int // shared with the parsers that look ahead
	failure failure
}

func newCellParser(f *timeFormat, text string) cellParser {
	return cellParser{cursor: cursor{text: text}, format: f, steps: new(int)}
}

// tooLong counts a step and reports whether there were too many.
func (p *cellParser) tooLong() bool {
	*p.steps++
	return *p.steps > maxCellSteps
}

// failure is why a meeting cannot be read. The one furthest to the right is reported, but a certain
// one, which does not depend on where a text ends, precedes the others.
type failure struct {
	at      int
	reason  string
	certain bool
}

// maxCellSteps bounds the work for one cell. Real cells take a few hundred steps.
const maxCellSteps = 50_000

// fail records a failure. It returns false.
func (p *cellParser) fail(at int, reason string) bool {
	if old := p.failure; old.reason == "" || !old.certain && at > old.at {
		p.failure = failure{at: at, reason: reason}
	}
	return false
}

// failCertainly records a failure that precedes those of other ways to read the meeting.
func (p *cellParser) failCertainly(at int, reason string) bool {
	if old := p.failure; !old.certain || at > old.at {
		p.failure = failure{at, reason, true}
	}
	return false
}

// errorAt returns the error for a cell that cannot be read from a position.
func (p *cellParser) errorAt(at int, reason string) error {
	if at >= len(p.text) {
		return fmt.Errorf("time %q cannot be read: it ends too early: %s", truncate(p.text, 60), reason)
	}
	position := len([]rune(p.text[:at])) + 1
	return fmt.Errorf("time %q cannot be read from character %d, %q: %s",
		truncate(p.text, 60), position, truncate(p.text[at:], 30), reason)
}

// skipFiller skips spaces and declared remarks.
func (p *cellParser) skipFiller() {
	for {
		p.skipBlank()
		if n := p.remark(); n > 0 {
			p.pos += n
			continue
		}
		return
	}
}

// remark returns the length of the declared remark at the cursor, 0 if there is none. A remark that
// begins or ends with a letter is a whole word.
func (p *cellParser) remark() int {
	longest := 0
	for _, r := range p.format.remarks {
		if len(r) <= longest || !strings.HasPrefix(p.rest(), r) {
			continue
		}
		after := cursor{p.text, p.pos + len(r)}
		begins := cursor{r, 0}
		if isWordRune(after.previous()) && isWordRune(after.peek()) || isWordRune(begins.peek()) && isWordRune(p.previous()) {
			continue
		}
		longest = len(r)
	}
	return longest
}

// meeting parses one meeting: a placeholder, or the first pattern that matches.
func (p *cellParser) meeting() (parsedMeeting, error) {
	begin := p.pos
	p.failure = failure{}
	if p.placeholder() {
		return parsedMeeting{}, nil
	}
	for i := range p.format.patterns {
		p.pos = begin
		pattern := &p.format.patterns[i]
		m := meetingMatch{pattern: pattern}
		if end, ok := p.match(pattern, 0, &m); ok {
			p.pos = end
			parsed, err := m.resolve(p.format)
			if err != nil {
				return parsedMeeting{}, p.errorAt(m.timeAt, err.Error())
			}
			return parsed, nil
		}
		if *p.steps > maxCellSteps {
			return parsedMeeting{}, p.errorAt(begin, "it is too complicated")
		}
	}
	return parsedMeeting{}, p.errorAt(p.failure.at, p.failure.reason)
}

// placeholder reads a placeholder that stands for a meeting or, after weekdays, for its time.
func (p *cellParser) placeholder() bool {
	begin := p.pos
	for _, withDays := range []bool{false, true} {
		p.pos = begin
		if withDays {
			if p.days() == nil {
				break
			}
			p.skipFiller()
		}
		// A dash stands for a meeting only by itself.
		if word := p.placeholderWord(); word != "" && p.ends() &&
			(strings.ContainsFunc(word, unicode.IsLetter) || !withDays && p.isSeparated(begin)) {
			return true
		}
	}
	p.pos = begin
	return false
}

// placeholderWord reads the longest placeholder at the cursor. A letter or digit does not follow it.
func (p *cellParser) placeholderWord() string {
	longest := ""
	if p.done() || !p.format.placeholders.canBegin(p.rest()) {
		return ""
	}
	for c := p.cursor; !c.done() && c.pos-p.pos < maxPlaceholderBytes && c.peek() != '\n'; {
		c.next()
		word := p.text[p.pos:c.pos]
		if isWordRune(c.peek()) && isWordRune(c.previous()) || strings.HasSuffix(word, " ") {
			continue
		}
		if p.format.placeholders.match(word) {
			longest = word
		}
	}
	p.pos += len(longest)
	return longest
}

// isSeparated reports whether a separator or nothing is on both sides of the text from begin.
func (p *cellParser) isSeparated(begin int) bool {
	before := strings.TrimRight(p.text[:begin], " ")
	after := strings.TrimLeft(p.rest(), " ")
	return (before == "" || strings.ContainsAny(before[len(before)-1:], separators)) &&
		(after == "" || strings.ContainsAny(after[:1], separators))
}

// days reads weekdays as one of the patterns does. It returns nil if there are none.
func (p *cellParser) days() []int {
	begin := p.pos
	for i := range p.format.patterns {
		p.pos = begin
		pattern := &p.format.patterns[i]
		if days, ok := pattern.days.read(&p.cursor, pattern.dayRanges); ok {
			return days
		}
	}
	p.pos = begin
	return nil
}

// ends reports whether a meeting can end at the cursor: at the end of the cell, at a line break, or
// where another meeting follows, with or without a separator.
func (p *cellParser) ends() bool {
	if p.tooLong() {
		return false
	}
	ahead := *p
	ahead.skipFiller()
	if ahead.done() || ahead.peek() == '\n' {
		return true
	}
	separated := false
	for !ahead.done() && strings.ContainsRune(separators, ahead.peek()) {
		if ahead.peek() == '\n' {
			return true
		}
		separated = true
		ahead.next()
		ahead.skipFiller()
	}
	return ahead.done() || ahead.startsMeeting(separated)
}

// startsMeeting reports whether a meeting begins at the cursor: the part of a pattern before its first
// text matches. A pattern that begins with a text matches anything after a separator.
func (p *cellParser) startsMeeting(separated bool) bool {
	for i := range p.format.patterns {
		if p.tooLong() {
			return false
		}
		pattern := &p.format.patterns[i]
		if pattern.tokens[0].isCapture() {
			if separated {
				return true
			}
			continue
		}
		ahead := *p
		var m meetingMatch
		ok, glued := true, false
		for _, t := range pattern.tokens {
			if glued = t.glued; t.isCapture() || !ok {
				break
			}
			ahead.skipFiller()
			ok = ahead.readToken(pattern, t, &m)
		}
		next := ahead.peek()
		inWord := isWordRune(ahead.previous()) && isWordRune(next) && !glued && !startsKoreanDay(next)
		if ok && !inWord {
			return true
		}
	}
	ahead := *p
	return separated && (ahead.placeholderPart() || ahead.days() != nil && ahead.placeholderPart())
}

// placeholderPart reads a placeholder that a separator or the end of the cell follows.
func (p *cellParser) placeholderPart() bool {
	p.skipFiller()
	return p.placeholderWord() != "" && (p.done() || strings.ContainsRune(separators, p.peek()))
}

// match matches the tokens of a pattern from index i on and returns where the meeting ends.
func (p *cellParser) match(pattern *timePattern, i int, m *meetingMatch) (end int, ok bool) {
	for ; i < len(pattern.tokens); i++ {
		if p.tooLong() {
			return 0, false
		}
		t := pattern.tokens[i]
		if t.isCapture() {
			return p.matchCapture(pattern, i, m)
		}
		p.skipFiller()
		begin := p.pos
		if !p.readToken(pattern, t, m) {
			return 0, p.fail(begin, t.expectation())
		}
		if t.isTime() && m.timeAt == 0 {
			m.timeAt = begin
		}
	}
	if !p.ends() {
		p.skipFiller()
		return 0, p.fail(p.pos, "expected the end of the meeting")
	}
	return p.pos, true
}

// readToken reads one token that is not a capture.
func (p *cellParser) readToken(pattern *timePattern, t token, m *meetingMatch) (ok bool) {
	switch t.kind {
	case tokenDays:
		m.days, ok = pattern.days.read(&p.cursor, pattern.dayRanges)
	case tokenClock:
		m.clocks, ok = p.clockRanges(pattern)
	case tokenBegin:
		m.begin, ok = p.timeOfDay(pattern.dots)
	case tokenEnd:
		m.end, ok = p.timeOfDay(pattern.dots)
	case tokenDuration:
		var digits int
		m.minutes, digits = p.number()
		p.word("분")
		ok = digits == 2 || digits == 3
	case tokenPeriods, tokenLengths:
		m.items, ok = p.periodList(t.spaces)
	case tokenDigits:
		m.runs, ok = p.digitRuns()
	default:
		if r := p.peek(); r == t.literal || strings.ContainsRune(dashes, r) && strings.ContainsRune(dashes, t.literal) {
			p.next()
			ok = true
		}
	}
	return ok
}

// clockRanges reads begin and end, once or several times: 10:00-10:50, 11:00-11:50.
func (p *cellParser) clockRanges(pattern *timePattern) (ranges [][2]clockTime, ok bool) {
	for {
		begin := p.pos
		if len(ranges) > 0 && !p.anyOf(",/·&+") {
			return ranges, true
		}
		first, ok := p.timeOfDay(pattern.dots)
		if ok = ok && p.dash(); ok {
			var second clockTime
			if second, ok = p.timeOfDay(pattern.dots); ok {
				ranges = append(ranges, [2]clockTime{first, second})
				continue
			}
		}
		p.pos = begin
		return ranges, len(ranges) > 0
	}
}

// digitRuns reads run-together periods, several with commas.
func (p *cellParser) digitRuns() (runs [][]halfPeriods, ok bool) {
	for {
		begin := p.pos
		if len(runs) > 0 && !p.anyOf(",·") {
			return runs, true
		}
		run, ok := p.periodDigits()
		if !ok {
			p.pos = begin
			return runs, len(runs) > 0
		}
		runs = append(runs, run)
	}
}
