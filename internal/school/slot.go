package school

import (
	"fmt"
	"time"

	"github.com/adhocore/gronx"

	"heek.kr/heektime/internal/schema"
)

// Slot is the newest time at or before now for which the semester's schedule asks for a refresh. ok is false for a semester
// without a schedule, and for one whose schedule has never come up.
func (s *Semester) Slot(now time.Time) (slot time.Time, ok bool) {
	if s.Schedule == "" {
		return time.Time{}, false
	}
	slot, err := gronx.PrevTickBefore(s.Schedule, now.In(s.zone), true)
	if err != nil {
		return time.Time{}, false
	}
	return slot.Truncate(time.Minute).UTC(), true
}

// SourceOptions are the options for the course service in one semester, the semester's own winning over the school's.
func (s *School) SourceOptions(sem *Semester) map[string]string {
	options := map[string]string{"adapter": s.Source.Adapter}
	for _, from := range []map[string]string{s.Source.Options, sem.Options} {
		for key, value := range from {
			options[key] = value
		}
	}
	return options
}

// PeriodsOf is the table of class hours in one semester, in minutes after midnight.
func (s *School) PeriodsOf(sem *Semester) []schema.Period {
	from := sem.Periods
	if len(from) == 0 {
		from = s.Periods
	}
	periods := make([]schema.Period, len(from))
	for i, p := range from {
		periods[i] = schema.Period{Period: p.Period, TimeBegin: int(p.TimeBegin), TimeEnd: int(p.TimeEnd)}
	}
	return periods
}

// Loss is the share of lectures, 0 to 1, that a new list of the school may lack before it is suspicious.
func (s *School) Loss() float64 {
	if s.MaxLoss == nil {
		return DefaultMaxLoss
	}
	return *s.MaxLoss
}

// Find looks a semester up by its ids. The error says which of the two is not in the file.
func (f *File) Find(schoolID string, semesterID schema.SemesterID) (*School, *Semester, error) {
	for i := range f.Schools {
		s := &f.Schools[i]
		if s.ID != schoolID {
			continue
		}
		for j := range s.Semesters {
			if s.Semesters[j].ID == semesterID {
				return s, &s.Semesters[j], nil
			}
		}
		return nil, nil, fmt.Errorf("school %q has no semester %q in the school file", schoolID, semesterID)
	}
	return nil, nil, fmt.Errorf("school %q is not in the school file", schoolID)
}
