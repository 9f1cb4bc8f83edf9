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
