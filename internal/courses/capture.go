package courses

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxCaptureBytes bounds a room or another text within a meeting.
	maxCaptureBytes = 600

	openBrackets   = "([{<"
	closeBrackets  = ")]}>"
	hardSeparators = ",/;|·&+"
)

// matchCapture matches the text at token i and the tokens after it. Brackets in the text are balanced.
// The text is the shortest one after which the rest of the pattern matches, and it must not contain
// anything that looks like another meeting.
func (p *cellParser) matchCapture(pattern *timePattern, i int, m *meetingMatch) (end int, ok bool) {
	t := pattern.tokens[i]
	p.skipFiller()
	begin := p.pos
	if !t.glued && isWordRune(p.previous()) && isWordRune(p.peek()) {
		return 0, p.failCertainly(begin, "expected a space or the end of the meeting")
	}
	var open []rune
	for at := begin; ; {
		if len(open) == 0 {
			p.pos = at
			saved, failed := *m, p.failure
			if end, ok := p.match(pattern, i+1, m); ok {
				text, problemAt, problem := p.checkCapture(pattern, t, begin, at)
				if problem != "" {
					return 0, p.failCertainly(problemAt, problem)
				}
				m.capture(t.kind, text)
				return end, true
			}
			*m = saved
			if !p.failure.certain {
				p.failure = failed // only one of many places where the text could end
			}
		}
		p.pos = at
		if p.done() || p.peek() == '\n' || at-begin > maxCaptureBytes || p.tooLong() {
			return 0, p.fail(at, pattern.expectationAfter(i))
		}
		r := p.next()
		if strings.ContainsRune(openBrackets, r) {
			open = append(open, r)
		} else if j := strings.IndexRune(closeBrackets, r); j >= 0 {
			if len(open) == 0 || open[len(open)-1] != rune(openBrackets[j]) {
				return 0, p.failCertainly(at, "a bracket is closed that was not opened")
			}
			open = open[:len(open)-1]
		}
		at = p.pos
	}
}

// checkRoom returns an error if a text that ought to be a room could be a meeting.
func (f *timeFormat) checkRoom(text string) error {
	p := newCellParser(f, text)
	for i := range f.patterns {
		if _, at, problem := p.checkCapture(&f.patterns[i], token{kind: tokenRoom}, 0, len(text)); problem != "" {
			return p.errorAt(at, problem)
		}
	}
	return nil
}

// capture stores a captured text.
func (m *meetingMatch) capture(kind tokenKind, text string) {
	switch kind {
	case tokenRoom:
		m.room = strings.TrimSpace(text + " " + m.room) // captures return from the last to the first
	case tokenProfessor:
		m.professors = text
	}
}

// checkCapture returns a captured text without surrounding spaces and remarks. If the text might be
// something else than a room, a professor or a note, it returns what and where.
func (p *cellParser) checkCapture(pattern *timePattern, t token, begin, end int) (text string, at int, problem string) {
	c := cellParser{cursor: cursor{text: p.text[:end], pos: begin}, format: p.format, steps: p.steps}
	c.skipFiller()
	text = c.trimRemarks(strings.TrimRight(c.rest(), " "))
	c.text = c.text[:c.pos+len(text)]
	if p.format.placeholders.match(text) {
		return text, 0, ""
	}
	first, last := c.peek(), (&cursor{c.text, len(c.text)}).previous()
	if strings.ContainsRune(hardSeparators+dashes+".:", first) || strings.ContainsRune(hardSeparators+dashes+":", last) {
		return "", c.pos, "a text does not begin or end with a separator"
	}
	if pattern.belongsToTime(cursor{c.text, c.pos}) {
		return "", c.pos, "this belongs to a time"
	}
	if at := strings.LastIndexAny(c.text[begin:], hardSeparators); at >= 0 {
		_, size := utf8.DecodeRuneInString(c.text[begin+at:])
		if p.format.placeholders.isCutOff(c.text[begin+at+size:]) {
			return "", begin + at, "this looks like a placeholder that was cut off"
		}
	}
	for afterSeparator := false; !c.done(); {
		if !isWordRune(c.previous()) || c.pos == begin {
			if problem := c.looksLikeMeeting(pattern, afterSeparator); problem != "" {
				return "", c.pos, problem
			}
		}
		r := c.next()
		afterSeparator = strings.ContainsRune(hardSeparators, r) || afterSeparator && r == ' '
		if t.kind == tokenProfessor && unicode.IsDigit(r) {
			return "", c.pos - 1, "a professor's name has no digits"
		}
	}
	return text, 0, ""
}

// belongsToTime reports whether a text begins with a word that belongs to the time before it: pm, 교시,
// or, unless the 24-hour clock is declared, the p of 9:50 p.
func (p *timePattern) belongsToTime(text cursor) bool {
	word := strings.ToLower(text.rest())
	if text.word("교시") || text.word("시") && !isWordRune(text.peek()) || text.halfOfDay() != 0 {
		return true
	}
	if i := strings.IndexByte(word, ' '); i >= 0 {
		word = word[:i]
	}
	isLetter := word == "a" || word == "p" || word == "a." || word == "p." || word == "오"
	return isLetter && p.clock.kind != clock24 && p.count(tokenClock, tokenBegin) > 0
}

// trimRemarks removes declared remarks from the end of a text.
func (p *cellParser) trimRemarks(text string) string {
	for {
		i := slices.IndexFunc(p.format.remarks, func(r string) bool {
			before := cursor{text, max(0, len(text)-len(r))}
			return strings.HasSuffix(text, r) && !(isWordRune((&cursor{r, 0}).peek()) && isWordRune(before.previous()))
		})
		if i < 0 {
			return text
		}
		text = strings.TrimRight(strings.TrimSuffix(text, p.format.remarks[i]), " ")
	}
}

// looksLikeMeeting says which part of a meeting the word at the cursor might be, "" if none.
func (p *cellParser) looksLikeMeeting(pattern *timePattern, afterSeparator bool) string {
	c := p.cursor
	if t, ok := c.timeOfDay(pattern.dots); ok && !t.bare && (c.pos-p.pos > 4 || strings.Contains(p.text[p.pos:c.pos], ":")) {
		return "this looks like a time within a text"
	}
	c = p.cursor
	if _, ok := pattern.days.read(&c, pattern.dayRanges); ok && !isWordRune(c.peek()) {
		// Declared names can be single letters, which rooms have as well.
		c.skipBlank()
		if pattern.days.names == nil || afterSeparator && !unicode.IsLetter(c.peek()) {
			return "this looks like a weekday within a text"
		}
	} else if ok && isDigit(c.peek()) && (afterSeparator || pattern.days.names == nil) {
		return "this looks like a weekday within a text"
	}
	c = p.cursor
	if !afterSeparator || !isDigit(c.peek()) || pattern.count(tokenPeriods, tokenDigits, tokenLengths) == 0 {
		return ""
	}
	if period, ok := c.period(); ok && !isWordRune(c.peek()) {
		if _, ok := p.format.periods.span(period); ok {
			return "this looks like a period within a text"
		}
	}
	return ""
}
