package spreadsheet_test

import (
	"testing"

	"heek.kr/heektime/internal/courses/spreadsheet"
	"heek.kr/heektime/internal/courses/spreadsheet/bombtest"
)

// fuzzSize is the size of the bombs that fuzzing begins with.
const fuzzSize = 4 << 10

// fuzz reads mutations of the small bombs of a format. A reader must not panic, and its rows must be in
// order and within the bounds. TestBombs measures memory.
func fuzz(f *testing.F, format spreadsheet.Format) {
	for _, bomb := range bombtest.All(fuzzSize) {
		if bomb.Format == string(format) && !bomb.Large {
			f.Add(bomb.Data())
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		spreadsheet.Detect(data)
		last := spreadsheet.Row{}
		for row, err := range spreadsheet.Rows(data, format, spreadsheet.Options{Context: t.Context()}) {
			if err != nil {
				return
			}
			if row.Table < 1 || row.Number < 1 || row.Table == last.Table && row.Number <= last.Number || len(row.Cells) > 1<<20 {
				t.Fatalf("row %d of table %d with %d cells after row %d of table %d", row.Number, row.Table, len(row.Cells), last.Number, last.Table)
			}
			last = row
		}
	})
}

func FuzzXLSX(f *testing.F) { fuzz(f, spreadsheet.XLSX) }
func FuzzXLS(f *testing.F)  { fuzz(f, spreadsheet.XLS) }
func FuzzCSV(f *testing.F)  { fuzz(f, spreadsheet.CSV) }
func FuzzHTML(f *testing.F) { fuzz(f, spreadsheet.HTML) }
