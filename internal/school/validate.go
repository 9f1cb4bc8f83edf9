package school

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // the services' container image has no time zones
	"unicode/utf8"

	"github.com/adhocore/gronx"

	"heek.kr/heektime/internal/semester"
)

// validate fills in defaults and returns all mistakes in the file, joined.
func (f *File) validate(lookup func(string) (string, bool)) error {
	if len(f.Schools) == 0 {
		return errors.New("schools is empty")
	}
	var errs []error
	seen := map[string]bool{}
	for i := range f.Schools {
		s := &f.Schools[i]
		where := fmt.Sprintf("schools[%d] (%s)", i, s.ID)
		if err := s.validate(lookup); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		}
		for _, id := range []string{s.ID, s.LegacyID} {
			if id != "" && seen[id] && !(id == s.LegacyID && s.LegacyID == s.ID) {
				errs = append(errs, fmt.Errorf("%s: id %q is duplicated", where, id))
			}
			seen[id] = true
		}
	}
	return errors.Join(errs...)
}

func (s *School) validate(lookup func(string) (string, bool)) error {
	errs := []error{checkDocumentID("id", s.ID)}
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
	errs = append(errs, checkPeriods(s.Periods), expand(s.Source.Options, lookup))
	seen := map[semester.ID]bool{}
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
		s.Status = semester.Normal
	case semester.Normal, semester.Hidden:
	default:
		errs = append(errs, fmt.Errorf("status %q is neither %s nor %s", s.Status, semester.Normal, semester.Hidden))
	}
	if s.TimeZone == "" {
		s.TimeZone = "Asia/Seoul"
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		errs = append(errs, fmt.Errorf("timeZone %q: %w", s.TimeZone, err))
	}
	s.zone = zone
	// gronx also accepts six fields, with seconds, which Cloud Scheduler does not.
	if s.Schedule != "" && (len(strings.Fields(s.Schedule)) != 5 || !gronx.IsValid(s.Schedule)) {
		errs = append(errs, fmt.Errorf(`schedule %q is not a cron expression of five fields, such as "*/30 8-20 * 8-9 *"`, s.Schedule))
	}
	return errors.Join(errs...)
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

var reserved = regexp.MustCompile(`^__.*__$`)

// checkDocumentID refuses what Firestore would: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
func checkDocumentID(what, id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%s is missing", what)
	case !utf8.ValidString(id), len(id) > 1500, strings.Contains(id, "/"), id == ".", id == "..", reserved.MatchString(id):
		return fmt.Errorf("%s %q cannot be a Firestore document id: UTF-8 of at most 1,500 bytes, no slash, not . or .. or __…__", what, id)
	}
	return nil
}
