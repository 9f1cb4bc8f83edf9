package courses

import (
	"context"
	"fmt"
	"strings"

	"heek.kr/heektime/internal/importreport"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/schema"
)

// A list fails if more than maxBadShare of its rows are bad, provided there are at least minBadRows
// of them: one typo must not cost a small school its list. It always fails if more than half are bad.
const (
	maxBadShare = 0.02
	minBadRows  = 5
)

// listBuilder collects the lectures of a list and accounts for every row. Each call of add, reject
// or skip is one row.
//
// It keeps the lectures until the end, because a later row can add a time to an earlier lecture and
// because the list passes or fails as a whole. 10,000 lectures take about 10 MB.
type listBuilder struct {
	ctx      context.Context // of the request; no row is added after its end
	report   importreport.Report
	lectures []*lecturespb.Lecture
	sources  []lectureSource // of lectures
	index    map[string]int  // position in lectures by identifier
	bad      int             // rejected rows
	maxRows  int
	origin   string         // host or file that the list comes from, for errors
	checked  schema.Lecture // reused
	// invalidByte describes the first byte of the current file that its charset does not have; nil if
	// the file has no charset.
	invalidByte func() string
	preview     *Preview // receives more than the report, if not nil
}

// lectureSource is where a lecture comes from.
type lectureSource struct {
	rows       []string // the rows that were merged into it
	professors []string
	tooLarge   string // why the lecture is left out after all, "" if it is not
}

func newListBuilder(ctx context.Context, maxRows int) *listBuilder {
	return &listBuilder{ctx: ctx, index: map[string]int{}, maxRows: maxRows}
}

// add adds the lecture of one row or merges it into the lecture with the same identifier. row
// locates the row for a person. The only errors are that the list is too long and that nobody waits
// for it any more.
func (l *listBuilder) add(row string, lec *lecturespb.Lecture) error {
	if err := l.countRow(); err != nil {
		return err
	}
	lec.Times = mergeTimes(lec.Times)
	professors := splitProfessors(lec.Professor)
	lec.Professor = formatProfessors(lec.Professor)
	if err := l.check(lec); err != nil {
		l.recordBad(row, err.Error(), describe(lec))
		return nil
	}
	i, exists := l.index[lec.Identifier]
	if !exists {
		l.index[lec.Identifier] = len(l.lectures)
		l.lectures = append(l.lectures, lec)
		l.sources = append(l.sources, lectureSource{rows: []string{row}, professors: professors})
		l.report.Lectures++
		return nil
	}
	existing := l.lectures[i]
	if existing.Name != lec.Name {
		reason := fmt.Sprintf("%s is already the identifier of %q", lec.Identifier, truncate(existing.Name, 50))
		l.recordBad(row, reason, describe(lec))
		return nil
	}
	if len(l.sources[i].rows) > maxMerged {
		l.recordBad(row, fmt.Sprintf("%s has more than %d rows", lec.Identifier, maxMerged), describe(lec))
		return nil
	}
	l.merge(i, row, lec, professors)
	return nil
}

// merge merges the lecture of a row into the one at position i. If the result exceeds the bounds of a
// lecture, the lecture is left out with all its rows: a part of it would be wrong.
func (l *listBuilder) merge(i int, row string, lec *lecturespb.Lecture, professors []string) {
	existing, source := l.lectures[i], &l.sources[i]
	if source.tooLarge != "" {
		l.report.Skip(truncate(row, 100), source.tooLarge, truncate(describe(existing), 100))
		return
	}
	merge(existing, lec)
	known := len(source.professors)
	source.professors = appendUnique(source.professors, professors...)
	if added := source.professors[known:]; len(added) > 0 {
		if existing.Professor != "" {
			existing.Professor += professorSeparator
		}
		existing.Professor += strings.Join(added, professorSeparator)
	}
	source.rows = append(source.rows, row)
	l.report.Merged++
	err := l.check(existing)
	if err == nil {
		return
	}
	source.tooLarge = truncate(fmt.Sprintf("%s has too many rows for one lecture: %v", existing.Identifier, err), 300)
	l.bad++
	l.report.Lectures--
	l.report.Merged -= len(source.rows) - 1
	for _, r := range source.rows {
		l.report.Skip(truncate(r, 100), source.tooLarge, truncate(describe(existing), 100))
	}
	source.rows, source.professors = nil, nil
	l.lectures[i] = &lecturespb.Lecture{Identifier: existing.Identifier, Name: existing.Name} // frees the rest
}

// reject counts a row that cannot be read. Too many of them fail the list.
func (l *listBuilder) reject(row, reason, text string) error {
	if err := l.countRow(); err != nil {
		return err
	}
	l.recordBad(row, reason, text)
	return nil
}

// skip counts a row that is not a lecture on offer, such as a cancelled one. Such rows never fail the
// list.
func (l *listBuilder) skip(row, reason, text string) error {
	if err := l.countRow(); err != nil {
		return err
	}
	l.recordSkipped(row, reason, text)
	return nil
}

func (l *listBuilder) recordBad(row, reason, text string) {
	l.bad++
	l.recordSkipped(row, reason, text)
}

func (l *listBuilder) recordSkipped(row, reason, text string) {
	row, reason, text = truncate(row, 100), truncate(reason, 300), truncate(text, 100)
	l.report.Skip(row, reason, text)
	l.preview.skip(row, reason, text)
}

func (l *listBuilder) countRow() error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	if l.report.Rows == l.maxRows {
		return tooLarge("the list of %s has more than %d rows", l.origin, l.maxRows)
	}
	l.report.Rows++
	return nil
}

// checkBadRows removes the lectures that are left out and fails a list with too many bad rows.
func (l *listBuilder) checkBadRows() error {
	kept := l.lectures[:0]
	for i, lec := range l.lectures {
		if l.sources[i].tooLarge == "" {
			kept = append(kept, lec)
		}
	}
	l.lectures, l.sources, l.index = kept, nil, nil
	tooMany := l.bad >= minBadRows && float64(l.bad) > maxBadShare*float64(l.report.Rows) || 2*l.bad > l.report.Rows
	if !tooMany {
		return nil
	}
	l.discard()
	first := importreport.SkippedRow{}
	if len(l.report.Examples) > 0 {
		first = l.report.Examples[0]
	}
	return damaged("%s: %d of %d rows cannot be read; the first skipped one is %s (%s): %s",
		l.origin, l.bad, l.report.Rows, first.Row, first.Text, first.Reason)
}

// discard frees the lectures of a list that failed, except for a person who wants to see them.
func (l *listBuilder) discard() {
	if l.preview != nil {
		l.preview.Lectures = l.lectures
	}
	l.lectures, l.sources, l.index = nil, nil, nil
}

// check returns why a lecture cannot be part of a list, or nil. Package schema defines the bounds.
func (l *listBuilder) check(lec *lecturespb.Lecture) error {
	switch {
	case lec.Identifier == "":
		return fmt.Errorf("no course code")
	case lec.Name == "":
		return fmt.Errorf("no title")
	case strings.ContainsRune(lec.Identifier+lec.Name, '\uFFFD'):
		if l.invalidByte != nil {
			return fmt.Errorf("some characters are invalid in the file's charset; the first is %s", l.invalidByte())
		}
		return fmt.Errorf("some characters are invalid in the file's charset")
	}
	l.checked.FromProto(lec)
	return l.checked.Validate()
}
