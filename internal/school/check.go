package school

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the container that the services run in has no time zones of its own

	"github.com/adhocore/gronx"

	"heek.kr/heektime/internal/schema"
)

// complete fills in defaults and says everything that is wrong with the file at once.
func (f *File) complete(lookup func(string) (string, bool)) error {
	if len(f.Schools) == 0 {
		return errors.New("no schools in it")
	}
	var errs []error
	seen := map[string]bool{}
	for i := range f.Schools {
		s := &f.Schools[i]
		where := fmt.Sprintf("schools[%d] (%s)", i, s.ID)
		if err := s.complete(lookup); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		}
		for _, id := range []string{s.ID, s.LegacyID} {
			if id != "" && seen[id] && !(id == s.LegacyID && s.LegacyID == s.ID) {
				errs = append(errs, fmt.Errorf("%s: id %q stands twice", where, id))
			}
			seen[id] = true
		}
	}
	return errors.Join(errs...)
}

func (s *School) complete(lookup func(string) (string, bool)) error {
	errs := []error{checkID(s.ID)}
	if s.Name == "" {
		errs = append(errs, errors.New("name is missing"))
	}
	if strings.Contains(s.LegacyID, "/") {
		errs = append(errs, fmt.Errorf("legacyId %q holds a slash; old clients split ids there", s.LegacyID))
	}
	if s.Source.Adapter == "" {
		errs = append(errs, errors.New("source.adapter is missing"))
	}
	if s.MaxLoss != nil && (*s.MaxLoss < 0 || *s.MaxLoss > 1) {
		errs = append(errs, fmt.Errorf("maxLoss %v is no share between 0 and 1", *s.MaxLoss))
	}
	errs = append(errs, checkPeriods(s.Periods), expand(s.Source.Options, lookup))
	seen := map[schema.SemesterID]bool{}
	for i := range s.Semesters {
		sem := &s.Semesters[i]
		if err := sem.complete(lookup); err != nil {
			errs = append(errs, fmt.Errorf("semesters[%d] (%s): %w", i, sem.ID, err))
		}
		if seen[sem.ID] {
			errs = append(errs, fmt.Errorf("semester %s stands twice", sem.ID))
		}
		seen[sem.ID] = true
	}
	return errors.Join(errs...)
}

func (s *Semester) complete(lookup func(string) (string, bool)) error {
	errs := []error{s.ID.Validate(), s.Term.Validate(), checkPeriods(s.Periods), expand(s.Options, lookup)}
	if s.Year < 1900 || s.Year > 2200 {
		errs = append(errs, fmt.Errorf("year %d is no year", s.Year))
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
	// gronx also takes six fields with seconds; Cloud Scheduler and everybody else mean five.
	if s.Schedule != "" && (len(strings.Fields(s.Schedule)) != 5 || !gronx.IsValid(s.Schedule)) {
		errs = append(errs, fmt.Errorf(`schedule %q is no cron expression of five fields, for instance "*/30 8-20 * 8-9 *"`, s.Schedule))
	}
	return errors.Join(errs...)
}

func checkPeriods(periods []Period) error {
	seen := map[int]bool{}
	for _, p := range periods {
		switch {
		case p.TimeBegin >= p.TimeEnd:
			return fmt.Errorf("period %d ends at %v, not after it begins at %v", p.Period, p.TimeEnd, p.TimeBegin)
		case seen[p.Period]:
			return fmt.Errorf("period %d stands twice", p.Period)
		}
		seen[p.Period] = true
	}
	return nil
}

func checkID(id string) error {
	if err := schema.CheckID(id); err != nil {
		return fmt.Errorf("id: %w", err)
	}
	return nil
}
