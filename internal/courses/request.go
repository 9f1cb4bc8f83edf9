package courses

import (
	"fmt"
	"slices"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/spelling"
)

// request is one checked request for a list, as an adapter reads it.
type request struct {
	year     int
	semester lecturespb.Semester
	periods  periodTable
	options  map[string]string
	fetcher  *fetcher
	list     *listBuilder
}

// newRequest selects the adapter and checks everything that does not depend on it.
func (s *Service) newRequest(req *lecturespb.GetLecturesPayload) (adapter, *request, error) {
	options := map[string]string{}
	for _, o := range req.GetOptions() {
		if _, ok := options[o.GetKey()]; ok {
			return adapter{}, nil, invalid("option %q is duplicated", truncate(o.GetKey(), 100))
		}
		options[o.GetKey()] = strings.TrimSpace(o.GetValue())
	}
	i := slices.IndexFunc(s.adapters, func(a adapter) bool { return a.name == options["adapter"] })
	if i < 0 {
		var names []string
		for _, a := range s.adapters {
			names = append(names, a.name)
		}
		return adapter{}, nil, invalid("option adapter is %q, must be one of %s%s",
			truncate(options["adapter"], 100), strings.Join(names, ", "), spelling.Suggest(options["adapter"], names))
	}
	a := s.adapters[i]
	delete(options, "adapter")
	if err := a.checkOptions(options); err != nil {
		return adapter{}, nil, err
	}
	if req.GetYear() < 1900 || req.GetYear() > 9999 {
		return adapter{}, nil, invalid("year %d is not between 1900 and 9999", req.GetYear())
	}
	periods, err := newPeriodTable(req.GetPeriods())
	if err != nil {
		return adapter{}, nil, err
	}
	return a, &request{year: int(req.GetYear()), semester: req.GetSemester(), periods: periods, options: options}, nil
}

// option returns the value of an option, or fallback if it is absent or blank.
func (r *request) option(key, fallback string) string {
	if value := r.options[key]; value != "" {
		return value
	}
	return fallback
}

// term selects the school's own word for the semester. words are those for spring, summer, fall and
// winter.
func (r *request) term(words [4]string) (string, error) {
	if r.semester < lecturespb.Semester_spring || r.semester > lecturespb.Semester_winter {
		return "", invalid("semester %s is not one of spring, summer, fall, winter", r.semester)
	}
	return words[r.semester-lecturespb.Semester_spring], nil
}

// defaultTerms are the words that most schools' sites use for the semesters. The option "terms"
// replaces them.
const defaultTerms = "1 S 2 W"

// expand replaces {year} and {term} in a URL.
func (r *request) expand(address string) (string, error) {
	if strings.Contains(address, "{term}") {
		words := strings.Fields(r.option("terms", defaultTerms))
		if len(words) != 4 {
			return "", invalid("option terms has %d words; it needs four, for spring, summer, fall and winter", len(words))
		}
		term, err := r.term([4]string(words))
		if err != nil {
			return "", err
		}
		address = strings.ReplaceAll(address, "{term}", term)
	}
	return strings.ReplaceAll(address, "{year}", fmt.Sprint(r.year)), nil
}
