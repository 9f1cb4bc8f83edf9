package spreadsheet

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/xuri/excelize/v2"
)

const (
	defaultMaxUncompressed = 64 << 20
	maxRowsXLSX            = 1 << 20 // the format's limit

	// maxInMemory is the size up to which excelize keeps a sheet or the shared strings in memory. It
	// streams larger ones from temporary files, while in memory it copies them several times.
	maxInMemory = 10 << 20
)

// readXLSX reads sheets with excelize's row iterator. Cells have the text that Excel shows, so dates are
// formatted.
func readXLSX(data []byte, o Options) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		limit := o.MaxUncompressed
		if limit <= 0 {
			limit = defaultMaxUncompressed
		}
		if err := checkXLSX(o.context(), data, limit); err != nil {
			yield(Row{}, err)
			return
		}
		book, err := openOOXML(data, limit) // says what the file is if it is no workbook
		if err != nil {
			yield(Row{}, err)
			return
		}
		f, err := openXLSX(data, limit)
		if err != nil {
			yield(Row{}, err)
			return
		}
		defer f.Close()
		sheets, err := selectSheets("xlsx", book.choices(), o.Sheets)
		if err != nil {
			yield(Row{}, err)
			return
		}
		for i, n := range sheets {
			more, err := book.readSheet(f, book.sheets[n], i+1, yield)
			if err != nil {
				yield(Row{}, err)
			}
			if err != nil || !more {
				return
			}
		}
	}
}

func openXLSX(data []byte, limit int64) (*excelize.File, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: limit, UnzipXMLSizeLimit: min(limit, maxInMemory)})
	switch {
	case errors.Is(err, excelize.ErrWorkbookFileFormat):
		return nil, fmt.Errorf("xlsx: the file contains no workbook: %w", ErrUnsupported)
	case err != nil && bytes.Contains([]byte(err.Error()), []byte("unzip size exceeds")):
		return nil, fmt.Errorf("xlsx: more than %d bytes: %w", limit, ErrTooLarge)
	case err != nil:
		return nil, corrupt("xlsx: %v", err)
	}
	return f, nil
}

// readSheet reads one sheet. It returns false if yield did.
func (b *ooxmlBook) readSheet(f *excelize.File, sheet ooxmlSheet, table int, yield func(Row, error) bool) (more bool, err error) {
	marks, err := b.marks(sheet)
	if err != nil {
		return false, err
	}
	merged, err := newMergedCells(marks.merged)
	if err != nil {
		return false, fmt.Errorf("xlsx: sheet %q: %w", sheet.name, err)
	}
	rows, err := f.Rows(sheet.name)
	if err != nil {
		return false, corrupt("xlsx: sheet %q: %v", sheet.name, err)
	}
	defer rows.Close()
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if err != nil {
			return false, corrupt("xlsx: row %d: %v", n, err)
		}
		if n > maxRowsXLSX {
			return false, corrupt("xlsx: more than %d rows", maxRowsXLSX)
		}
		row := Row{
			Number: n, Table: table, Sheet: sheet.name, Cells: cells,
			CellProblems: marks.problems[n-1], Links: marks.links[n-1],
		}
		merged.fill(&row)
		if !yield(row, nil) {
			return false, nil
		}
	}
	if err := rows.Error(); err != nil {
		return false, corrupt("xlsx: %v", err)
	}
	return true, nil
}

func (b *ooxmlBook) choices() []sheetChoice {
	var choices []sheetChoice
	for _, s := range b.sheets {
		choices = append(choices, sheetChoice{s.name, s.visible, s.worksheet})
	}
	return choices
}
