package scheduler

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // time zones for machines without a tz database
)

// horizon is how far ahead the next run is searched for. The rarest schedule, a leap day on a given weekday,
// occurs at least every 40 years.
const horizon = 50 * 366 * 24 * time.Hour

// schedule is a unix-cron expression of five fields in a time zone.
//
// Cloud Scheduler runs on wall clock time: a job runs whenever the zone's clocks show a minute that the
// expression matches. Where clocks jump ahead, the skipped minutes do not occur and have no runs; where they
// are set back, the repeated minutes occur twice and have two.
// https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules
type schedule struct {
	cron cron
	zone *time.Location
}

// parseSchedule parses a cron expression and the name of a time zone, which defaults to UTC.
func parseSchedule(expression, zone string) (schedule, error) {
	if zone == "" || strings.EqualFold(zone, "utc") {
		zone = "UTC"
	}
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" { // which Go resolves to the machine's zone
		return schedule{}, fmt.Errorf("time zone %q is not in the tz database", zone)
	}
	c, err := parseCron(expression)
	if err != nil {
		return schedule{}, fmt.Errorf("schedule %q: %w", expression, err)
	}
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, ok := c.first(start, start.Add(horizon)); !ok {
		return schedule{}, fmt.Errorf("schedule %q never occurs", expression)
	}
	return schedule{c, location}, nil
}

// next returns the first time of the schedule after t, or a time far in the future if there is none.
//
// Between two changes of a zone's offset, its clocks run as UTC does. The search goes from one such period to
// the next.
func (s schedule) next(t time.Time) time.Time {
	from, last := s.wall(t).Truncate(time.Minute).Add(time.Minute), t.Add(horizon)
	for t.Before(last) {
		t = t.In(s.zone)
		_, end := t.ZoneBounds()
		switch {
		case end.IsZero() || end.After(last):
			end = last
		case !end.After(t): // on December 31 of leap years, ZoneBounds is a day short
			end = t.Add(time.Minute)
		}
		offset := s.wall(t).Sub(t)
		if wall, ok := s.cron.first(from, end.UTC().Add(offset)); ok {
			return wall.Add(-offset).In(s.zone)
		}
		t = end
		from = s.wall(t).Add(time.Minute - 1).Truncate(time.Minute)
	}
	return last
}

// latest returns the most recent scheduled time up to now, but never one before slot.
func (s schedule) latest(slot, now time.Time) time.Time {
	for t := now; t.After(slot); {
		t = t.In(s.zone)
		start, _ := t.ZoneBounds()
		if start.Before(slot) {
			start = slot
		}
		offset := s.wall(t).Sub(t)
		if wall, ok := s.cron.last(start.UTC().Add(offset), s.wall(t)); ok {
			return wall.Add(-offset).In(s.zone)
		}
		t = start.Add(-1)
	}
	return slot
}

// wall returns what the zone's clocks show at t, as a time in UTC, which has no changes of its offset.
func (s schedule) wall(t time.Time) time.Time {
	_, offset := t.In(s.zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
