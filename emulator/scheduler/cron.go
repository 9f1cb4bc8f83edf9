package scheduler

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// cron is a parsed unix-cron expression: for each field, a set of values as bits.
type cron struct {
	minute, hour, day, month, weekday uint64
	// eitherDay: if neither day field begins with *, a day that matches one of them suffices. Otherwise it must
	// match both. https://man7.org/linux/man-pages/man5/crontab.5.html
	eitherDay bool
}

// parseCron parses unix-cron.
func parseCron(expression string) (cron, error) {
	parts := strings.Fields(expression)
	if len(parts) != len(fields) {
		return cron{}, fmt.Errorf("unix-cron has 5 fields, this has %d", len(parts))
	}
	var sets [5]uint64
	for i, f := range fields {
		for item := range strings.SplitSeq(parts[i], ",") {
			set, err := f.parse(item)
			if err != nil {
				return cron{}, fmt.Errorf("%s %q: %w", f.name, parts[i], err)
			}
			sets[i] |= set
		}
	}
	c := cron{minute: sets[0], hour: sets[1], day: sets[2], month: sets[3], weekday: sets[4]}
	c.weekday |= c.weekday >> 7 // 7 is Sunday, as is 0
	c.eitherDay = parts[2][0] != '*' && parts[4][0] != '*'
	return c, nil
}

func has(set uint64, value int) bool { return set>>value&1 == 1 }

// onDay reports whether the expression matches any minute of a date.
func (c *cron) onDay(month time.Month, day int, weekday time.Weekday) bool {
	byDay, byWeekday := has(c.day, day), has(c.weekday, int(weekday))
	return has(c.month, int(month)) && (byDay && byWeekday || c.eitherDay && (byDay || byWeekday))
}

// first returns the first match from `from` on and before end, both in UTC.
func (c *cron) first(from, end time.Time) (time.Time, bool) {
	for from.Before(end) {
		year, month, day := from.Date()
		if !has(c.month, int(month)) {
			from = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
			continue
		}
		if c.onDay(month, day, from.Weekday()) {
			hour, minute, _ := from.Clock()
			for m := hour*60 + minute; m < 24*60; m++ {
				if has(c.hour, m/60) && has(c.minute, m%60) {
					match := time.Date(year, month, day, 0, m, 0, 0, time.UTC)
					return match, match.Before(end)
				}
			}
		}
		from = time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC)
	}
	return time.Time{}, false
}

// last returns the last match from start on and up to `to`, both in UTC.
func (c *cron) last(start, to time.Time) (time.Time, bool) {
	for !to.Before(start) {
		year, month, day := to.Date()
		if !has(c.month, int(month)) {
			to = time.Date(year, month, 1, 0, -1, 0, 0, time.UTC)
			continue
		}
		if c.onDay(month, day, to.Weekday()) {
			hour, minute, _ := to.Clock()
			for m := hour*60 + minute; m >= 0; m-- {
				if has(c.hour, m/60) && has(c.minute, m%60) {
					match := time.Date(year, month, day, 0, m, 0, 0, time.UTC)
					return match, !match.Before(start)
				}
			}
		}
		to = time.Date(year, month, day, 0, -1, 0, 0, time.UTC)
	}
	return time.Time{}, false
}

// field is one of the five fields of a unix-cron expression.
type field struct {
	name     string
	from, to int
	names    string // of the values from `from` on, three letters each
}

var fields = []field{
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of month", 1, 31, ""},
	{"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
	{"day of week", 0, 7, "SUNMONTUEWEDTHUFRISAT"},
}

// parse returns the values of *, a value or a range; * and ranges may have a /step.
func (f field) parse(item string) (set uint64, err error) {
	values, stepText, hasStep := strings.Cut(item, "/")
	step := 1
	if hasStep {
		if step, err = number(stepText); err != nil || step < 1 {
			return 0, fmt.Errorf("step %q must be a number of at least 1", stepText)
		}
	}
	from, to := f.from, f.to
	if values != "*" {
		first, last, isRange := strings.Cut(values, "-")
		if hasStep && !isRange {
			return 0, errors.New("a step requires * or a range")
		}
		if from, err = f.value(first); err != nil {
			return 0, err
		}
		if to = from; isRange {
			if to, err = f.value(last); err != nil {
				return 0, err
			}
		}
		if to < from {
			return 0, fmt.Errorf("%s comes before %s", last, first)
		}
	}
	for v := from; v <= to; v += step {
		set |= 1 << v
	}
	return set, nil
}

// value parses a value, a number or a name.
func (f field) value(text string) (int, error) {
	if i := strings.Index(f.names, strings.ToUpper(text)); len(text) == 3 && i >= 0 && i%3 == 0 {
		return f.from + i/3, nil
	}
	n, err := number(text)
	if err != nil || n < f.from || n > f.to {
		return 0, fmt.Errorf("%q is not in %d-%d", text, f.from, f.to)
	}
	return n, nil
}

// number parses decimal digits without a sign.
func number(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err
}
