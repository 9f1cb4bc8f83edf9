package spreadsheet

import "slices"

// cellRange is a range of cells, counting from 0, with its last row and column.
type cellRange struct{ row, column, lastRow, lastColumn int }

// mergedCells repeats the cells that a workbook merged in every row and column that they cover, as
// readHTML does. Otherwise a lecture whose two meetings share one merged code would lose the second.
type mergedCells struct {
	ranges []cellRange // sorted by row, those not begun yet
	active []activeRange
}

// activeRange is a merged range that covers the current row.
type activeRange struct {
	cellRange
	text, link, problem string
}

// maxMerged bounds the merged ranges of a sheet.
const maxMerged = 200_000

func newMergedCells(ranges []cellRange) (*mergedCells, error) {
	if len(ranges) > maxMerged {
		return nil, corrupt("more than %d merged ranges", maxMerged)
	}
	slices.SortFunc(ranges, func(a, b cellRange) int { return a.row - b.row })
	return &mergedCells{ranges: ranges}, nil
}

// fill adds the merged cells to row. It must be called for rows in order.
func (m *mergedCells) fill(row *Row) {
	at := row.Number - 1
	m.active = slices.DeleteFunc(m.active, func(a activeRange) bool { return a.lastRow < at })
	for len(m.ranges) > 0 && m.ranges[0].row <= at {
		r := m.ranges[0]
		m.ranges = m.ranges[1:]
		if r.lastRow < at || r.column > r.lastColumn || r.column >= maxRowCells {
			continue
		}
		a := activeRange{cellRange: r}
		if r.row == at {
			if r.column < len(row.Cells) {
				a.text = row.Cells[r.column]
			}
			a.link, a.problem = row.Links[r.column], row.CellProblems[r.column]
		}
		m.active = append(m.active, a)
	}
	for _, a := range m.active {
		if a.text == "" && a.problem == "" {
			continue
		}
		for column := a.column; column <= min(a.lastColumn, maxRowCells-1); column++ {
			if at == a.row && column == a.column {
				continue
			}
			setCell(row, column, a.text, a.link, a.problem)
		}
	}
}

// setCell sets a cell of row, which it extends if necessary.
func setCell(row *Row, column int, text, link, problem string) {
	for len(row.Cells) <= column {
		row.Cells = append(row.Cells, "")
	}
	row.Cells[column] = text
	if link != "" {
		row.Links = with(row.Links, column, link)
	}
	if problem != "" {
		row.CellProblems = with(row.CellProblems, column, problem)
	}
}

// with sets a value of a map that may be nil.
func with(m map[int]string, key int, value string) map[int]string {
	if m == nil {
		m = map[int]string{}
	}
	m[key] = value
	return m
}
