// Package spreadsheet reads the rows of tables from the files that schools publish: Excel's .xls and
// .xlsx, OpenDocument's .ods, CSV, JSON, and HTML pages, which many schools serve under the name .xls.
//
// [Detect] recognizes the format and [Rows] reads the file row by row. Every cell is text, as a person
// sees it in the file; interpreting it is up to the caller. A cell that spans several rows or columns
// is repeated in each of them.
//
// What a reader cannot read with certainty, it does not guess: the row or the cell says what the
// problem is, and the caller leaves it out.
//
// Input is untrusted. A reader never panics, never allocates memory according to a size that the file
// claims, takes less than 200 MB whatever the file contains (bounds.go, archive.go, xlsxcheck.go), and
// distinguishes a damaged file ([ErrCorrupt]) from an intact file of an unsupported kind
// ([ErrUnsupported]).
package spreadsheet

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Row is one row of a table.
type Row struct {
	// Number counts from 1 as people count in the file: rows of a sheet, lines of a CSV file, <tr>
	// elements of a page.
	Number int
	// Table counts from 1. CSV and JSON files have one table; a workbook has one for each sheet that is
	// read; a page has one for each <table> element with rows.
	Table int
	// Sheet is the name of the workbook's sheet, "" in other formats.
	Sheet string
	// Cells holds the cells from the left, empty ones as "". Rows may differ in length. The slice is
	// valid only until the next row is read.
	Cells []string
	// Width is the number of cells that nearly all rows of a CSV file have, 0 if they differ and in other
	// formats.
	Width int
	// Neighbor means that the line before or after has too few cells and may be the other half of this row.
	Neighbor bool
	// Problem says why the cells of this row are uncertain, "" if they are certain.
	Problem string
	// InvalidByte describes the first byte of the row that is invalid in the file's charset, if that is
	// known. Such bytes are U+FFFD in Cells.
	InvalidByte string
	// CellProblems says, by column from 0, why the value of a cell is unknown.
	CellProblems map[int]string
	// Links holds the URLs that cells link to, by column from 0.
	Links map[int]string
}

// The errors that readers wrap.
var (
	// ErrCorrupt means that the file is damaged: it is cut off or not in the format it claims to have.
	ErrCorrupt = errors.New("damaged file")
	// ErrUnsupported means that the file is intact but of an unsupported kind, for example encrypted.
	ErrUnsupported = errors.New("unsupported file")
	// ErrTooLarge means that the file exceeds a limit, possibly only when decompressed.
	ErrTooLarge = errors.New("file is too large")
)

// Format is a file format.
type Format string

// The supported formats.
const (
	XLS  Format = "xls"  // Excel 97 to 2003, BIFF8
	XLSX Format = "xlsx" // Excel 2007 and later
	CSV  Format = "csv"  // text with a delimiter
	HTML Format = "html" // <table> elements of a page
	ODS  Format = "ods"  // OpenDocument spreadsheet
	JSON Format = "json" // an array of objects
)

// Options configures a reader. The zero value detects everything.
type Options struct {
	// Charset of CSV, HTML and JSON as named by the WHATWG Encoding standard, such as "euc-kr". If empty,
	// it is detected: UTF-8 or UTF-16 by the byte order mark or the content, or EUC-KR (with Microsoft's
	// extension). Text that could be more than one of them is an error. The charset that a page declares
	// is ignored, because schools' pages declare wrong ones.
	Charset string
	// Delimiter of CSV; 0 detects comma, semicolon, tab or bar.
	Delimiter rune
	// Sheets are the names of a workbook's sheets, [AllSheets] for all visible ones; none means the first
	// visible one. Chart sheets do not count.
	Sheets []string
	// Rows is the path to the array of rows in a JSON file, and Fields are the fields to read.
	Rows   string
	Fields []string
	// MaxUncompressed bounds the uncompressed size of an XLSX or ODS file in bytes; 0 means 64 MiB.
	MaxUncompressed int64
	// Context ends the sequence of rows when it is done; nil means never. A long file takes seconds.
	Context context.Context
}

// context returns o.Context, never nil.
func (o Options) context() context.Context {
	if o.Context == nil {
		return context.Background()
	}
	return o.Context
}

// AllSheets stands for all visible sheets of a workbook.
const AllSheets = "*"

// Rows reads the rows of a file. The sequence ends after the first error.
func Rows(data []byte, format Format, o Options) iter.Seq2[Row, error] {
	return bounded(o.context(), rowsOf(data, format, o))
}

func rowsOf(data []byte, format Format, o Options) iter.Seq2[Row, error] {
	switch format {
	case XLS:
		return recoverPanics("xls", readXLS(data, o))
	case XLSX:
		return recoverPanics("xlsx", readXLSX(data, o))
	case CSV:
		return readCSV(data, o)
	case HTML:
		return readHTML(data, o)
	case ODS:
		return readODS(data, o)
	case JSON:
		return readJSON(data, o)
	}
	return fail(fmt.Errorf("format %q: %w", string(format), ErrUnsupported))
}

// recoverPanics turns a panic in the libraries that rows uses into ErrCorrupt: a malicious file may
// cause one. Panics in the caller's loop body pass through.
func recoverPanics(format string, rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		inReader, done := true, false
		defer func() {
			if !inReader || done {
				return
			}
			if p := recover(); p != nil {
				inReader = false
				yield(Row{}, fmt.Errorf("%s: panic in the reader (%v): %w", format, p, ErrCorrupt))
			}
		}()
		rows(func(r Row, err error) bool {
			inReader = false
			more := yield(r, err)
			inReader = true
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
