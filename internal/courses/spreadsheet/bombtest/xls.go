package bombtest

import (
	"bytes"

	"heek.kr/heektime/internal/courses/spreadsheet/xlstest"
)

// maxXLS is the largest file that xlstest writes.
const maxXLS = 6 << 20

func xls(size int) []Bomb {
	size = max(min(size, maxXLS), 16<<10)
	repeat := func(record []byte) []byte { return bytes.Repeat(record, size/len(record)) }
	book := func(globals, sheet []byte) []byte { return xlstest.Container(xlstest.Workbook(globals, sheet)) }
	strings := func(n int) []byte { return xlstest.Record(0x00FC, xlstest.Le32(uint32(n)), xlstest.Le32(uint32(n))) }
	zeros := make([]byte, 8190)
	return []Bomb{
		{Name: "empty strings", Format: "xls", Data: func() []byte {
			return book(append(strings(size/3-1000), repeat(xlstest.Record(0x003C, zeros))...), nil)
		}},
		{Name: "a claim of many strings", Format: "xls", Data: func() []byte { return book(strings(1<<30), nil) }},
		{Name: "continued strings", Format: "xls", Data: func() []byte { return book(append(strings(1), repeat(xlstest.Record(0x003C))...), nil) }},
		{Name: "string tables", Format: "xls", Data: func() []byte { return book(repeat(strings(0)), nil) }},
		{Name: "sheets", Format: "xls", Data: func() []byte { return book(repeat(xlstest.Record(0x0085, make([]byte, 8))), nil) }},
		{Name: "cells", Format: "xls", Data: func() []byte {
			return book(nil, repeat(xlstest.Record(0x027E, xlstest.CellHeader(0, 255), xlstest.Le32(2))))
		}},
		{Name: "continued texts", Format: "xls", Data: func() []byte {
			return book(nil, append(xlstest.Record(0x0006, xlstest.CellHeader(0, 0), []byte{0, 0, 0, 0, 0, 0, 0xFF, 0xFF}), append(xlstest.Record(0x0207, []byte{0xFF, 0xFF, 0}), repeat(xlstest.Record(0x003C))...)...))
		}},
		{Name: "nested sheets", Format: "xls", Data: func() []byte { return book(nil, repeat(xlstest.Record(0x0809, make([]byte, 16)))) }},
		{Name: "empty records", Format: "xls", Data: func() []byte { return book(nil, repeat(xlstest.Record(0x0001))) }},
		{Name: "container of zeros", Format: "xls", Data: func() []byte { return append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, size)...) }},
		{Name: "container of ones", Format: "xls", Data: func() []byte { return append(xlstest.Container(nil)[:512], bytes.Repeat([]byte{0xFF}, size)...) }},
		{Name: "container that begins again", Format: "xls", Data: func() []byte { return bytes.Repeat(xlstest.Container(nil)[:512], size/512) }},
	}
}
