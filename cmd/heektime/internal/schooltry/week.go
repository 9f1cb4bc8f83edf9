package schooltry

import (
	"fmt"
	"io"
	"strings"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/lecturespb"
)

var weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}

// week counts the meetings that take place in each hour of each weekday.
type week [24][7]int

// writeWeek draws when the lectures meet. A list that is read wrongly looks wrong: evening classes
// in the morning, or a school that teaches on Sundays.
func writeWeek(w io.Writer, lectures []*lecturespb.Lecture) {
	counts, meetings, without := countMeetings(lectures)
	if len(lectures) == 0 {
		return
	}
	fmt.Fprintf(w, "\nweek: %s by hour, %s without any\n", table.Counted(meetings, "meeting"), table.Counted(without, "lecture"))
	if meetings == 0 {
		return
	}
	first, last, most, days := counts.extent()
	line := strings.Repeat(" ", 7)
	for _, d := range weekdays[:days] {
		line += fmt.Sprintf("%-10s", d)
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
	for hour := first; hour <= last; hour++ {
		line := fmt.Sprintf("  %02d   ", hour)
		for day := range days {
			line += cell(counts[hour][day], most)
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// countMeetings counts meetings by hour and weekday, all of them, and the lectures without any.
func countMeetings(lectures []*lecturespb.Lecture) (counts week, meetings, without int) {
	for _, l := range lectures {
		if len(l.GetTimes()) == 0 {
			without++
		}
		for _, t := range l.GetTimes() {
			day, begin, end := int(t.GetWeekday()), int(t.GetTimeBegin()), int(t.GetTimeEnd())
			if day < 0 || day > 6 || begin < 0 || end > 24*60 || begin >= end {
				continue
			}
			meetings++
			for hour := begin / 60; hour*60 < end; hour++ {
				counts[hour][day]++
			}
		}
	}
	return counts, meetings, without
}

// extent returns the first and last hour with a meeting, the largest count, and how many weekdays to
// show: five, unless something takes place at the weekend.
func (c *week) extent() (first, last, most, days int) {
	first, days = -1, 5
	for hour := range c {
		for day, n := range c[hour] {
			if n == 0 {
				continue
			}
			if first < 0 {
				first = hour
			}
			last, most, days = hour, max(most, n), max(days, day+1)
		}
	}
	return first, last, most, days
}

// cell draws a count in ten columns: a bar of up to four blocks, and the number.
func cell(n, most int) string {
	if n == 0 {
		return fmt.Sprintf("%-10s", "·")
	}
	// Half blocks: the smallest count is visible, the largest fills the bar.
	halves := max(1, (8*n+most/2)/most)
	bar := strings.Repeat("█", halves/2) + strings.Repeat("▌", halves%2)
	return bar + strings.Repeat(" ", 5-halves/2-halves%2) + fmt.Sprintf("%-5d", n)
}
