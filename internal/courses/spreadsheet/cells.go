package spreadsheet

import (
	"encoding/binary"
	"math"
	"strconv"
)

const (
	maxColumnXLS = 256 // of the file format
	cellHead     = 6   // row, column and format of a cell, two bytes each
)

// sheetReader reads the cells of a sheet ([MS-XLS] 2.1.7.20.5) and gives them row by row. Cells have to be in the order
// of their rows, as every known program writes them.
type sheetReader struct {
	records
	strings []string
	yield   func(Row, error) bool

	cells   []string
	row     int  // of the cells in hand, from 0; -1 before the first
	formula int  // column of a formula whose text follows, -1 if none
	stopped bool // the caller has enough
}

func (s *sheetReader) read() error {
	s.row, s.formula = -1, -1
	depth := 0
	for !s.stopped {
		rec, err := s.next()
		if err != nil {
			return err
		}
		switch {
		case rec.id == recBOF:
			depth++
		case depth == 0:
			return corrupt("xls: there is no sheet where it should begin")
		case rec.id == recEOF:
			if depth--; depth == 0 {
				s.flush()
				return nil
			}
		case depth == 1: // a chart within the sheet is deeper
			if err := s.cell(rec); err != nil {
				return err
			}
		}
	}
	return nil
}

// cell takes one record with one cell or several.
func (s *sheetReader) cell(rec record) error {
	b := rec.body
	switch rec.id {
	case recLabelSST, recNumber, recRK, recLabel, recRString, recBoolErr, recFormula, recMulRK:
		if len(b) < cellHead {
			return corrupt("xls: cell record %#04x of %d bytes", rec.id, len(b))
		}
	case recString:
		return s.formulaText(b)
	default:
		return nil
	}
	row, column := int(le16(b)), int(le16(b[2:]))
	if err := s.enter(row); err != nil || s.stopped {
		return err
	}
	s.formula = -1
	rest := b[cellHead:]
	short := func(n int) bool { return len(rest) < n }
	switch rec.id {
	case recLabelSST:
		if short(4) {
			break
		}
		i := le32(rest)
		if int(i) >= len(s.strings) {
			return corrupt("xls: row %d refers to string %d of %d", row+1, i, len(s.strings))
		}
		return s.put(column, s.strings[i])
	case recNumber:
		if short(8) {
			break
		}
		return s.put(column, number(math.Float64frombits(binary.LittleEndian.Uint64(rest))))
	case recRK:
		if short(4) {
			break
		}
		return s.put(column, number(rk(le32(rest))))
	case recMulRK:
		// Row, first column, then a format and a number for each cell, then the last column.
		for cells := b[4 : len(b)-2]; len(cells) >= 6; cells = cells[6:] {
			if err := s.put(column, number(rk(le32(cells[2:])))); err != nil {
				return err
			}
			column++
		}
		return nil
	case recLabel, recRString:
		if short(3) {
			break
		}
		r := stringReader{parts: [][]byte{rest[2:]}}
		text, err := r.chars(int(le16(rest)))
		if err != nil {
			break
		}
		return s.put(column, text)
	case recBoolErr:
		if short(2) {
			break
		}
		return s.put(column, boolean(rest[0], rest[1] != 0))
	case recFormula:
		if short(8) {
			break
		}
		return s.result(column, rest[:8])
	}
	return corrupt("xls: row %d: cell record %#04x is cut off", row+1, rec.id)
}

// result takes the last result of a formula ([MS-XLS] 2.5.133).
func (s *sheetReader) result(column int, value []byte) error {
	if value[6] != 0xFF || value[7] != 0xFF {
		return s.put(column, number(math.Float64frombits(binary.LittleEndian.Uint64(value))))
	}
	switch value[0] {
	case 0: // text, in a record of its own that follows
		s.formula = column
		return nil
	case 1, 2:
		return s.put(column, boolean(value[2], value[0] == 2))
	}
	return s.put(column, "")
}

func (s *sheetReader) formulaText(body []byte) error {
	if s.formula < 0 || len(body) < 3 {
		return nil
	}
	column := s.formula
	s.formula = -1
	parts := [][]byte{body[2:]}
	for s.peek() == recContinue {
		next, err := s.next()
		if err != nil {
			return err
		}
		parts = append(parts, next.body)
	}
	r := stringReader{parts: parts}
	text, err := r.chars(int(le16(body)))
	if err != nil {
		return corrupt("xls: row %d: the text of a formula is cut off", s.row+1)
	}
	return s.put(column, text)
}

// enter gives the row in hand to the caller when another begins.
func (s *sheetReader) enter(row int) error {
	if row == s.row {
		return nil
	}
	if row < s.row {
		return corrupt("xls: row %d stands behind row %d", row+1, s.row+1)
	}
	s.flush()
	s.row = row
	return nil
}

func (s *sheetReader) flush() {
	if s.row >= 0 && !s.yield(Row{Number: s.row + 1, Table: 1, Cells: s.cells}, nil) {
		s.stopped = true
	}
	s.cells = s.cells[:0]
}

func (s *sheetReader) put(column int, text string) error {
	if column >= maxColumnXLS {
		return corrupt("xls: row %d has a column %d", s.row+1, column+1)
	}
	for len(s.cells) <= column {
		s.cells = append(s.cells, "")
	}
	s.cells[column] = text
	return nil
}

// rk unpacks a number of 30 bits ([MS-XLS] 2.5.217).
func rk(v uint32) float64 {
	var f float64
	if v&2 != 0 {
		f = float64(int32(v) >> 2)
	} else {
		f = math.Float64frombits(uint64(v&^3) << 32)
	}
	if v&1 != 0 {
		f /= 100
	}
	return f
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// boolean is a truth value as Excel shows it; an error value is shown empty.
func boolean(value byte, isError bool) string {
	switch {
	case isError:
		return ""
	case value != 0:
		return "TRUE"
	}
	return "FALSE"
}
