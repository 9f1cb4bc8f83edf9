package scheduler

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zones for machines without a tz database

	"github.com/adhocore/gronx"
)

// schedule is a unix-cron expression of five fields in a time zone.
// https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules
type schedule struct {
	cron string
	zone *time.Location
}

// parseSchedule parses a cron expression and the name of a time zone, which defaults to UTC.
func parseSchedule(cron, zone string) (schedule, error) {
	if zone == "" || strings.EqualFold(zone, "utc") {
		zone = "UTC"
	}
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" { // which Go resolves to the machine's zone
		return schedule{}, fmt.Errorf("time zone %q is not in the tz database", zone)
	}
	if err := checkCron(cron); err != nil {
		return schedule{}, fmt.Errorf("schedule %q: %w", cron, err)
	}
	s := schedule{cron, location}
	if _, err := s.after(time.Now()); err != nil {
		return schedule{}, fmt.Errorf("schedule %q never occurs", cron)
	}
	return s, nil
}

// after returns the first time of the schedule after t.
func (s schedule) after(t time.Time) (time.Time, error) {
	return gronx.NextTickAfter(s.cron, t.In(s.zone), false)
}

// next is [schedule.after] without an error. For a time so rare that the search fails, such as a leap day
// on a Sunday, it returns a time far in the future.
func (s schedule) next(t time.Time) time.Time {
	next, err := s.after(t)
	if err != nil {
		return t.AddDate(28, 0, 0)
	}
	return next
}

// latest returns the most recent scheduled time up to now, but never one before slot.
func (s schedule) latest(slot, now time.Time) time.Time {
	last, err := gronx.PrevTickBefore(s.cron, now.In(s.zone).Truncate(time.Second), true)
	if err != nil || last.Before(slot) {
		return slot
	}
	return last.Truncate(time.Minute)
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

// checkCron accepts only unix-cron. gronx, which computes the times, accepts more (seconds, years, @daily,
// L, W, #) than Cloud Scheduler.
func checkCron(cron string) error {
	parts := strings.Fields(cron)
	if len(parts) != len(fields) {
		return fmt.Errorf("unix-cron has 5 fields, this has %d", len(parts))
	}
	for i, f := range fields {
		for item := range strings.SplitSeq(parts[i], ",") {
			if err := f.check(item); err != nil {
				return fmt.Errorf("%s %q: %w", f.name, parts[i], err)
			}
		}
	}
	return nil
}

// check accepts *, a value or a range; * and ranges may have a /step.
func (f field) check(item string) error {
	values, step, hasStep := strings.Cut(item, "/")
	if hasStep {
		if n, err := number(step); err != nil || n < 1 {
			return fmt.Errorf("step %q must be a number of at least 1", step)
		}
	}
	if values == "*" {
		return nil
	}
	first, last, isRange := strings.Cut(values, "-")
	if hasStep && !isRange {
		return errors.New("a step requires * or a range")
	}
	from, err := f.value(first)
	if err != nil || !isRange {
		return err
	}
	to, err := f.value(last)
	if err == nil && to < from {
		err = fmt.Errorf("%s comes before %s", last, first)
	}
	return err
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
