package semester

import (
	"fmt"
	"slices"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// Term is the part of the year as students call it. Clients' calendar export knows these and no others.
type Term string

const (
	First  Term = "1학기"
	Spring Term = "봄학기"
	Summer Term = "여름학기"
	Second Term = "2학기"
	Fall   Term = "가을학기"
	Winter Term = "겨울학기"
)

var terms = []Term{First, Spring, Summer, Second, Fall, Winter}

// Validate refuses a term that clients do not know.
func (t Term) Validate() error {
	if slices.Contains(terms, t) {
		return nil
	}
	names := make([]string, len(terms))
	for i, known := range terms {
		names[i] = string(known)
	}
	return fmt.Errorf("term %q is not one of %s", string(t), strings.Join(names, ", "))
}

// Proto is the course service's word for the term, unknown for a term that is not valid.
func (t Term) Proto() lecturespb.Semester {
	switch t {
	case First, Spring:
		return lecturespb.Semester_spring
	case Summer:
		return lecturespb.Semester_summer
	case Second, Fall:
		return lecturespb.Semester_fall
	case Winter:
		return lecturespb.Semester_winter
	}
	return lecturespb.Semester_unknown
}
