package courses

import (
	"fmt"
	"slices"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// periodTable is when a school's periods take place, by period number.
type periodTable map[int]span

// span is a span of time within a day, in minutes after midnight.
type span struct{ begin, end int }

// maxPeriod is the largest allowed period number.
const maxPeriod = 50

// newPeriodTable returns the table in a request.
func newPeriodTable(periods []*lecturespb.Period) (periodTable, error) {
	table := periodTable{}
	for _, p := range periods {
		s := span{int(p.GetTimeBegin()), int(p.GetTimeEnd())}
		n := int(p.GetPeriod())
		if _, ok := table[n]; ok {
			return nil, invalid("period %d is duplicated", n)
		}
		if n < 0 || n > maxPeriod || s.begin < 0 || s.begin >= s.end || s.end > 24*60 {
			return nil, invalid("period %d from minute %d to %d is not a valid span of a day", n, s.begin, s.end)
		}
		table[n] = s
	}
	return table, nil
}

// hourlyPeriods returns the periods 0 to last, where period n begins at (8+n):00 and takes 50 minutes.
func hourlyPeriods(last int) periodTable {
	table := periodTable{}
	for n := 0; n <= last; n++ {
		table[n] = span{(8 + n) * 60, (8+n)*60 + 50}
	}
	return table
}

// halfPeriods is a period number, or a number of periods, in halves: 7 is period 3.5.
type halfPeriods int

func (n halfPeriods) String() string {
	if n%2 == 1 {
		return fmt.Sprintf("%d.5", n/2)
	}
	return fmt.Sprint(int(n / 2))
}

// span returns when a period takes place. A half period begins 30 minutes after the whole one.
func (t periodTable) span(n halfPeriods) (span, bool) {
	s, ok := t[int(n)/2]
	if n%2 == 1 {
		s.begin += 30
		s.end += 30
	}
	return s, ok && s.end <= 24*60
}

// spans returns when the periods take place, with consecutive periods joined. Their order and
// duplicates do not matter.
func (t periodTable) spans(periods []halfPeriods) ([]span, bool) {
	slices.Sort(periods)
	var spans []span
	for i, n := range periods {
		s, ok := t.span(n)
		if !ok {
			return nil, false
		}
		if i > 0 && n-periods[i-1] <= 2 {
			last := &spans[len(spans)-1]
			last.end = max(last.end, s.end)
			continue
		}
		spans = append(spans, s)
	}
	return spans, true
}

// missing returns the periods that are not in the table.
func (t periodTable) missing(periods []halfPeriods) []halfPeriods {
	return slices.DeleteFunc(slices.Clone(periods), func(n halfPeriods) bool {
		_, ok := t.span(n)
		return ok
	})
}

// startLength is a meeting written as start and length: 6-1.5.
type startLength struct{ start, length halfPeriods }

// spanOf returns when a meeting takes place. It ends 10 minutes early if the length is in whole hours
// and 15 minutes early otherwise.
func (t periodTable) spanOf(m startLength) (span, bool) {
	s, ok := t.span(m.start)
	if !ok || m.length <= 0 {
		return span{}, false
	}
	early := 10
	if m.length%2 == 1 {
		early = 15
	}
	s.end = s.begin + int(m.length)*30 - early
	return s, s.end <= 24*60
}

// joinPeriods joins period numbers for an error message.
func joinPeriods(periods []halfPeriods) string {
	var parts []string
	for _, n := range periods[:min(len(periods), 20)] {
		parts = append(parts, n.String())
	}
	return strings.Join(parts, ",")
}

// period reads a period number, whole or half: 3 or 3.5. The word 교시 can follow.
func (c *cursor) period() (halfPeriods, bool) {
	n, digits := c.number()
	if digits == 0 || n > maxPeriod {
		return 0, false
	}
	p := halfPeriods(2 * n)
	switch {
	case c.word(".5"):
		p++
	case c.word(".0"):
	}
	if isDigit(c.peek()) {
		return 0, false
	}
	c.word("교시")
	return p, true
}

// maxPeriodDigits bounds periods that are run together.
const maxPeriodDigits = 15

// periodDigits reads periods that are run together, one digit each.
func (c *cursor) periodDigits() (periods []halfPeriods, ok bool) {
	for isDigit(c.peek()) && len(periods) < maxPeriodDigits {
		periods = append(periods, halfPeriods(2*(c.next()-'0')))
	}
	if isDigit(c.peek()) || c.peek() == '.' {
		return nil, false
	}
	c.word("교시")
	return periods, len(periods) > 0
}

// checkDigits returns why the meaning of run-together periods is not certain. They must ascend, and
// two digits must not be a period of their own.
func (t periodTable) checkDigits(periods []halfPeriods) error {
	for i := 1; i < len(periods); i++ {
		a, b := int(periods[i-1])/2, int(periods[i])/2
		if a >= b {
			return fmt.Errorf("run-together periods %d and %d do not ascend", a, b)
		}
		if _, ok := t[10*a+b]; ok && a > 0 {
			return fmt.Errorf("%d%d is period %d or periods %d and %d", a, b, 10*a+b, a, b)
		}
	}
	return nil
}

// listItem is an element of a list of periods: a single one, or two with a dash.
type listItem struct {
	first, second halfPeriods
	isPair        bool
}

// periodList reads periods and pairs of them with a dash, separated by commas or, if spaces is set,
// by spaces. It does not read a separator that no period follows.
func (c *cursor) periodList(spaces bool) (items []listItem, ok bool) {
	for {
		begin := c.pos
		if len(items) > 0 && !c.anyOf(",·&+") {
			if c.skipBlank(); !spaces || c.pos == begin {
				c.pos = begin
				return items, true
			}
		}
		var item listItem
		if item.first, ok = c.period(); ok {
			afterFirst := c.pos
			if item.isPair = c.dash(); item.isPair {
				if item.second, ok = c.period(); !ok {
					c.pos = afterFirst
					return nil, false
				}
			}
		}
		// 3,4 ends before the second of 3,4관: a period is not part of a word.
		if !ok || len(items) > 0 && isWordRune(c.peek()) && !startsKoreanDay(c.peek()) {
			c.pos = begin
			return items, len(items) > 0
		}
		items = append(items, item)
	}
}

func startsKoreanDay(r rune) bool { return strings.ContainsRune("월화수목금토일", r) }

// allPeriods returns the periods of a list in which a pair is a range. A range whose end is a half, 5-6.5,
// includes that half.
func allPeriods(items []listItem) (periods []halfPeriods, ok bool) {
	for _, item := range items {
		periods = append(periods, item.first)
		if !item.isPair {
			continue
		}
		if item.first > item.second {
			return nil, false
		}
		for n := item.first + 2; n < item.second; n += 2 {
			periods = append(periods, n)
		}
		if item.first < item.second {
			periods = append(periods, item.second)
		}
	}
	return periods, true
}
