package courses

import (
	"slices"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// tagEnglish marks a lecture taught in English.
const tagEnglish = "영강"

// merge adds what another row says about the same section to lec.
func merge(lec, other *lecturespb.Lecture) {
	lec.Times = mergeTimes(append(lec.Times, other.Times...))
	lec.Category = appendUnique(lec.Category, other.Category...)
	for _, m := range other.Metas {
		addTag(lec, m.GetTag())
	}
	if other.Professor != "" && !slices.Contains(strings.Split(lec.Professor, ", "), other.Professor) {
		if lec.Professor != "" {
			lec.Professor += ", "
		}
		lec.Professor += other.Professor
	}
	if lec.Credit == 0 {
		lec.Credit = other.Credit
	}
	if lec.HoursPerWeek == 0 {
		lec.HoursPerWeek = other.HoursPerWeek
	}
	if lec.Subtitle == "" {
		lec.Subtitle = other.Subtitle
	}
	if lec.Url == "" {
		lec.Url = other.Url
	}
}

// addTag adds a tag to a lecture that does not have it.
func addTag(lec *lecturespb.Lecture, tag string) {
	for _, m := range lec.Metas {
		if m.GetTag() == tag {
			return
		}
	}
	lec.Metas = append(lec.Metas, &lecturespb.Lecture_Meta{Value: &lecturespb.Lecture_Meta_Tag{Tag: tag}})
}

// joinIdentifier joins course code and section. Without a section it is the code alone.
func joinIdentifier(code, section string) string {
	if code == "" || section == "" {
		return code
	}
	return code + "-" + section
}

// describe returns the text that helps a person recognize a lecture.
func describe(lec *lecturespb.Lecture) string {
	return strings.TrimSpace(lec.Identifier + " " + lec.Name)
}
