package courses

import (
	"errors"
	"iter"
	"slices"
	"strings"

	"heek.kr/heektime/internal/courses/spreadsheet"
)

// tableSpec describes the table that an adapter expects in a response.
type tableSpec struct {
	formats   []spreadsheet.Format
	file      spreadsheet.Options
	columns   []column
	headerRow int // rows above it are ignored
}

// maxHeaderRow bounds how many rows are searched for the header, not counting blank ones.
const maxHeaderRow = 60

// tableReader reads a table by its header: it finds the header and gives the rows below it cells with
// the names of their columns.
type tableReader struct {
	tableSpec
	origin string // host or file, for errors

	header      []string
	headerFound bool
	index       map[string]int // column number by key; nil outside a table with the header
	table       int            // number of the table that index belongs to

	// The search for the header.
	searched  int      // rows searched
	closest   []string // the row most similar to the header
	score     int      // similarity of closest
	ambiguous error    // set if a name matches several columns of closest
}

// tableRow is one row below the header.
type tableRow struct {
	number int
	index  map[string]int
	cells  []string
}

// text returns the clean text of a cell, or "" if the table does not have the column.
func (row tableRow) text(key string) string { return cleanText(row.raw(key)) }

// raw returns a cell as it is in the file, with its line breaks.
func (row tableRow) raw(key string) string {
	if i, ok := row.index[key]; ok && i < len(row.cells) {
		return row.cells[i]
	}
	return ""
}

// describe returns the first cells, by which a person recognizes the row.
func (row tableRow) describe() string {
	var filled []string
	for _, c := range row.cells {
		if c = cleanText(c); c != "" {
			filled = append(filled, c)
		}
		if len(filled) == 6 {
			break
		}
	}
	return strings.Join(filled, " ")
}

// rows yields the rows below the header. It passes over blank rows, repeated headers, and tables
// without the header. An error has its status code and ends the sequence.
func (t *tableReader) rows(rows iter.Seq2[spreadsheet.Row, error]) iter.Seq2[tableRow, error] {
	return func(yield func(tableRow, error) bool) {
		for row, err := range rows {
			if err != nil {
				yield(tableRow{}, t.fileError(err))
				return
			}
			if row.Number < t.headerRow || isBlank(row.Cells) {
				continue
			}
			if row.Table != t.table {
				t.index, t.table = nil, row.Table
			}
			if t.index == nil {
				if err := t.searchHeader(row.Cells); err != nil {
					yield(tableRow{}, err)
					return
				}
				continue
			}
			if slices.Equal(row.Cells, t.header) {
				continue
			}
			if !yield(tableRow{number: row.Number, index: t.index, cells: row.Cells}, nil) {
				return
			}
		}
		if !t.headerFound {
			yield(tableRow{}, t.noHeader())
		}
	}
}

// searchHeader takes cells as the header if they contain all required columns.
func (t *tableReader) searchHeader(cells []string) error {
	index, ambiguous := findColumns(t.columns, cells)
	missing := 0
	for _, c := range t.columns {
		if _, ok := index[c.key]; c.required && !ok {
			missing++
		}
	}
	if missing == 0 {
		t.header, t.index, t.headerFound = slices.Clone(cells), index, true
		return nil
	}
	if t.headerFound {
		return nil // another table of the page
	}
	if score := 1000*len(index) + len(cells); t.closest == nil || score > t.score {
		t.closest, t.score, t.ambiguous = slices.Clone(cells), score, ambiguous
	}
	if t.searched++; t.searched == maxHeaderRow {
		return t.noHeader()
	}
	return nil
}

// noHeader is the error for a response without the header. It shows the most similar row.
func (t *tableReader) noHeader() error {
	if t.closest == nil {
		return unexpected("%s contains no table with rows; expected a header with %s", t.origin, t.requiredNames())
	}
	if t.ambiguous != nil {
		return unexpected("%s: %v; the header is %s", t.origin, t.ambiguous, joinCells(t.closest))
	}
	return unexpected("%s has no header with %s; the most similar row is %s", t.origin, t.requiredNames(), joinCells(t.closest))
}

func (t *tableReader) requiredNames() string {
	var names []string
	for _, c := range t.columns {
		if c.required {
			names = append(names, c.names[0])
		}
	}
	return strings.Join(names, ", ")
}

// joinCells joins cells for an error message.
func joinCells(cells []string) string {
	var texts []string
	for _, c := range cells {
		texts = append(texts, truncate(cleanText(c), 30))
	}
	return truncate(strings.Join(texts, " | "), 500)
}

// fileError gives an error of the file's reader its status code.
func (t *tableReader) fileError(err error) error {
	switch {
	case errors.Is(err, spreadsheet.ErrCorrupt):
		return damaged("%s: %s", t.origin, truncate(err.Error(), 300))
	case errors.Is(err, spreadsheet.ErrTooLarge):
		return tooLarge("%s: %v", t.origin, err)
	}
	return unexpected("%s: %s", t.origin, truncate(err.Error(), 500))
}

func isBlank(cells []string) bool {
	for _, c := range cells {
		if strings.Trim(c, " \t\r\n\u00a0") != "" {
			return false
		}
	}
	return true
}
