package spreadsheet

import (
	"context"
	"fmt"
	"iter"
)

// Bounds on what a file yields, whatever its format: a few bytes of a compressed file, or a cell that
// spans a thousand rows, become millions of cells.
const (
	maxRows      = 1 << 20
	maxCells     = 30_000_000
	maxCellBytes = 1 << 20
)

// bounded ends a sequence of rows that exceeds the bounds (ErrTooLarge) or outlives its context.
func bounded(ctx context.Context, rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		count, cells := 0, 0
		for row, err := range rows {
			if ctxErr := ctx.Err(); ctxErr != nil {
				yield(Row{}, ctxErr)
				return
			}
			if err == nil {
				count++
				cells += len(row.Cells)
				switch {
				case count > maxRows:
					err = fmt.Errorf("more than %d rows: %w", maxRows, ErrTooLarge)
				case cells > maxCells:
					err = fmt.Errorf("more than %d cells: %w", maxCells, ErrTooLarge)
				}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}
