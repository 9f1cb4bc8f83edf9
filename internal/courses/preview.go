package courses

import (
	"context"

	"heek.kr/heektime/internal/importreport"
	"heek.kr/heektime/internal/lecturespb"
)

// Preview is what a person needs to see in order to write the options of a school: more than callers
// of [Service.GetLectures] receive.
type Preview struct {
	Lectures []*lecturespb.Lecture
	Report   importreport.Report
	// Skipped are the rows that were left out, at most maxPreviewSkipped.
	Skipped []importreport.SkippedRow
	// Tables are the tables that were read.
	Tables []Table
}

// Table is the header of a table, and which of its columns are used.
type Table struct {
	Origin string
	// Found maps what the adapter looks for to the header of the column it took.
	Found []FoundColumn
	// Missing are columns that the adapter can do without. If another one is missing, reading fails.
	Missing []string
	// Unused are the headers of the other columns.
	Unused []string
}

// FoundColumn is a column of a table.
type FoundColumn struct{ Key, Header string }

const (
	maxPreviewSkipped = 10_000
	maxPreviewTables  = 100
)

// Preview reads a list like [Service.GetLectures]. It returns what it found even with an error.
func (s *Service) Preview(ctx context.Context, req *lecturespb.GetLecturesPayload) (*Preview, error) {
	l := newListBuilder(ctx, s.cfg.MaxRows)
	l.preview = &Preview{}
	err := s.read(ctx, req, l)
	if l.preview.Report = l.report; err == nil {
		l.preview.Lectures = l.lectures
	}
	return l.preview, statusOf(ctx, err)
}

// skip records a row that was left out. It does nothing for a nil Preview.
func (p *Preview) skip(row, reason, text string) {
	if p != nil && len(p.Skipped) < maxPreviewSkipped {
		p.Skipped = append(p.Skipped, importreport.SkippedRow{Row: row, Reason: reason, Text: text})
	}
}

// sawTable records which columns of a table are used. header is nil if it was not found.
func (l *listBuilder) sawTable(origin string, columns []column, header []string) {
	if l == nil || l.preview == nil || header == nil || len(l.preview.Tables) == maxPreviewTables {
		return
	}
	t, used := Table{Origin: origin}, map[int]bool{}
	index, _ := findColumns(columns, header)
	for _, c := range columns {
		i, found := index[c.key]
		if !found {
			t.Missing = append(t.Missing, c.purpose())
			continue
		}
		used[i] = true
		t.Found = append(t.Found, FoundColumn{c.purpose(), truncate(cleanText(header[i]), 60)})
	}
	for i, text := range header {
		if text = cleanText(text); text != "" && !used[i] {
			t.Unused = append(t.Unused, truncate(text, 60))
		}
	}
	l.preview.Tables = append(l.preview.Tables, t)
}
