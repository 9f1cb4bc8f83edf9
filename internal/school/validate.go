package school

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the services' container image has no time zones

	"github.com/adhocore/gronx"

	"heek.kr/heektime/internal/schema"
)

// validate fills in defaults and returns all mistakes in the file, joined.
func (f *File) validate(lookup func(string) (string, bool)) error {
	if len(f.Schools) == 0 {
		return errors.New("schools is empty")
	}
	var errs []error
	owners := map[string]string{} // the school that has an ID, old or new
	for i := range f.Schools {
		s := &f.Schools[i]
		where := fmt.Sprintf("schools[%d] (%s)", i, s.ID)
		if err := s.validate(lookup); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		}
		for _, id := range []string{s.ID, s.LegacyID} {
			if owner, taken := owners[id]; id != "" && taken && owner != where {
				errs = append(errs, fmt.Errorf("%s: id %q is duplicated: %s has it, too", where, id, owner))
				continue
			}
			owners[id] = where
		}
	}
	return errors.Join(errs...)
}

func (s *School) validate(lookup func(string) (string, bool)) error {
	var errs []error
	if err := schema.CheckID(s.ID); err != nil {
		errs = append(errs, fmt.Errorf("id: %w", err))
	}
	if s.Name == "" {
		errs = append(errs, errors.New("name is missing"))
	}
	if strings.Contains(s.LegacyID, "/") {
		errs = append(errs, fmt.Errorf("legacyId %q contains a slash, at which old clients split IDs", s.LegacyID))
	}
	if s.Source.Adapter == "" {
		errs = append(errs, errors.New("source.adapter is missing"))
	}
	if s.MaxLoss != nil && (*s.MaxLoss < 0 || *s.MaxLoss > 1) {
		errs = append(errs, fmt.Errorf("maxLoss %v is not between 0 and 1", *s.MaxLoss))
	}
	if len(s.Semesters) == 0 {
		errs = append(errs, errors.New("semesters is empty, so nothing of this school would be refreshed"))
	}
	errs = append(errs, checkPeriods(s.Periods), expand(s.Source.Options, lookup))
	seen := map[schema.SemesterID]bool{}
	for i := range s.Semesters {
		sem := &s.Semesters[i]
		if err := sem.validate(lookup); err != nil {
			errs = append(errs, fmt.Errorf("semesters[%d] (%s): %w", i, sem.ID, err))
		}
		if seen[sem.ID] {
			errs = append(errs, fmt.Errorf("semester %s is duplicated", sem.ID))
		}
		seen[sem.ID] = true
	}
	return errors.Join(errs...)
}

func (s *Semester) validate(lookup func(string) (string, bool)) error {
	errs := []error{s.ID.Validate(), s.Term.Validate(), checkPeriods(s.Periods), expand(s.Options, lookup)}
	if s.Year < 1900 || s.Year > 2200 {
		errs = append(errs, fmt.Errorf("year %d is not between 1900 and 2200", s.Year))
	}
	switch s.Status {
	case "":
		s.Status = schema.StatusNormal
	case schema.StatusNormal, schema.StatusHidden:
	default:
		errs = append(errs, fmt.Errorf("status %q is neither %s nor %s", s.Status, schema.StatusNormal, schema.StatusHidden))
	}
	if s.TimeZone == "" {
		s.TimeZone = "Asia/Seoul"
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		errs = append(errs, fmt.Errorf("timeZone %q: %w", s.TimeZone, err))
	}
	s.zone = zone
	errs = append(errs, s.checkSchedule(), s.checkDates())
	return errors.Join(errs...)
}

// checkSchedule returns why the schedule would never refresh anything, or nil.
func (s *Semester) checkSchedule() error {
	if s.Schedule == "" {
		return nil
	}
	// gronx also accepts six fields, with seconds, which Cloud Scheduler does not.
	if len(strings.Fields(s.Schedule)) != 5 || !gronx.IsValid(s.Schedule) {
		return fmt.Errorf(`schedule %q is not a cron expression of five fields, such as "*/30 8-20 * 8-9 *"`, s.Schedule)
	}
	if s.zone == nil {
		return nil // an error of its own
	}
	// Calendars repeat every 400 years, leap days on a weekday at least every 40, which Slot covers.
	if _, ok := s.Slot(time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)); !ok {
		return fmt.Errorf("schedule %q is never due: no month that it names has such a day", s.Schedule)
	}
	return nil
}

func checkPeriods(periods []Period) error {
	seen := map[int]bool{}
	for _, p := range periods {
		switch {
		case p.TimeBegin >= p.TimeEnd:
			return fmt.Errorf("period %d ends at %v, which is not after it begins at %v", p.Period, p.TimeEnd, p.TimeBegin)
		case seen[p.Period]:
			return fmt.Errorf("period %d is duplicated", p.Period)
		}
		seen[p.Period] = true
	}
	return nil
}
