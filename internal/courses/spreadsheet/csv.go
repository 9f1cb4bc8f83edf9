package spreadsheet

import (
	"bytes"
	"fmt"
	"iter"
	"regexp"
	"slices"
)

// readCSV reads text with a delimiter and quotes as in RFC 4180. A row that is not quoted so has a
// Problem, and the next line is a row again: see csvScanner.
func readCSV(data []byte, o Options) iter.Seq2[Row, error] {
	text, err := decode(data, o.Charset)
	if err != nil {
		return fail(err)
	}
	if i := bytes.IndexByte(text.data, 0); i >= 0 {
		return fail(corrupt("csv: the file contains a NUL character at byte %d of its text", i))
	}
	return func(yield func(Row, error) bool) {
		table, comma := normalizeLines(text.data), o.Delimiter
		skipped := 0
		if rest, c := cutSeparatorLine(table); c != 0 {
			table, skipped = rest, 1
			if comma == 0 {
				comma = c
			}
		}
		if comma == 0 {
			comma = delimiterOf(table)
		}
		for line := range bytes.Lines(table) {
			if n := bytes.Count(line, []byte(string(comma))); n > maxDelimiters {
				yield(Row{}, fmt.Errorf("csv: a line with %d delimiters: %w", n, ErrTooLarge))
				return
			}
		}
		table = unwrapFormulas(table, comma)
		width, share := countWidths(table, comma)
		broken := brokenLines(table, comma, width)
		s := csvScanner{data: table, comma: comma, width: width}
		for rec, ok := s.next(); ok; rec, ok = s.next() {
			row := Row{Number: rec.line + skipped, Table: 1, Cells: rec.cells, Problem: rec.problem, Width: width}
			if broken[rec.line] && row.Problem == "" {
				row.Neighbor = true
			}
			if share < usualShare {
				row.Width = 0
			}
			for line := rec.line; line <= rec.lastLine && len(text.invalid) > 0; line++ {
				if b := text.invalid[line+skipped]; b != "" && row.Problem == "" {
					row.InvalidByte = b
				}
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// maxDelimiters bounds the delimiters in a line. Each becomes a cell.
const maxDelimiters = 16_384

// normalizeLines makes every line end with "\n". Some exports, such as Excel's for the Macintosh, end
// rows with "\r" alone and use "\n" only for line breaks within a cell.
func normalizeLines(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	pairs := bytes.Count(text, []byte("\r\n"))
	if carriages, lines := bytes.Count(text, []byte("\r"))-pairs, bytes.Count(text, []byte("\n")); carriages <= lines {
		return text
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
}

// cutSeparatorLine removes the line "sep=;", with which Excel marks the delimiter, and returns the
// delimiter, or 0 if there is no such line.
func cutSeparatorLine(text []byte) ([]byte, rune) {
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	line = bytes.TrimRight(bytes.TrimSuffix(line, []byte("\r")), `"`)
	if c := bytes.TrimPrefix(bytes.TrimLeft(line, `"`), []byte("sep=")); len(c) == 1 && len(line) > 4 {
		return rest, rune(c[0])
	}
	return text, 0
}

// unwrapFormulas removes the equals sign of fields such as ="00101", which keep Excel from dropping
// the zeros.
func unwrapFormulas(text []byte, comma rune) []byte {
	if !bytes.Contains(text, []byte(`="`)) {
		return text
	}
	field := regexp.MustCompile(`(?m)(^|` + regexp.QuoteMeta(string(comma)) + `)="`)
	return field.ReplaceAll(text, []byte(`$1"`))
}

// delimiterOf returns the candidate that divides the most lines into the same number of fields, of
// several the one that gives the most fields.
func delimiterOf(text []byte) rune {
	head := text[:min(len(text), 64<<10)]
	if i := bytes.LastIndexByte(head, '\n'); i >= 0 && len(head) < len(text) {
		head = head[:i+1]
	}
	best, bestShare, bestWidth := ',', 0.0, 0
	for _, c := range ",;\t|" {
		width, share := countWidths(head, c)
		if width > 1 && (share > bestShare || share == bestShare && width > bestWidth) {
			best, bestShare, bestWidth = c, share, width
		}
	}
	return best
}

// usualShare is the share of rows above which their number of cells is the usual one.
const usualShare = 0.8

// brokenLines returns the first lines of records that may be halves. A line break in a cell without quotes
// makes two rows of one. One half has too few cells; the other may have enough by chance, because the cell
// also has delimiters. So the neighbors of a row with too few cells are uncertain, except above a single
// cell at the end, which is a note. Above the header it does not matter.
func brokenLines(text []byte, comma rune, width int) map[int]bool {
	broken := map[int]bool{}
	s := csvScanner{data: text, comma: comma, width: width}
	var before csvRecord
	isShort := func(rec csvRecord, cells int) bool { return rec.line > 0 && rec.problem == "" && cells < width }
	shortBefore, single := false, 0 // single is the line before a single cell that may be a note
	for rec, ok := s.next(); ok; rec, ok = s.next() {
		cells := len(rec.cells)
		rec.cells = nil
		short, adjacent := isShort(rec, cells), rec.line == before.lastLine+1
		if single > 0 {
			broken[single] = true // it is not at the end
			single = 0
		}
		switch {
		case shortBefore && adjacent:
			broken[rec.line] = true
		case short && adjacent && cells > 1:
			broken[before.line] = true
		case short && adjacent:
			single = before.line
		}
		before, shortBefore = rec, short
	}
	return broken
}

// countWidths returns the most frequent number of cells, and the share of rows that have it.
func countWidths(text []byte, comma rune) (width int, share float64) {
	counts, most, total := map[int]int{}, 0, 0
	s := csvScanner{data: text, comma: comma}
	for rec, ok := s.next(); ok; rec, ok = s.next() {
		if total++; rec.problem == "" {
			counts[len(rec.cells)]++
		}
	}
	for w, n := range counts {
		if n > most || n == most && w > width {
			width, most = w, n
		}
	}
	return width, float64(most) / float64(max(total, 1))
}

// unwrapFormula returns the text of a cell that reads ="00101".
func unwrapFormula(cell string) string {
	if len(cell) >= 3 && cell[:2] == `="` && cell[len(cell)-1] == '"' && !slices.Contains([]byte(cell[2:len(cell)-1]), '"') {
		return cell[2 : len(cell)-1]
	}
	return cell
}
