package courses

import (
	"errors"
	"fmt"
	"iter"
	"maps"
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
	data   []byte
	format spreadsheet.Format

	header      []string
	headerFound bool
	index       map[string]int // column number by key; nil outside a table with the header
	table       int            // number of the table that index belongs to
	sheet       string         // name of the current sheet of a workbook
	sheets      []string       // names of the sheets with rows so far

	// The search for the header.
	searched  int      // rows searched
	closest   []string // the row most similar to the header
	score     int      // similarity of closest
	ambiguous error    // set if a name matches several columns of closest
}

// rows yields the rows below the header. It passes over blank rows, repeated headers, and tables
// without the header, but each sheet of a workbook must have it. An error has its status code and ends
// the sequence.
func (t *tableReader) rows(rows iter.Seq2[spreadsheet.Row, error]) iter.Seq2[tableRow, error] {
	return func(yield func(tableRow, error) bool) {
		for row, err := range rows {
			if err != nil {
				yield(tableRow{}, t.fileError(err))
				return
			}
			if row.Number < t.headerRow || row.Problem == "" && len(row.CellProblems) == 0 && isBlank(row.Cells) {
				continue
			}
			if row.Table != t.table {
				if err := t.nextTable(row); err != nil {
					yield(tableRow{}, err)
					return
				}
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
			if !yield(t.newRow(row), nil) {
				return
			}
		}
		if err := t.checkSheets(); err != nil {
			yield(tableRow{}, err)
		}
	}
}

// nextTable begins the table of row.
func (t *tableReader) nextTable(row spreadsheet.Row) error {
	if row.Sheet != "" {
		if len(t.sheets) > 0 && !t.headerFound {
			return t.noHeader()
		}
		t.sheet, t.sheets = row.Sheet, append(t.sheets, row.Sheet)
		t.headerFound, t.searched, t.closest = false, 0, nil
	}
	t.index, t.table = nil, row.Table
	return nil
}

// checkSheets checks at the end of the file that the header was found, in each sheet that the options
// name.
func (t *tableReader) checkSheets() error {
	if !t.headerFound {
		return t.noHeader()
	}
	for _, name := range t.file.Sheets {
		if name != spreadsheet.AllSheets && len(t.sheets) > 0 && !slices.Contains(t.sheets, name) {
			return unexpected("%s: sheet %q is empty", t.origin, truncate(name, 50))
		}
	}
	return nil
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

// noHeader is the error for a response without the header. It names the columns that are missing from
// the most similar row, and what is there instead.
func (t *tableReader) noHeader() error {
	where, otherSheets := t.origin, ""
	if names := spreadsheet.SheetNames(t.data, t.format); names != "" {
		if t.sheet != "" {
			where += fmt.Sprintf(": sheet %q", truncate(t.sheet, 50))
		}
		otherSheets = "; the sheets of the workbook are " + truncate(names, 300) + " (option sheet)"
	}
	switch {
	case t.closest == nil:
		return unexpected("%s contains no table with rows; expected a header with %s%s", where, t.requiredNames(), otherSheets)
	case t.ambiguous != nil:
		return unexpected("%s: %v; the header is %s", where, t.ambiguous, joinCells(t.closest))
	}
	index, _ := findColumns(t.columns, t.closest)
	missing, required := t.missingColumns(index), 0
	for _, c := range t.columns {
		if c.required {
			required++
		}
	}
	if 2*len(missing) > required {
		return unexpected("%s has no header with %s; the most similar row is %s%s",
			where, t.requiredNames(), joinCells(t.closest), otherSheets)
	}
	var unused []string
	for i, cell := range t.closest {
		if cell = cleanText(cell); cell != "" && !slices.Contains(slices.Collect(maps.Values(index)), i) {
			unused = append(unused, cell)
		}
	}
	instead := "all of its other columns are in use"
	if len(unused) > 0 {
		instead = "its columns that no option names are " + joinCells(unused)
	}
	return unexpected("%s has no column %s; %s; the header is %s", where, truncate(strings.Join(missing, ", "), 300), instead, joinCells(t.closest))
}

// missingColumns describes the required columns that are not in index.
func (t *tableReader) missingColumns(index map[string]int) []string {
	var missing []string
	for _, c := range t.columns {
		if _, ok := index[c.key]; c.required && !ok && !slices.Contains(missing, c.describe()) {
			missing = append(missing, c.describe())
		}
	}
	return missing
}

func (t *tableReader) requiredNames() string {
	var names []string
	for _, c := range t.columns {
		if c.required && !slices.Contains(names, c.names[0]) {
			names = append(names, c.names[0])
		}
	}
	return truncate(strings.Join(names, ", "), 500)
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
