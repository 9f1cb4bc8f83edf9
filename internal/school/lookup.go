package school

import (
	"fmt"

	"heek.kr/heektime/internal/semester"
)

// SourceOptions returns the options for the course service in one semester. The semester's own options
// override the school's.
func (s *School) SourceOptions(sem *Semester) map[string]string {
	options := map[string]string{"adapter": s.Source.Adapter}
	for _, from := range []map[string]string{s.Source.Options, sem.Options} {
		for key, value := range from {
			options[key] = value
		}
	}
	return options
}

// PeriodsOf returns the table of periods in one semester.
func (s *School) PeriodsOf(sem *Semester) []semester.Period {
	from := sem.Periods
	if len(from) == 0 {
		from = s.Periods
	}
	periods := make([]semester.Period, len(from))
	for i, p := range from {
		periods[i] = semester.Period{Period: p.Period, TimeBegin: int(p.TimeBegin), TimeEnd: int(p.TimeEnd)}
	}
	return periods
}

// Loss returns the share of lectures, 0 to 1, that a new list of the school may lose before it is
// suspicious.
func (s *School) Loss() float64 {
	if s.MaxLoss == nil {
		return DefaultMaxLoss
	}
	return *s.MaxLoss
}

// Find looks up a semester by its IDs. The error says which of the two is not in the file.
func (f *File) Find(schoolID string, semesterID semester.ID) (*School, *Semester, error) {
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
