package spreadsheet

import (
	"encoding/binary"
	"math"
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
	numbers *numberFormats
	table   int
	name    string // of the sheet
	merged  *mergedCells
	yield   func(Row, error) bool

	cells   []string
	unknown map[int]string // problems of the row's cells by column
	row     int            // number of the current row from 0; -1 before the first
	formula int            // column of a formula whose text is in the next record; -1 if none
	stopped bool           // whether yield returned false
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
	return s.readCell(column, int(le16(b[4:])), rec.id, b[cellHeaderSize:])
}

// readCell reads the value of one cell. format is the number of its format.
func (s *sheetReader) readCell(column, format int, id uint16, value []byte) error {
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
		return s.setCell(column, s.numbers.text(format, float64At(value)))
	case recRK:
		return s.setCell(column, s.numbers.text(format, decodeRK(le32(value))))
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
		return s.setFormulaResult(column, format, value)
	}
}

// minValueSize returns how many bytes a cell record has at least after its header.
func minValueSize(id uint16) int {
	switch id {
	case recFormula:
		return 10
	case recNumber:
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
		if err := s.setCell(column, s.numbers.text(int(le16(cells)), decodeRK(le32(cells[2:])))); err != nil {
			return err
		}
		column++
	}
	return nil
}

// setFormulaResult sets a cell to the last result of its formula ([MS-XLS] 2.4.127 and 2.5.133). Programs
// that write formulas without calculating them store 0 and set the flag fAlwaysCalc.
func (s *sheetReader) setFormulaResult(column, format int, value []byte) error {
	const alwaysCalculate = 1
	if value[6] != 0xFF || value[7] != 0xFF {
		f := float64At(value)
		if f == 0 && le16(value[8:])&alwaysCalculate != 0 {
			s.unknown = with(s.unknown, column, noResult)
		}
		return s.setCell(column, s.numbers.text(format, f))
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
	if s.row < 0 {
		return
	}
	row := Row{Number: s.row + 1, Table: s.table, Sheet: s.name, Cells: s.cells, CellProblems: s.unknown}
	s.merged.fill(&row)
	s.stopped = !s.yield(row, nil)
	s.cells, s.unknown = row.Cells[:0], nil
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

// formatBool formats a boolean, or an error, as Excel shows it.
func formatBool(value byte, isError bool) string {
	switch {
	case isError && errorValues[value] != "":
		return errorValues[value]
	case isError:
		return "#N/A"
	case value != 0:
		return "TRUE"
	}
	return "FALSE"
}

// errorValues are the texts of error values ([MS-XLS] 2.5.10).
var errorValues = map[byte]string{
	0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}

// mergedRanges reads the merged cells of a sheet ([MS-XLS] 2.4.168), which follow its cells.
func mergedRanges(r recordReader) ([]cellRange, error) {
	var ranges []cellRange
	for depth := 0; ; {
		rec, err := r.next()
		if err != nil {
			return nil, err
		}
		switch rec.id {
		case recBOF:
			depth++
		case recEOF:
			if depth--; depth <= 0 {
				return ranges, nil
			}
		case recMergeCells:
			if len(rec.body) < 2 {
				return nil, corrupt("xls: the list of merged cells is cut off")
			}
			body := rec.body[2:]
			for n := int(le16(rec.body)); n > 0; n-- {
				if len(body) < 8 {
					return nil, corrupt("xls: the list of merged cells is cut off")
				}
				ranges = append(ranges, cellRange{
					row: int(le16(body)), lastRow: int(le16(body[2:])),
					column: int(le16(body[4:])), lastColumn: int(le16(body[6:])),
				})
				body = body[8:]
			}
		}
	}
}
