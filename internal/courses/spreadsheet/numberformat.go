package spreadsheet

import (
	"math"
	"strconv"

	"github.com/xuri/excelize/v2"
)

// numberFormats gives the numbers of an .xls file the text that Excel shows: a course code 101 in the
// format 00000 is 00101. excelize applies the formats, so that a list reads the same in both of Excel's
// file formats.
type numberFormats struct {
	cellFormats []uint16          // the number format of each cell format
	custom      map[uint16]string // number formats that the file defines
	date1904    bool              // whether days count from 1904

	book   *excelize.File
	styles map[uint16]int // style in book by number format; -1 if it has none
	texts  map[formattedNumber]string
}

type formattedNumber struct {
	format uint16
	value  float64
}

const (
	formatGeneral = 0
	formatText    = 49
	// maxTexts bounds the memory for texts that were formatted before.
	maxTexts = 10_000
)

// readFormat reads a number format ([MS-XLS] 2.4.126).
func (n *numberFormats) readFormat(body []byte) {
	if len(body) < 5 {
		return
	}
	r := stringReader{parts: [][]byte{body[4:]}}
	code, err := r.chars(int(le16(body[2:])))
	if err != nil {
		return
	}
	if n.custom == nil {
		n.custom = map[uint16]string{}
	}
	n.custom[le16(body)] = code
}

// text returns the text of a number in a cell format.
func (n *numberFormats) text(cellFormat int, value float64) string {
	format := uint16(formatGeneral)
	if cellFormat < len(n.cellFormats) {
		format = n.cellFormats[cellFormat]
	}
	code, isCustom := n.custom[format]
	if format == formatText || code == "General" || format == formatGeneral && !isCustom ||
		math.IsNaN(value) || math.IsInf(value, 0) {
		return formatNumber(value)
	}
	key := formattedNumber{format, value}
	text, known := n.texts[key]
	if !known {
		text = n.apply(format, code, value)
		if n.texts == nil || len(n.texts) == maxTexts {
			n.texts = map[formattedNumber]string{}
		}
		n.texts[key] = text
	}
	return text
}

// apply formats a number in a cell of an empty workbook.
func (n *numberFormats) apply(format uint16, code string, value float64) string {
	const sheet, cell = "Sheet1", "A1"
	if n.book == nil {
		n.book, n.styles = excelize.NewFile(), map[uint16]int{}
		if err := n.book.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &n.date1904}); err != nil {
			return formatNumber(value)
		}
	}
	style, known := n.styles[format]
	if !known {
		o := &excelize.Style{NumFmt: int(format)}
		if code != "" {
			o = &excelize.Style{CustomNumFmt: &code}
		}
		var err error
		if style, err = n.book.NewStyle(o); err != nil {
			style = -1
		}
		n.styles[format] = style
	}
	if style < 0 || n.book.SetCellStyle(sheet, cell, cell, style) != nil || n.book.SetCellFloat(sheet, cell, value, -1, 64) != nil {
		return formatNumber(value)
	}
	text, err := n.book.GetCellValue(sheet, cell)
	if err != nil {
		return formatNumber(value)
	}
	return text
}

func (n *numberFormats) close() {
	if n.book != nil {
		n.book.Close()
	}
}

// formatNumber formats a number with the 15 digits that Excel calculates with, without an exponent.
func formatNumber(f float64) string {
	if rounded, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64); err == nil {
		f = rounded
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
