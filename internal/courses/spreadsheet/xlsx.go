package spreadsheet

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/xuri/excelize/v2"
)

const (
	defaultMaxUncompressed = 64 << 20
	maxRowsXLSX            = 1 << 20 // the format's limit

	// maxInMemory is the size up to which excelize keeps a sheet or the shared strings in memory. It
	// streams larger ones from temporary files, while in memory it copies them several times.
	maxInMemory = 10 << 20
)

// readXLSX reads a sheet with excelize's row iterator. Cells have the text that Excel shows, so dates
// are formatted.
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
		f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: limit, UnzipXMLSizeLimit: min(limit, maxInMemory)})
		switch {
		case errors.Is(err, excelize.ErrWorkbookFileFormat):
			yield(Row{}, fmt.Errorf("xlsx: the file contains no workbook: %w", ErrUnsupported))
			return
		case err != nil && bytes.Contains([]byte(err.Error()), []byte("unzip size exceeds")):
			yield(Row{}, fmt.Errorf("xlsx: more than %d bytes: %w", limit, ErrTooLarge))
			return
		case err != nil:
			yield(Row{}, corrupt("xlsx: %v", err))
			return
		}
		defer f.Close()
		sheet, err := sheetOf(f, o.Sheet)
		if err != nil {
			yield(Row{}, err)
			return
		}
		rows, err := f.Rows(sheet)
		if err != nil {
			yield(Row{}, corrupt("xlsx: sheet %q: %v", sheet, err))
			return
		}
		defer rows.Close()
		for n := 1; rows.Next(); n++ {
			cells, err := rows.Columns()
			if err != nil {
				yield(Row{}, corrupt("xlsx: row %d: %v", n, err))
				return
			}
			if n > maxRowsXLSX {
				yield(Row{}, corrupt("xlsx: more than %d rows", maxRowsXLSX))
				return
			}
			if !yield(Row{Number: n, Table: 1, Cells: cells}, nil) {
				return
			}
		}
		if err := rows.Error(); err != nil {
			yield(Row{}, corrupt("xlsx: %v", err))
		}
	}
}

// sheetOf returns the name of the sheet to read: name, or the first visible one.
func sheetOf(f *excelize.File, name string) (string, error) {
	sheets := f.GetSheetList()
	if name != "" {
		if !slices.Contains(sheets, name) {
			return "", fmt.Errorf("xlsx: no sheet %q among %q: %w", name, sheets[:min(len(sheets), 20)], ErrUnsupported)
		}
		return name, nil
	}
	for _, s := range sheets {
		if visible, err := f.GetSheetVisible(s); err == nil && visible {
			return s, nil
		}
	}
	if len(sheets) > 0 {
		return sheets[0], nil
	}
	return "", corrupt("xlsx: the workbook contains no sheet")
}
