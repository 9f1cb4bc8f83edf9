package spreadsheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
)

// readCSV reads text with a delimiter. It accepts stray quotes, because schools' exports quote
// carelessly.
func readCSV(data []byte, o Options) iter.Seq2[Row, error] {
	text, err := decode(data, o.Charset)
	if err != nil {
		return fail(err)
	}
	return func(yield func(Row, error) bool) {
		limited := &rowLimit{r: text}
		buffered := bufio.NewReaderSize(limited, 64<<10)
		head, err := buffered.Peek(16 << 10)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			yield(Row{}, corrupt("csv: %v", err))
			return
		}
		if bytes.IndexByte(head, 0) >= 0 {
			yield(Row{}, corrupt("csv: the file contains NUL bytes"))
			return
		}
		r := csv.NewReader(buffered)
		r.FieldsPerRecord = -1
		r.LazyQuotes = true
		r.ReuseRecord = true
		if r.Comma = o.Delimiter; r.Comma == 0 {
			r.Comma = delimiterOf(head)
		}
		for {
			limited.n = 0
			cells, err := r.Read()
			if err == io.EOF {
				return
			}
			if errors.Is(err, ErrTooLarge) {
				yield(Row{}, fmt.Errorf("csv: %w", err))
				return
			}
			if err != nil {
				yield(Row{}, corrupt("csv: %v", err))
				return
			}
			line, _ := r.FieldPos(0)
			if !yield(Row{Number: line, Table: 1, Cells: cells}, nil) {
				return
			}
		}
	}
}

// maxRowCSV bounds a row in bytes. A cell takes 40 bytes even if it is empty, and a quote that is
// never closed makes the rest of the file one cell.
const maxRowCSV = 512 << 10

// rowLimit is a reader that fails when more than maxRowCSV bytes are read without n being reset.
type rowLimit struct {
	r io.Reader
	n int
}

func (l *rowLimit) Read(p []byte) (int, error) {
	if l.n > maxRowCSV {
		return 0, fmt.Errorf("a row of more than %d bytes; a quote may never be closed: %w", maxRowCSV, ErrTooLarge)
	}
	n, err := l.r.Read(p)
	l.n += n
	return n, err
}

// delimiterOf returns the candidate that occurs most often outside quotes.
func delimiterOf(head []byte) rune {
	candidates := []byte(",;\t|")
	var counts [128]int
	quoted := false
	for _, b := range head {
		switch {
		case b == '"':
			quoted = !quoted
		case !quoted && b < 128:
			counts[b]++
		}
	}
	best := candidates[0]
	for _, c := range candidates[1:] {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return rune(best)
}
