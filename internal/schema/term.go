package schema

import (
	"fmt"
	"slices"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// Term is the part of the academic year as students call it. The calendar export of clients in the field
// supports these and no others.
type Term string

// The terms.
const (
	FirstTerm  Term = "1학기"
	SpringTerm Term = "봄학기"
	SummerTerm Term = "여름학기"
	SecondTerm Term = "2학기"
	FallTerm   Term = "가을학기"
	WinterTerm Term = "겨울학기"
)

func termNames() []string {
	var names []string
	for _, t := range []Term{FirstTerm, SpringTerm, SummerTerm, SecondTerm, FallTerm, WinterTerm} {
		names = append(names, string(t))
	}
	return names
}

// Validate rejects a term that clients do not support.
func (t Term) Validate() error {
	if names := termNames(); !slices.Contains(names, string(t)) {
		return fmt.Errorf("term %q is not one of %s", string(t), strings.Join(names, ", "))
	}
	return nil
}

// Proto converts the term for the course service. A term that is not valid becomes unknown.
func (t Term) Proto() lecturespb.Semester {
	switch t {
	case FirstTerm, SpringTerm:
		return lecturespb.Semester_spring
	case SummerTerm:
		return lecturespb.Semester_summer
	case SecondTerm, FallTerm:
		return lecturespb.Semester_fall
	case WinterTerm:
		return lecturespb.Semester_winter
	}
	return lecturespb.Semester_unknown
}
