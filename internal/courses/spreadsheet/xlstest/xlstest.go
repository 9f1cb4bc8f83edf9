// Package xlstest writes small .xls files (BIFF8) for tests, whole ones and broken ones. No program but a test should need it:
// who has a choice writes .xlsx.
package xlstest

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf16"
)

// File is a workbook of one sheet named Sheet1. Cells are strings, which go to the shared table, or float64; nil is no cell.
func File(rows [][]any) []byte { return Container(Stream(rows)) }

// Text is [File] for rows of strings.
func Text(rows [][]string) []byte {
	cells := make([][]any, len(rows))
	for i, row := range rows {
		for _, c := range row {
			cells[i] = append(cells[i], c)
		}
	}
	return File(cells)
}

// Stream is the workbook without its container.
func Stream(rows [][]any) []byte {
	var table []string
	index := map[string]uint32{}
	var sheet []byte
	for r, row := range rows {
		for c, cell := range row {
			head := Cell(r, c)
			switch v := cell.(type) {
			case nil:
			case float64:
				sheet = append(sheet, Record(0x0203, head, le64(math.Float64bits(v)))...)
			case string:
				if _, ok := index[v]; !ok {
					index[v] = uint32(len(table))
					table = append(table, v)
				}
				sheet = append(sheet, Record(0x00FD, head, Le32(index[v]))...)
			default:
				panic(fmt.Sprintf("xlstest: cell of type %T", cell))
			}
		}
	}
	return Workbook(Strings(table, maxBody), sheet)
}

// Workbook puts records of the globals and of the one sheet together.
func Workbook(globals, sheet []byte) []byte {
	bof := func(kind uint16) []byte {
		return Record(0x0809, Le16(0x0600), Le16(kind), make([]byte, 12))
	}
	const name = "Sheet1"
	before := bof(0x0005)
	bound := 4 + 8 + len(name) // of the record that says where the sheet begins
	at := len(before) + bound + len(globals) + 4
	stream := append(before, Record(0x0085, Le32(uint32(at)), []byte{0, 0, byte(len(name)), 0}, []byte(name))...)
	stream = append(stream, globals...)
	stream = append(stream, Record(0x000A)...)
	stream = append(stream, bof(0x0010)...)
	stream = append(stream, sheet...)
	return append(stream, Record(0x000A)...)
}

const maxBody = 8224 // of a record

// Record is one record.
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

// Cell is the head of a cell's record.
func Cell(row, column int) []byte {
	return append(append(Le16(uint16(row)), Le16(uint16(column))...), 0, 0)
}

// Strings is the shared table, in records of at most so many bytes: a string that does not fit goes on in the next one.
func Strings(table []string, most int) []byte {
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
		if most-len(body) < 3 {
			flush()
		}
		body = append(append(body, Le16(uint16(len(units)))...), wide)
		for _, u := range units {
			if most-len(body) < 2 {
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

// Container wraps a workbook's stream as an OLE2 file with sectors of 512 bytes.
func Container(stream []byte) []byte {
	const (
		sector     = 512
		endOfChain = 0xFFFFFFFE
		fatSector  = 0xFFFFFFFD
		free       = 0xFFFFFFFF
	)
	for len(stream) < 4096 || len(stream)%sector != 0 { // smaller streams are kept in another way
		stream = append(stream, 0)
	}
	data := len(stream) / sector
	fats := 1
	for fats*(sector/4) < fats+1+data {
		fats++
	}
	if fats > 109 {
		panic("xlstest: more than 7 MB")
	}
	header := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 16)...)
	for _, v := range []uint16{0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0} {
		header = append(header, Le16(v)...)
	}
	for _, v := range []uint32{0, uint32(fats), uint32(fats), 0, 4096, endOfChain, 0, endOfChain, 0} {
		header = append(header, Le32(v)...)
	}
	for i := range 109 {
		v := uint32(free)
		if i < fats {
			v = uint32(i)
		}
		header = append(header, Le32(v)...)
	}
	var fat []byte
	for range fats {
		fat = append(fat, Le32(fatSector)...)
	}
	fat = append(fat, Le32(endOfChain)...)
	for i := range data {
		next := uint32(fats + 1 + i + 1)
		if i == data-1 {
			next = endOfChain
		}
		fat = append(fat, Le32(next)...)
	}
	for len(fat) < fats*sector {
		fat = append(fat, Le32(free)...)
	}
	file := append(header, fat...)
	file = append(file, entry("Root Entry", 5, 1, endOfChain, 0)...)
	file = append(file, entry("Workbook", 2, free, uint32(fats+1), uint64(len(stream)))...)
	for range 2 {
		file = append(file, entry("", 0, free, 0, 0)...)
	}
	return append(file, stream...)
}

// entry is one of the container's directory.
func entry(name string, kind byte, child, start uint32, size uint64) []byte {
	e := make([]byte, 128)
	units := utf16.Encode([]rune(name))
	for i, u := range units {
		binary.LittleEndian.PutUint16(e[2*i:], u)
	}
	if name != "" {
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(units)+2))
	}
	e[66], e[67] = kind, 1
	binary.LittleEndian.PutUint32(e[68:], 0xFFFFFFFF)
	binary.LittleEndian.PutUint32(e[72:], 0xFFFFFFFF)
	binary.LittleEndian.PutUint32(e[76:], child)
	binary.LittleEndian.PutUint32(e[116:], start)
	binary.LittleEndian.PutUint64(e[120:], size)
	return e
}

// Le16 and Le32 are numbers as the file holds them.
func Le16(v uint16) []byte { return binary.LittleEndian.AppendUint16(nil, v) }

// Le32 is a number of four bytes.
func Le32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

func le64(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }
