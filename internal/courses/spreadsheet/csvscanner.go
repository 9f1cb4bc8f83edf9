package spreadsheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// csvScanner divides text into records with encoding/csv, which is strict: a quote may only enclose a
// whole field or be doubled within one.
//
// Schools' exports quote carelessly, and a stray quote must cost only its own row. encoding/csv may
// have read many lines before it finds that a quote does not match, or find a wrong match hundreds of
// rows later. The scanner therefore gives up only the line where such a record begins, and goes on with
// the next line. It does the same for a record of several lines that look like rows themselves.
type csvScanner struct {
	data  []byte
	comma rune
	width int // how many fields most records have; 0 if unknown

	pos      int // where the next record begins
	line     int // its line, counting from 0
	reader   *csv.Reader
	limit    *rowLimit // below reader
	base     int       // where reader began
	baseLine int       // the line of base
}

// csvRecord is one record.
type csvRecord struct {
	cells    []string
	line     int    // first line, counting from 1
	lastLine int    // last line
	problem  string // why the cells are uncertain; "" if they are certain
}

// next returns the next record, or false at the end.
func (s *csvScanner) next() (csvRecord, bool) {
	for s.pos < len(s.data) { // encoding/csv ignores blank lines
		rest := s.data[s.pos:]
		n := len("\n")
		if bytes.HasPrefix(rest, []byte("\r\n")) {
			n = len("\r\n")
		} else if rest[0] != '\n' {
			break
		}
		s.pos += n
		s.line++
	}
	if s.pos >= len(s.data) {
		return csvRecord{}, false
	}
	if s.reader == nil {
		s.base, s.baseLine = s.pos, s.line
		s.limit = &rowLimit{r: bytes.NewReader(s.data[s.pos:])}
		s.reader = csv.NewReader(s.limit)
		s.reader.Comma, s.reader.FieldsPerRecord = s.comma, -1
		s.reader.ReuseRecord = true
	}
	s.limit.n = 0
	cells, err := s.reader.Read()
	if err != nil {
		return s.giveUpLine(s.quoteProblem(err)), true
	}
	end := s.base + int(s.reader.InputOffset())
	text := bytes.TrimRight(s.data[s.pos:end], "\r\n")
	lines := bytes.Count(text, []byte("\n")) + 1
	if lines > 1 && s.looksLikeRows(text) {
		return s.giveUpLine(fmt.Sprintf("its quote ends in line %d, but the lines between look like rows: a quote may be missing", s.line+lines)), true
	}
	rec := csvRecord{cells: cells, line: s.line + 1, lastLine: s.line + lines}
	for i, c := range cells {
		cells[i] = unwrapFormula(c)
	}
	s.line += bytes.Count(s.data[s.pos:end], []byte("\n"))
	s.pos = end
	return rec, true
}

// giveUpLine returns the current line as a record with a problem and continues behind it.
func (s *csvScanner) giveUpLine(problem string) csvRecord {
	text, _, found := bytes.Cut(s.data[s.pos:], []byte("\n"))
	s.pos += len(text)
	if found {
		s.pos++
	}
	s.line++
	s.reader = nil
	return csvRecord{
		cells: splitPlain(text, s.comma), line: s.line, lastLine: s.line, problem: problem,
	}
}

// looksLikeRows reports whether the lines of a record are rows themselves: the first and the last have
// enough delimiters, or one between has the usual number of fields.
func (s *csvScanner) looksLikeRows(text []byte) bool {
	if s.width < 2 {
		return false
	}
	lines := bytes.Split(text, []byte("\n"))
	first, last := lines[0], lines[len(lines)-1]
	if len(splitPlain(first, s.comma)) >= s.width && len(splitPlain(last, s.comma)) >= s.width {
		return true
	}
	for _, line := range lines[1 : len(lines)-1] {
		r := csv.NewReader(bytes.NewReader(line))
		r.Comma, r.FieldsPerRecord = s.comma, -1
		if cells, err := r.Read(); err == nil && len(cells) == s.width {
			return true
		}
	}
	return false
}

// splitPlain splits a line at its delimiters as if there were no quotes, to show it to a person.
func splitPlain(line []byte, comma rune) []string {
	var cells []string
	for part := range bytes.SplitSeq(bytes.TrimSuffix(line, []byte("\r")), []byte(string(comma))) {
		cells = append(cells, string(part))
	}
	return cells
}

// quoteProblem explains an error of encoding/csv in the record that begins in the current line.
func (s *csvScanner) quoteProblem(err error) string {
	var parseErr *csv.ParseError
	if !errors.As(err, &parseErr) {
		return err.Error()
	}
	if errors.Is(err, csv.ErrBareQuote) {
		return fmt.Sprintf("a quote in the middle of an unquoted cell, at byte %d of the line", parseErr.Column)
	}
	if at := s.baseLine + parseErr.Line; at > s.line+1 {
		return fmt.Sprintf("a quote that is not closed before line %d", at)
	}
	return fmt.Sprintf("a closing quote with text after it, at byte %d of the line", parseErr.Column)
}

// maxRowCSV bounds a row in bytes. A cell takes 40 bytes even if it is empty, and a quote that is never
// closed makes the rest of the file one cell.
const maxRowCSV = 512 << 10

// rowLimit is a reader that fails when more than maxRowCSV bytes are read without n being reset.
type rowLimit struct {
	r io.Reader
	n int
}

func (l *rowLimit) Read(p []byte) (int, error) {
	if l.n > maxRowCSV {
		return 0, fmt.Errorf("a row of more than %d bytes; a quote may never be closed", maxRowCSV)
	}
	n, err := l.r.Read(p)
	l.n += n
	return n, err
}
