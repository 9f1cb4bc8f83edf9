// Package schooltry shows what the course service reads from a school's list, for a person who writes
// the school's entry in the school file: report.go what became of the rows, groups.go why rows were left
// out, week.go when the lectures meet. Everything fits a terminal of 80 columns.
package schooltry

import (
	"fmt"
	"io"
	"strings"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/schema"
)

const (
	lineWidth  = 80
	maxSample  = 5
	maxTables  = 3
	maxGroups  = 12
	maxPerLine = 400 // characters of a list of columns
)

// Publishable returns why the lectures cannot be published, or nil.
func Publishable(lectures []*lecturespb.Lecture) error {
	if len(lectures) == 0 {
		return fmt.Errorf("no lecture could be read")
	}
	list := make(schema.CourseList, len(lectures))
	for i, l := range lectures {
		list[i].FromProto(l)
	}
	list.Sort()
	if err := list.Validate(); err != nil {
		return fmt.Errorf("the list cannot be published: %w", err)
	}
	return nil
}

// Write shows a preview.
func Write(w io.Writer, p *courses.Preview) {
	r := p.Report
	fmt.Fprintf(w, "read      %s, %s: %s, %s merged, %s left out\n",
		table.Bytes(r.Bytes), table.Counted(r.Rows, "row"), table.Counted(r.Lectures, "lecture"), table.Count(r.Merged), table.Count(r.Skipped))
	for i, t := range p.Tables {
		if i == maxTables {
			fmt.Fprintf(w, "          … and %d more tables\n", len(p.Tables)-maxTables)
			break
		}
		writeColumns(w, t)
	}
	writeSkipped(w, p)
	writeSample(w, p.Lectures)
	writeWeek(w, p.Lectures)
}

// writeColumns shows which columns of a table are used.
func writeColumns(w io.Writer, t courses.Table) {
	fmt.Fprintf(w, "\ncolumns of %s\n", t.Origin)
	var found []string
	for _, c := range t.Found {
		found = append(found, label(c.Key)+" = "+c.Header)
	}
	for _, part := range []struct {
		title string
		items []string
	}{{"found", found}, {"missing", t.Missing}, {"unused", t.Unused}} {
		if len(part.items) > 0 {
			writeWrapped(w, part.title, part.items)
		}
	}
}

// label names what a column is for. An adapter numbers its categories and names its rules by header.
func label(key string) string {
	for _, prefix := range []string{"category.", "rule."} {
		if strings.HasPrefix(key, prefix) {
			return strings.TrimSuffix(prefix, ".")
		}
	}
	return key
}

// writeWrapped prints items separated by commas, in lines that begin at the same column.
func writeWrapped(w io.Writer, title string, items []string) {
	const indent = 10
	line, used := fmt.Sprintf("  %-8s", title), 0
	for i, item := range items {
		if i < len(items)-1 {
			item += ", "
		}
		if used += table.Width(item); used > maxPerLine*3 {
			line += fmt.Sprintf("… and %d more", len(items)-i)
			break
		}
		if table.Width(line)+table.Width(strings.TrimRight(item, " ")) > lineWidth && table.Width(line) > indent {
			fmt.Fprintln(w, strings.TrimRight(line, " "))
			line = strings.Repeat(" ", indent)
		}
		line += item
	}
	fmt.Fprintln(w, table.Cut(strings.TrimRight(line, " "), lineWidth))
}

// writeSample shows lectures from all parts of the list.
func writeSample(w io.Writer, lectures []*lecturespb.Lecture) {
	if len(lectures) == 0 {
		return
	}
	n := min(maxSample, len(lectures))
	fmt.Fprintf(w, "\nsample of %d\n", n)
	for i := range n {
		l := lectures[i*len(lectures)/n]
		line := []string{l.GetIdentifier(), l.GetName()}
		if l.GetSubtitle() != "" {
			line = append(line, "– "+l.GetSubtitle())
		}
		if l.GetProfessor() != "" {
			line = append(line, "· "+l.GetProfessor())
		}
		if l.GetCredit() != 0 {
			line = append(line, fmt.Sprintf("· %v credits", l.GetCredit()))
		}
		fmt.Fprintln(w, "  "+table.Cut(strings.Join(line, " "), lineWidth-2))
		var details []string
		for _, t := range l.GetTimes() {
			details = append(details, strings.TrimSpace(meeting(t)))
		}
		if len(details) == 0 {
			details = []string{"no meetings"}
		}
		fmt.Fprintln(w, "    "+table.Cut(strings.Join(details, ", "), lineWidth-4))
		var tags []string
		for _, m := range l.GetMetas() {
			tags = append(tags, "#"+m.GetTag())
		}
		if marks := append(append([]string{}, l.GetCategory()...), tags...); len(marks) > 0 {
			fmt.Fprintln(w, "    "+table.Cut(strings.Join(marks, ", "), lineWidth-4))
		}
	}
}

// meeting describes one meeting, such as "Mon 11:00-12:50 별관 401".
func meeting(t *lecturespb.Lecture_LectureTime) string {
	day := "?"
	if d := int(t.GetWeekday()); d >= 0 && d < len(weekdays) {
		day = weekdays[d]
	}
	return fmt.Sprintf("%s %s-%s %s", day, clock(t.GetTimeBegin()), clock(t.GetTimeEnd()), t.GetRoom())
}

func clock(minutes int32) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
