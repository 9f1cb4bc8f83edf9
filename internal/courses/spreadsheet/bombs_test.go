//go:build !race

// The race detector multiplies memory, so these measurements exclude it.

package spreadsheet_test

import (
	"context"
	"testing"
	"time"

	"heek.kr/heektime/internal/courses/spreadsheet"
	"heek.kr/heektime/internal/courses/spreadsheet/bombtest"
	"heek.kr/heektime/internal/longtest"
)

// maxPeak is what a reader may take on any file, including garbage.
const maxPeak = 200e6

// TestBombs checks that no file takes more than maxPeak, whatever it contains. By default the files are smaller,
// which shows that they are read in parts, with LONG_TESTS as large as the course service accepts.
func TestBombs(t *testing.T) {
	size := bombtest.Size / 5
	if longtest.Enabled() {
		size = bombtest.Size
	}
	for _, bomb := range bombtest.All(size) {
		if bomb.Format == "json" {
			continue // package courses reads it
		}
		if bomb.Large && !longtest.Enabled() {
			continue
		}
		t.Run(bomb.Format+" "+bomb.Name, func(t *testing.T) {
			data := bomb.Data()
			var rows int
			var err error
			began := time.Now()
			peak := bombtest.HeapPeak(func() { rows, err = countRows(t.Context(), data, spreadsheet.Format(bomb.Format)) })
			t.Logf("%d bytes, %d rows, %.0f MB, %d ms: %.150v", len(data), rows, float64(peak)/1e6, time.Since(began).Milliseconds(), err)
			if peak > maxPeak {
				t.Errorf("peak of %.0f MB, want at most %.0f MB", float64(peak)/1e6, maxPeak/1e6)
			}
		})
	}
}

// maxRows is how many rows the course service reads at most.
const maxRows = 30_000

// countRows reads the rows that the course service would read and returns how many there are.
func countRows(ctx context.Context, data []byte, format spreadsheet.Format) (n int, err error) {
	for _, err := range spreadsheet.Rows(data, format, spreadsheet.Options{Context: ctx}) {
		if err != nil {
			return n, err
		}
		if n++; n == maxRows {
			break
		}
	}
	return n, nil
}
