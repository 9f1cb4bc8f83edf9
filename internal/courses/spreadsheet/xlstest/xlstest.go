// Package xlstest writes small .xls files (BIFF8) for tests, both valid and broken ones. Its functions
// build a file from the inside out: records ([Record], [CellHeader], [SharedStrings]), the workbook
// stream ([Workbook]), and the OLE2 container ([Container]). [FromStrings] does it all.
package xlstest

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf16"
)

// FromStrings returns a file whose only sheet, Sheet1, has the given cells.
func FromStrings(rows [][]string) []byte {
	cells := make([][]any, len(rows))
	for i, row := range rows {
		for _, c := range row {
			cells[i] = append(cells[i], c)
		}
	}
	return Container(Stream(cells))
}

// Stream returns the workbook stream, without the container, of a file whose only sheet has the given
// cells. A cell is a string, a float64, or nil for none.
func Stream(rows [][]any) []byte {
	var table []string
	index := map[string]uint32{}
	var sheet []byte
	for r, row := range rows {
		for c, cell := range row {
			header := CellHeader(r, c)
			switch v := cell.(type) {
			case nil:
			case float64:
				sheet = append(sheet, Record(0x0203, header, le64(math.Float64bits(v)))...)
			case string:
				if _, ok := index[v]; !ok {
					index[v] = uint32(len(table))
					table = append(table, v)
				}
				sheet = append(sheet, Record(0x00FD, header, Le32(index[v]))...)
			default:
				panic(fmt.Sprintf("xlstest: cannot write a cell of type %T", cell))
			}
		}
	}
	return Workbook(SharedStrings(table, maxBodySize), sheet)
}

// Workbook joins the records of the globals and of the only sheet to a workbook stream.
func Workbook(globals, sheet []byte) []byte {
	bof := func(kind uint16) []byte {
		return Record(0x0809, Le16(0x0600), Le16(kind), make([]byte, 12))
	}
	const name = "Sheet1"
	before := bof(0x0005)
	boundSheetSize := 4 + 8 + len(name) // of the record with the sheet's offset
	offset := len(before) + boundSheetSize + len(globals) + 4
	stream := append(before, Record(0x0085, Le32(uint32(offset)), []byte{0, 0, byte(len(name)), 0}, []byte(name))...)
	stream = append(stream, globals...)
	stream = append(stream, Record(0x000A)...)
	stream = append(stream, bof(0x0010)...)
	stream = append(stream, sheet...)
	return append(stream, Record(0x000A)...)
}

// maxBodySize is the format's limit for the body of a record.
const maxBodySize = 8224

// Record returns a record of type id.
func Record(id uint16, body ...[]byte) []byte {
	size := 0
	for _, b := range body {
		size += len(b)
	}
	rec := append(Le16(id), Le16(uint16(size))...)
	for _, b := range body {
		rec = append(rec, b...)
	}
	return rec
}

// CellHeader returns the first bytes of a cell's record.
func CellHeader(row, column int) []byte {
	return append(append(Le16(uint16(row)), Le16(uint16(column))...), 0, 0)
}

// SharedStrings returns the table of shared strings, split into records with bodies of up to maxSize
// bytes. A string that does not fit continues in the next record.
func SharedStrings(table []string, maxSize int) []byte {
	var records, body []byte
	id := uint16(0x00FC)
	flush := func() {
		records = append(records, Record(id, body)...)
		id, body = 0x003C, nil
	}
	body = append(Le32(uint32(len(table))), Le32(uint32(len(table)))...)
	for _, s := range table {
		units := utf16.Encode([]rune(s))
		wide := byte(0)
		for _, u := range units {
			if u > 0xFF {
				wide = 1
			}
		}
		if maxSize-len(body) < 3 {
			flush()
		}
		body = append(append(body, Le16(uint16(len(units)))...), wide)
		for _, u := range units {
			if maxSize-len(body) < 2 {
				flush()
				body = append(body, wide)
			}
			body = append(body, byte(u))
			if wide == 1 {
				body = append(body, byte(u>>8))
			}
		}
	}
	flush()
	return records
}

// Le16 encodes a number in two bytes.
func Le16(v uint16) []byte { return binary.LittleEndian.AppendUint16(nil, v) }

// Le32 encodes a number in four bytes.
func Le32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

func le64(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }
