// Package spreadsheet reads the rows of a table out of the files that schools hand out: Excel's .xls and .xlsx, CSV, and HTML
// pages (which many schools serve under the name of .xls).
//
// A file is read row by row: beside the file itself only its string table and the row in hand are in memory. Every cell is
// text, as it stands in the file; what a cell means is the caller's business.
//
// Input is hostile by default. A reader never panics, never allocates by a number that the file claims, and tells
// a damaged file ([ErrCorrupt]) from one that is whole but of a kind that is not read here ([ErrUnsupported]).
package spreadsheet

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"unicode/utf8"
)

// Row is one row of a table.
type Row struct {
	// Number counts from 1 as a person counts in the file: rows of a sheet, lines of a CSV file, <tr> elements of a page.
	Number int
	// Table counts from 1. Workbooks and CSV files have one, a page has as many as it has <table> elements with rows.
	Table int
	// Cells from the left, empty ones as "". Rows may differ in length. Valid only until the next row is read.
	Cells []string
}

// Errors that a reader's errors wrap.
var (
	// ErrCorrupt says that the file is damaged: cut off, or not what it says it is.
	ErrCorrupt = errors.New("damaged file")
	// ErrUnsupported says that the file is whole but of a kind that is not read here, for instance encrypted.
	ErrUnsupported = errors.New("unsupported file")
	// ErrTooLarge says that the file unpacks to more than the bound.
	ErrTooLarge = errors.New("file unpacks to too much")
)

// Format is a kind of file.
type Format string

// The formats that are read.
const (
	XLS  Format = "xls"  // Excel 97 to 2003, BIFF8
	XLSX Format = "xlsx" // Excel 2007 and later
	CSV  Format = "csv"  // text with a delimiter
	HTML Format = "html" // <table> elements of a page
)

// Options say how to read a file. The zero value detects everything.
type Options struct {
	// Charset of CSV and HTML by its web name, for instance "euc-kr". "" detects: UTF-8 or UTF-16 by their marks, UTF-8 when
	// the bytes are valid UTF-8, else EUC-KR (with Microsoft's extension). What a page says of itself is ignored: schools'
	// pages are wrong about it.
	Charset string
	// Delimiter of CSV; 0 detects comma, semicolon, tab or bar.
	Delimiter rune
	// Sheet is the name of a workbook's sheet; "" is the first visible one.
	Sheet string
	// MaxUnpacked bounds what an XLSX file may unpack to, in bytes; 0 is 128 MiB.
	MaxUnpacked int64
}

// Detect tells the format of a file by its first bytes, "" when it is none that is read here.
func Detect(data []byte) Format {
	head := data[:min(len(data), 1024)]
	switch {
	case bytes.HasPrefix(head, []byte(oleMagic)):
		return XLS
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return XLSX
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case len(text) > 0 && text[0] == '<' && looksHTML(head):
		return HTML
	case len(text) > 0 && IsText(data):
		return CSV
	}
	return ""
}

// looksHTML tells a page from a CSV file whose title stands in angle brackets.
func looksHTML(head []byte) bool {
	head = bytes.ToLower(head)
	for _, tag := range []string{"<!doctype", "<html", "<head", "<meta", "<body", "<title", "<script", "<table", "<div"} {
		if bytes.Contains(head, []byte(tag)) {
			return true
		}
	}
	return false
}

// IsText tells text in any of the charsets that are read here from binary data, by its first 4 KiB.
func IsText(data []byte) bool {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return true // UTF-16
	}
	head := data[:min(len(data), 4096)]
	strange, high := 0, 0
	for _, b := range head {
		switch {
		case b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f', b == 0x7f:
			strange++
		case b >= 0x80:
			high++
		}
	}
	if strange > 0 {
		return false
	}
	// Characters of EUC-KR come in pairs of high bytes, so undecodable ones betray noise.
	return high == 0 || startsValid(head) || undecodable(head)*50 < len(head)
}

// startsValid says whether head is UTF-8 that may be cut within its last character.
func startsValid(head []byte) bool {
	for cut := range min(len(head), utf8.UTFMax) {
		if utf8.Valid(head[:len(head)-cut]) {
			return true
		}
	}
	return false
}

// Rows reads the rows of a file. The sequence ends after the first error.
func Rows(data []byte, format Format, o Options) iter.Seq2[Row, error] {
	switch format {
	case XLS:
		return guard("xls", readXLS(data, o))
	case XLSX:
		return guard("xlsx", readXLSX(data, o))
	case CSV:
		return readCSV(data, o)
	case HTML:
		return readHTML(data, o)
	}
	return fail(fmt.Errorf("format %q: %w", string(format), ErrUnsupported))
}

// guard turns a panic of a library that meets a file made to break it into an error of the file. A panic of the caller's own loop
// body passes.
func guard(what string, rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		inside, done := true, false
		defer func() {
			if !inside || done {
				return
			}
			if p := recover(); p != nil {
				inside = false
				yield(Row{}, fmt.Errorf("%s: the reader gave up on it (%v): %w", what, p, ErrCorrupt))
			}
		}()
		rows(func(r Row, err error) bool {
			inside = false
			more := yield(r, err)
			inside = true
			done = !more
			return more
		})
		done = true
	}
}

func fail(err error) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) { yield(Row{}, err) }
}

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrCorrupt)
}
