package courses

import (
	"slices"
	"strings"
	"unicode"

	"heek.kr/heektime/internal/lecturespb"
)

// tagEnglish marks a lecture taught in English.
const tagEnglish = "영강"

// merge adds what another row says about the same section to lec, apart from professors.
func merge(lec, other *lecturespb.Lecture) {
	lec.Times = mergeTimes(append(lec.Times, other.Times...))
	lec.Category = appendUnique(lec.Category, other.Category...)
	for _, m := range other.Metas {
		addTag(lec, m.GetTag())
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

// professorSeparator joins the professors of a lecture.
const professorSeparator = ", "

// splitProfessors returns the professors in a cell, each once: one a line or separated by semicolons. A
// comma separates them if that leaves full names, as in 나별이, 김하나; it does not in Byeol, N.
func splitProfessors(s string) []string { return appendUnique(nil, allProfessors(s)...) }

// allProfessors is splitProfessors with repeated names.
func allProfessors(s string) (professors []string) {
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == ';' }) {
		names := strings.Split(part, ",")
		if slices.ContainsFunc(names, func(name string) bool { return !isFullName(strings.TrimSpace(name)) }) {
			names = []string{part}
		}
		for _, name := range names {
			if name = strings.TrimSpace(name); name != "" {
				professors = append(professors, name)
			}
		}
	}
	return professors
}

// formatProfessors returns a cell of professors on one line. A cell with one for each meeting repeats
// names.
func formatProfessors(s string) string {
	all := allProfessors(s)
	if once := appendUnique(nil, all...); len(once) < len(all) || strings.Contains(s, "\n") {
		return strings.Join(once, professorSeparator)
	}
	return s
}

// addProfessors adds professors that are named in another cell, one a line.
func addProfessors(lec *lecturespb.Lecture, names []string) {
	known := splitProfessors(lec.Professor)
	for _, name := range names {
		if slices.Contains(known, name) {
			continue
		}
		if lec.Professor != "" {
			lec.Professor += "\n"
		}
		lec.Professor += name
	}
}

// isFullName reports whether a name is more than a family or a given name: it has a space, or is
// written in Hangul or Chinese characters, in which names have none.
func isFullName(name string) bool {
	return strings.Contains(name, " ") ||
		strings.ContainsFunc(name, func(r rune) bool { return unicode.In(r, unicode.Hangul, unicode.Han) })
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
