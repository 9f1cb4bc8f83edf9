package spreadsheet

import (
	"encoding/binary"
	"math"
	"strconv"
)

const (
	maxColumnsXLS  = 256 // the format's limit
	cellHeaderSize = 6   // row, column and format of a cell, two bytes each
)

// sheetReader reads the cells of a sheet ([MS-XLS] 2.1.7.20.5) and yields them row by row. Cells must
// be in the order of their rows, as every known program writes them.
type sheetReader struct {
	recordReader
	strings []string
	yield   func(Row, error) bool

	cells   []string
	row     int  // number of the current row from 0; -1 before the first
	formula int  // column of a formula whose text is in the next record; -1 if none
	stopped bool // whether yield returned false
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
			return corrupt("xls: no sheet at the offset given for it")
		case rec.id == recEOF:
			if depth--; depth == 0 {
				s.flush()
				return nil
			}
		case depth == 1: // a chart within the sheet is deeper
			if err := s.readCells(rec); err != nil {
				return err
			}
		}
	}
	return nil
}

// readCells reads a record with one or more cells. It ignores other records.
func (s *sheetReader) readCells(rec record) error {
	b := rec.body
	switch rec.id {
	case recLabelSST, recNumber, recRK, recLabel, recRString, recBoolErr, recFormula, recMulRK:
		if len(b) < cellHeaderSize {
			return corrupt("xls: cell record %#04x of %d bytes is too short", rec.id, len(b))
		}
	case recString:
		return s.readFormulaText(b)
	default:
		return nil
	}
	row, column := int(le16(b)), int(le16(b[2:]))
	if err := s.startRow(row); err != nil || s.stopped {
		return err
	}
	s.formula = -1
	if rec.id == recMulRK {
		return s.readNumbers(column, b)
	}
	return s.readCell(column, rec.id, b[cellHeaderSize:])
}

// readCell reads the value of one cell.
func (s *sheetReader) readCell(column int, id uint16, value []byte) error {
	if len(value) < minValueSize(id) {
		return s.cutOff(id)
	}
	switch id {
	case recLabelSST:
		i := le32(value)
		if int(i) >= len(s.strings) {
			return corrupt("xls: row %d refers to string %d of %d", s.row+1, i, len(s.strings))
		}
		return s.setCell(column, s.strings[i])
	case recNumber:
		return s.setCell(column, formatNumber(float64At(value)))
	case recRK:
		return s.setCell(column, formatNumber(decodeRK(le32(value))))
	case recLabel, recRString:
		r := stringReader{parts: [][]byte{value[2:]}}
		text, err := r.chars(int(le16(value)))
		if err != nil {
			return s.cutOff(id)
		}
		return s.setCell(column, text)
	case recBoolErr:
		return s.setCell(column, formatBool(value[0], value[1] != 0))
	default: // recFormula
		return s.setFormulaResult(column, value[:8])
	}
}

// minValueSize returns how many bytes a cell record has at least after its header.
func minValueSize(id uint16) int {
	switch id {
	case recNumber, recFormula:
		return 8
	case recLabelSST, recRK:
		return 4
	case recLabel, recRString:
		return 3
	}
	return 2 // recBoolErr
}

// readNumbers reads a MULRK record: row, first column, then a format and a number for each cell, then
// the last column.
func (s *sheetReader) readNumbers(column int, body []byte) error {
	for cells := body[4 : len(body)-2]; len(cells) >= 6; cells = cells[6:] {
		if err := s.setCell(column, formatNumber(decodeRK(le32(cells[2:])))); err != nil {
			return err
		}
		column++
	}
	return nil
}

// setFormulaResult sets a cell to the last result of its formula ([MS-XLS] 2.5.133).
func (s *sheetReader) setFormulaResult(column int, value []byte) error {
	if value[6] != 0xFF || value[7] != 0xFF {
		return s.setCell(column, formatNumber(float64At(value)))
	}
	switch value[0] {
	case 0: // text, in the next record
		s.formula = column
		return nil
	case 1, 2:
		return s.setCell(column, formatBool(value[2], value[0] == 2))
	}
	return s.setCell(column, "")
}

// readFormulaText reads the text result of the formula before.
func (s *sheetReader) readFormulaText(body []byte) error {
	if s.formula < 0 || len(body) < 3 {
		return nil
	}
	column := s.formula
	s.formula = -1
	parts, err := s.continued(body[2:])
	if err != nil {
		return err
	}
	r := stringReader{parts: parts}
	text, err := r.chars(int(le16(body)))
	if err != nil {
		return corrupt("xls: row %d: the text of a formula is cut off", s.row+1)
	}
	return s.setCell(column, text)
}

// startRow yields the current row when another one begins.
func (s *sheetReader) startRow(row int) error {
	if row == s.row {
		return nil
	}
	if row < s.row {
		return corrupt("xls: row %d comes after row %d", row+1, s.row+1)
	}
	s.flush()
	s.row = row
	return nil
}

// flush yields the current row.
func (s *sheetReader) flush() {
	if s.row >= 0 && !s.yield(Row{Number: s.row + 1, Table: 1, Cells: s.cells}, nil) {
		s.stopped = true
	}
	s.cells = s.cells[:0]
}

func (s *sheetReader) setCell(column int, text string) error {
	if column >= maxColumnsXLS {
		return corrupt("xls: row %d has a column %d", s.row+1, column+1)
	}
	for len(s.cells) <= column {
		s.cells = append(s.cells, "")
	}
	s.cells[column] = text
	return nil
}

func (s *sheetReader) cutOff(id uint16) error {
	return corrupt("xls: row %d: cell record %#04x is cut off", s.row+1, id)
}

// decodeRK decodes a number of 30 bits ([MS-XLS] 2.5.217).
func decodeRK(v uint32) float64 {
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

func float64At(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

func formatNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// formatBool formats a boolean as Excel shows it. An error value becomes "".
func formatBool(value byte, isError bool) string {
	switch {
	case isError:
		return ""
	case value != 0:
		return "TRUE"
	}
	return "FALSE"
}
