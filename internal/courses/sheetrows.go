package courses

import (
	"net/url"
	"strconv"

	"heek.kr/heektime/internal/lecturespb"
)

// sheetRows collects the rows of a list of the adapter sheet.
//
// A lecture may have several rows, one for each meeting. If one of them cannot be read, the lecture
// would lose a meeting, which is worse than to be missing. The rows are therefore added to the list when
// all have been read, and a lecture is added with all of its rows or not at all.
type sheetRows struct {
	m      *sheetMapping
	list   *listBuilder
	prefix string   // of the rows' names, if there are several files
	base   *url.URL // URL of the current file, for relative links; nil if unknown

	rows []sheetRow
	bad  map[string]string // name of the first bad row by identifier
}

// sheetRow is one row as read.
type sheetRow struct {
	name       string
	identifier string
	lecture    *lecturespb.Lecture // nil if the row is left out
	reason     string              // why it is left out
	skipped    bool                // whether it is not a lecture on offer
	text       string
}

func newSheetRows(m *sheetMapping, l *listBuilder) *sheetRows {
	return &sheetRows{m: m, list: l, bad: map[string]string{}}
}

// read reads a row. It returns false if the list is too long.
func (s *sheetRows) read(row tableRow) bool {
	one := sheetRow{name: s.name(row)}
	switch {
	case s.m.continued && len(s.rows) > 0 && s.m.continues(row):
		s.readContinuation(row, &one)
	default:
		s.m.readRow(row, s.base, &one)
	}
	if one.lecture == nil {
		if one.text = row.describe(); !one.skipped && one.identifier != "" && s.bad[one.identifier] == "" {
			s.bad[one.identifier] = one.name
		}
	}
	s.rows = append(s.rows, one)
	return len(s.rows) <= s.list.maxRows
}

// name names a row for a person.
func (s *sheetRows) name(row tableRow) string {
	name := "row " + strconv.Itoa(row.number)
	if row.sheet != "" && len(s.m.file.Sheets) > 0 {
		name = "sheet " + truncate(row.sheet, 40) + " " + name
	}
	return s.prefix + name
}

// readContinuation reads a row that adds a meeting to the row above.
func (s *sheetRows) readContinuation(row tableRow, one *sheetRow) {
	above := s.rows[len(s.rows)-1]
	one.identifier = above.identifier
	switch {
	case above.lecture == nil:
		one.reason, one.skipped = "it continues "+above.name+", which is left out", true
	case row.problem != "":
		one.reason = row.problem
	default:
		cell, err := s.m.readTimes(row)
		if err != nil {
			one.reason = err.Error()
			return
		}
		professor, err := s.m.professor(row)
		if err != nil {
			one.reason = err.Error()
			return
		}
		one.lecture = &lecturespb.Lecture{
			Identifier: above.lecture.Identifier, Name: above.lecture.Name, Professor: professor, Times: cell.times,
		}
		addProfessors(one.lecture, cell.professors)
	}
}

// finish adds the rows to the list.
func (s *sheetRows) finish() error {
	for i, row := range s.rows {
		s.rows[i].lecture = nil // the list keeps or drops it
		var err error
		switch bad := s.bad[row.identifier]; {
		case row.skipped:
			err = s.list.skip(row.name, row.reason, row.text)
		case row.lecture == nil:
			err = s.list.reject(row.name, row.reason, row.text)
		case bad != "":
			err = s.list.skip(row.name, "the lecture is incomplete: its "+bad+" cannot be read", describe(row.lecture))
		default:
			err = s.list.add(row.name, row.lecture)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
