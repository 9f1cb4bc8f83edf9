package share

import (
	"fmt"
	"slices"
	"strings"

	"heek.kr/heektime/internal/schema"
)

// Language is the language of labels. Texts of the owner stay as they are.
type Language int

// The languages.
const (
	Korean Language = iota
	English
)

var languages = []string{Korean: "ko", English: "en"}

// ParseLanguage returns the language with the given code, and [Korean] for "".
func ParseLanguage(code string) (Language, error) {
	return ParseName[Language]("language", code, languages)
}

// String returns the language's code.
func (l Language) String() string { return languages[l] }

// Valid reports whether l is one of the constants.
func (l Language) Valid() bool { return l >= 0 && int(l) < len(languages) }

// Choose returns the text in the language.
func (l Language) Choose(korean, english string) string {
	if l == English {
		return english
	}
	return korean
}

// ParseName returns the index of a name in the names of an enumeration, and the first for "". Its error
// lists the names and does not repeat what the client sent.
func ParseName[T ~int](what, name string, names []string) (T, error) {
	if name == "" {
		return 0, nil
	}
	i := slices.Index(names, name)
	if i < 0 {
		return 0, fmt.Errorf("%s is not one of %s", what, strings.Join(names, ", "))
	}
	return T(i), nil
}

var englishTerms = map[schema.Term]string{
	schema.FirstTerm: "Semester 1", schema.SecondTerm: "Semester 2",
	schema.SpringTerm: "Spring", schema.SummerTerm: "Summer", schema.FallTerm: "Fall", schema.WinterTerm: "Winter",
}

// SemesterName returns what people call a semester, for instance 2026년 2학기 or "Semester 2, 2026". It
// omits what the document does not say.
func SemesterName(s schema.Semester, l Language) string {
	english, known := englishTerms[s.Term]
	year := s.Year > 0 && s.Year < 10000
	switch {
	case known && year && l == Korean:
		return fmt.Sprintf("%d년 %s", s.Year, s.Term)
	case known && year && (s.Term == schema.FirstTerm || s.Term == schema.SecondTerm):
		return fmt.Sprintf("%s, %d", english, s.Year)
	case known && year:
		return fmt.Sprintf("%s %d", english, s.Year)
	case known:
		return l.Choose(string(s.Term), english)
	case year:
		return l.Choose(fmt.Sprintf("%d년", s.Year), fmt.Sprint(s.Year))
	}
	return ""
}
