package courses

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"heek.kr/heektime/internal/courses/spreadsheet"
)

// tableRow is one row below the header.
type tableRow struct {
	number  int
	sheet   string // name of the workbook's sheet, or ""
	index   map[string]int
	cells   []string
	header  []string
	links   map[int]string
	format  spreadsheet.Format
	problem string // why the row, or a cell that the adapter reads, is uncertain; or ""
	broken  bool   // whether the whole row is
	skipped bool   // whether it is probably not the row's own fault, or not a lecture
}

// newRow returns a row of the file as a row of the table.
func (t *tableReader) newRow(row spreadsheet.Row) tableRow {
	r := tableRow{
		number: row.Number, sheet: row.Sheet, index: t.index, cells: row.Cells, header: t.header,
		links: row.Links, format: t.format,
	}
	switch problem := r.rowProblem(row); {
	case problem != "":
		r.problem, r.broken = problem, true
	case row.Neighbor:
		r.problem = "the line next to it has too few cells: it may be the other half of this row"
		r.broken, r.skipped = true, true
	case r.isHeading():
		r.problem, r.broken, r.skipped = "all of its cells have the same text: it is a heading", true, true
	default:
		r.problem = r.cellProblem(row)
	}
	return r
}

// isHeading reports whether all cells that the adapter reads have the same text, because they are one
// merged cell.
func (row tableRow) isHeading() bool {
	columns := map[int]bool{}
	text := ""
	for key, column := range row.index {
		columns[column] = true
		switch cell := row.text(key); {
		case cell == "" || text != "" && cell != text:
			return false
		default:
			text = cell
		}
	}
	return len(columns) > 2
}

// rowProblem returns why it is uncertain which cell belongs to which column, or "".
func (row tableRow) rowProblem(r spreadsheet.Row) string {
	if r.Problem != "" || row.format != spreadsheet.CSV {
		return r.Problem
	}
	named := len(row.header)
	for named > 0 && cleanText(row.header[named-1]) == "" {
		named--
	}
	switch {
	case len(r.Cells) > max(len(row.header), r.Width) || len(r.Cells) > len(row.header) && !isBlank(r.Cells[len(row.header):]):
		return fmt.Sprintf("it has %d cells, the header %d: a delimiter in a cell may lack quotes", len(r.Cells), len(row.header))
	case len(r.Cells) < named:
		return fmt.Sprintf("it has %d cells, the header %d: it may be cut off", len(r.Cells), len(row.header))
	}
	return ""
}

// cellProblem returns why a cell that the adapter reads is uncertain, or "".
func (row tableRow) cellProblem(r spreadsheet.Row) string {
	columns := make([]int, 0, len(row.index))
	for _, i := range row.index {
		columns = append(columns, i)
	}
	slices.Sort(columns)
	for _, i := range slices.Compact(columns) {
		if problem := r.CellProblems[i]; problem != "" {
			return row.where(i) + " is " + problem
		}
		if i >= len(r.Cells) {
			continue
		}
		switch cell := r.Cells[i]; {
		case errorValue.MatchString(cell):
			return fmt.Sprintf("%s has the error %s", row.where(i), strings.TrimSpace(cell))
		case strings.Contains(cell, "\uFFFD"):
			problem := fmt.Sprintf("%s, %q, has characters that are invalid in the file's charset", row.where(i), truncate(cell, 30))
			if r.InvalidByte != "" {
				problem += ": " + r.InvalidByte
			}
			return problem
		}
	}
	return ""
}

// errorValue matches what spreadsheet programs show instead of the result of a formula, or of a number
// that does not fit into its cell.
var errorValue = regexp.MustCompile(`^\s*(?:#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|SPILL!|CALC!)|Err:\d+|#{3,})\s*$`)

// text returns the clean text of a cell, or "" if the table does not have the column.
func (row tableRow) text(key string) string { return cleanText(row.raw(key)) }

// raw returns a cell as it is in the file, with its line breaks.
func (row tableRow) raw(key string) string {
	if i, ok := row.index[key]; ok && i < len(row.cells) {
		return row.cells[i]
	}
	return ""
}

// link returns the URL that a cell links to, or "".
func (row tableRow) link(key string) string {
	if i, ok := row.index[key]; ok {
		return row.links[i]
	}
	return ""
}

// where names a cell for a person: "H17 (강의시간)" in a workbook, "강의시간 (column 8)" elsewhere.
func (row tableRow) where(column int) string {
	header := ""
	if column < len(row.header) {
		header = truncate(cleanText(row.header[column]), 30)
	}
	switch {
	case row.sheet != "":
		if name, err := excelize.CoordinatesToCellName(column+1, row.number); err == nil {
			return fmt.Sprintf("%s (%s)", name, header)
		}
	case row.format == spreadsheet.JSON:
		return "field " + header
	}
	return fmt.Sprintf("%s (column %d)", header, column+1)
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
