package school

import (
	"errors"
	"fmt"

	"cloud.google.com/go/civil"

	"heek.kr/heektime/internal/schema"
)

// maxSemesterDays is the longest semester that is not a mistake in a date.
const maxSemesterDays = 200

// checkDates returns what is wrong with the dates of the semester, or nil. A date of another year is
// usually a line copied from an earlier semester.
func (s *Semester) checkDates() error {
	var errs []error
	first, hasFirst, err := s.checkDay("firstDay", s.FirstDay)
	errs = append(errs, err)
	last, hasLast, err := s.checkDay("lastDay", s.LastDay)
	errs = append(errs, err)
	if days := last.DaysSince(first); hasFirst && hasLast && (days < 0 || days > maxSemesterDays) {
		errs = append(errs, fmt.Errorf("lastDay %s is not within %d days after firstDay %s", s.LastDay, maxSemesterDays, s.FirstDay))
		hasFirst, hasLast = false, false
	}
	seen := map[schema.Date]bool{}
	for _, list := range []struct {
		name string
		days []schema.Date
	}{{"holidays", s.Holidays}, {"classDays", s.ClassDays}} {
		if len(list.days) > schema.MaxSemesterDates {
			errs = append(errs, fmt.Errorf("%s has %d days, more than %d", list.name, len(list.days), schema.MaxSemesterDates))
		}
		for i, day := range list.days {
			name := fmt.Sprintf("%s[%d]", list.name, i)
			date, ok, err := s.checkDay(name, day)
			switch {
			case err != nil:
				errs = append(errs, err)
			case !ok:
				errs = append(errs, fmt.Errorf("%s is empty", name))
			case seen[day]:
				errs = append(errs, fmt.Errorf("%s: %s is duplicated", name, day))
			case hasFirst && date.Before(first) || hasLast && date.After(last):
				errs = append(errs, fmt.Errorf("%s: %s is not between firstDay and lastDay", name, day))
			}
			seen[day] = true
		}
	}
	return errors.Join(errs...)
}

// checkDay parses a date, which may be absent.
func (s *Semester) checkDay(name string, day schema.Date) (date civil.Date, ok bool, err error) {
	if day == "" {
		return civil.Date{}, false, nil
	}
	date, ok = day.Civil()
	if !ok {
		return civil.Date{}, false, fmt.Errorf("%s: %w", name, day.Validate())
	}
	// A winter session ends in the next year.
	if date.Year != s.Year && date.Year != s.Year+1 {
		return civil.Date{}, false, fmt.Errorf("%s %s is not in %d or %d, the year of the semester and the next", name, day, s.Year, s.Year+1)
	}
	return date, true, nil
}
