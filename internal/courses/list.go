package courses

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/importreport"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/schema"
)

// How many bad rows fail a list: more than badShare of them, and at least badRows, so that one typing error does not take a small
// school's list away. More than half fail it always.
const (
	badShare = 0.02
	badRows  = 5
)

// list gathers lectures and accounts for every row: each of add, leave and skip is one row.
//
// Lectures are kept until the end, because a later row may give an earlier lecture a time, and because a list is judged as
// a whole. 10,000 of them are some 10 MB.
type list struct {
	report   importreport.Report
	lectures []*lecturespb.Lecture
	index    map[string]int // by identifier
	bad      int            // rows that should have been lectures
	maxRows  int
	from     string         // the school's host, to name it in errors
	checked  schema.Lecture // reused
}

func newList(maxRows int) *list {
	return &list{index: map[string]int{}, maxRows: maxRows}
}

// add takes the lecture of one row, or merges it into the one that has its identifier. row names the row to a person.
// The error is that of a list that is too long.
func (l *list) add(row string, lec *lecturespb.Lecture) error {
	if err := l.count(); err != nil {
		return err
	}
	lec.Times = mergeTimes(lec.Times)
	if err := l.check(lec); err != nil {
		l.spoil(row, err.Error(), describe(lec))
		return nil
	}
	i, again := l.index[lec.Identifier]
	if !again {
		l.index[lec.Identifier] = len(l.lectures)
		l.lectures = append(l.lectures, lec)
		l.report.Lectures++
		return nil
	}
	have := l.lectures[i]
	if have.Name != lec.Name {
		l.spoil(row, fmt.Sprintf("%s is %q already", lec.Identifier, clip(have.Name, 50)), describe(lec))
		return nil
	}
	merge(have, lec)
	l.report.Merged++
	return nil
}

// leave counts a row that can't be read.
func (l *list) leave(row, reason, text string) error {
	if err := l.count(); err != nil {
		return err
	}
	l.spoil(row, reason, text)
	return nil
}

// skip counts a row that can be read but is no lecture, for instance a cancelled one. Such rows don't speak against the list.
func (l *list) skip(row, reason, text string) error {
	if err := l.count(); err != nil {
		return err
	}
	l.report.Skip(clip(row, 100), clip(reason, 300), clip(text, 100))
	return nil
}

func (l *list) spoil(row, reason, text string) {
	l.bad++
	l.report.Skip(clip(row, 100), clip(reason, 300), clip(text, 100))
}

func (l *list) count() error {
	if l.report.Rows == l.maxRows {
		return status.Errorf(codes.ResourceExhausted, "%s sent a list of more than %d rows", l.from, l.maxRows)
	}
	l.report.Rows++
	return nil
}

// judge fails a list of which too much could not be read.
func (l *list) judge() error {
	tooMany := l.bad >= badRows && float64(l.bad) > badShare*float64(l.report.Rows) || 2*l.bad > l.report.Rows
	if !tooMany {
		return nil
	}
	l.discard()
	first := importreport.SkippedRow{}
	if len(l.report.Examples) > 0 {
		first = l.report.Examples[0]
	}
	return damaged("%s: %d of %d rows can't be read; the first is %s (%s): %s", l.from, l.bad, l.report.Rows, first.Row, first.Text, first.Reason)
}

// discard lets go of the lectures of a list that failed.
func (l *list) discard() { l.lectures = nil }

// check says why a lecture can't stand in a list, nil if it can. The bounds are those of package schema.
func (l *list) check(lec *lecturespb.Lecture) error {
	switch {
	case lec.Identifier == "":
		return fmt.Errorf("no course code")
	case lec.Name == "":
		return fmt.Errorf("no title")
	case strings.ContainsRune(lec.Identifier+lec.Name, '\uFFFD'):
		return fmt.Errorf("characters that the charset does not know")
	}
	l.checked.FromProto(lec)
	return l.checked.Validate()
}

// merge gives a lecture what another row says of the same section.
func merge(have, more *lecturespb.Lecture) {
	have.Times = mergeTimes(append(have.Times, more.Times...))
	have.Category = addNew(have.Category, more.Category...)
	for _, m := range more.Metas {
		addTag(have, m.GetTag())
	}
	if more.Professor != "" && !slices.Contains(strings.Split(have.Professor, ", "), more.Professor) {
		if have.Professor != "" {
			have.Professor += ", "
		}
		have.Professor += more.Professor
	}
	if have.Credit == 0 {
		have.Credit = more.Credit
	}
	if have.HoursPerWeek == 0 {
		have.HoursPerWeek = more.HoursPerWeek
	}
	if have.Subtitle == "" {
		have.Subtitle = more.Subtitle
	}
	if have.Url == "" {
		have.Url = more.Url
	}
}

// addTag marks a lecture, once.
func addTag(lec *lecturespb.Lecture, tag string) {
	for _, m := range lec.Metas {
		if m.GetTag() == tag {
			return
		}
	}
	lec.Metas = append(lec.Metas, &lecturespb.Lecture_Meta{Value: &lecturespb.Lecture_Meta_Tag{Tag: tag}})
}

// english is the mark of a lecture that is taught in English.
const english = "영강"

func describe(lec *lecturespb.Lecture) string {
	return strings.TrimSpace(lec.Identifier + " " + lec.Name)
}
