package spreadsheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
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
		buffered := bufio.NewReaderSize(text, 64<<10)
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
			cells, err := r.Read()
			if err == io.EOF {
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
