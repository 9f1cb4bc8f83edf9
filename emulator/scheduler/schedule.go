package scheduler

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that Asia/Seoul is known on a machine without a time zone database

	"github.com/adhocore/gronx"
)

// schedule is when a job runs: unix-cron, five fields, in a time zone.
// https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules
type schedule struct {
	cron string
	zone *time.Location
}

// parseSchedule reads a schedule and the name of a time zone, UTC when empty.
func parseSchedule(cron, zone string) (schedule, error) {
	if zone == "" || strings.EqualFold(zone, "utc") {
		zone = "UTC"
	}
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" { // which Go would take for the machine's
		return schedule{}, fmt.Errorf("time zone %q is not in the tz database", zone)
	}
	if err := checkCron(cron); err != nil {
		return schedule{}, fmt.Errorf("schedule %q: %w", cron, err)
	}
	s := schedule{cron, location}
	if _, err := s.after(time.Now()); err != nil {
		return schedule{}, fmt.Errorf("schedule %q never comes", cron)
	}
	return s, nil
}

// after is the first time of the schedule after t.
func (s schedule) after(t time.Time) (time.Time, error) {
	return gronx.NextTickAfter(s.cron, t.In(s.zone), false)
}

// next is [schedule.after] for a schedule that was parsed. A time so rare that the search gives up (a leap day that
// must be a Sunday) is put where nobody waits for it.
func (s schedule) next(t time.Time) time.Time {
	next, err := s.after(t)
	if err != nil {
		return t.AddDate(28, 0, 0)
	}
	return next
}

// latest is the last time of the schedule that is not after now, or slot if there is none since.
func (s schedule) latest(slot, now time.Time) time.Time {
	last, err := gronx.PrevTickBefore(s.cron, now.In(s.zone).Truncate(time.Second), true)
	if err != nil || last.Before(slot) {
		return slot
	}
	return last.Truncate(time.Minute)
}

// field is one of the five of unix-cron.
type field struct {
	name     string
	from, to int
	names    string // of its values, three letters each, the first one for from
}

var fields = []field{
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of month", 1, 31, ""},
	{"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
	{"day of week", 0, 7, "SUNMONTUEWEDTHUFRISAT"},
}

// checkCron accepts unix-cron and nothing more. gronx, which does the reckoning, reads a wider language (seconds,
// years, @daily, L, W, #) that Cloud Scheduler refuses.
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

// check reads *, a value or a range, the first and the last with an optional /step.
func (f field) check(item string) error {
	values, step, stepped := strings.Cut(item, "/")
	if stepped {
		if n, err := number(step); err != nil || n < 1 {
			return fmt.Errorf("step %q is no number of 1 or more", step)
		}
	}
	if values == "*" {
		return nil
	}
	first, last, ranged := strings.Cut(values, "-")
	if stepped && !ranged {
		return errors.New("a step needs * or a range")
	}
	from, err := f.value(first)
	if err != nil || !ranged {
		return err
	}
	to, err := f.value(last)
	if err == nil && to < from {
		err = fmt.Errorf("%s comes before %s", last, first)
	}
	return err
}

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

// number reads decimal digits without a sign.
func number(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err
}
