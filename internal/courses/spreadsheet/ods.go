package spreadsheet

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// We read OpenDocument ourselves because no library was good enough: the Go packages that read .ods
// (knieriem/odf and its forks, LIJUCHACKO/ods2csv) are not maintained, ignore merged cells and formulas
// without results, and hold whole documents in memory. The table markup of content.xml is small; the
// comments cite OpenDocument 1.3, part 3.

// readODS reads sheets of an OpenDocument spreadsheet. Cells have the text that people see.
func readODS(data []byte, o Options) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if err := checkODS(o.context(), data, o.MaxUncompressed); err != nil {
			yield(Row{}, err)
			return
		}
		choices, err := readODSSheets(o.context(), data, o.MaxUncompressed)
		if err != nil {
			yield(Row{}, err)
			return
		}
		selected, err := selectSheets("ods", choices, o.Sheets)
		if err != nil {
			yield(Row{}, err)
			return
		}
		content, err := openODS(o.context(), data, o.MaxUncompressed)
		if err != nil {
			yield(Row{}, err)
			return
		}
		defer content.Close()
		r := odsReader{d: newXMLDecoder(content), selected: selected, yield: yield}
		if err := r.read(); err != nil {
			yield(Row{}, err)
		}
	}
}

// openODS opens the document within the archive.
func openODS(ctx context.Context, data []byte, limit int64) (io.ReadCloser, error) {
	if limit <= 0 {
		limit = defaultMaxUncompressed
	}
	a, err := openArchive(ctx, data, limit)
	if err != nil {
		return nil, fmt.Errorf("ods: %w", err)
	}
	// Encrypted files have an encryption-data element in the manifest (OpenDocument 1.3, part 2, 4.8).
	if manifest, err := a.open("META-INF/manifest.xml"); err == nil {
		text, _ := io.ReadAll(io.LimitReader(manifest, 1<<20))
		manifest.Close()
		if bytes.Contains(text, []byte("encryption-data")) {
			return nil, fmt.Errorf("ods: protected by a password: %w", ErrUnsupported)
		}
	}
	content, err := a.open("content.xml")
	if err != nil {
		return nil, corrupt("ods: the archive has no content.xml")
	}
	return content, nil
}

// checkODS reads the document once, without building anything, and rejects one that would take too much
// memory.
func checkODS(ctx context.Context, data []byte, limit int64) error {
	content, err := openODS(ctx, data, limit)
	if err != nil {
		return err
	}
	defer content.Close()
	err = scanXML(content, maxSheetElements, func(_, _ []byte) error { return nil })
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errNotXML):
		return corrupt("ods: content.xml: %v", err)
	case err != nil && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrUnsupported):
		return corrupt("ods: content.xml: %v", err)
	case err != nil:
		return fmt.Errorf("ods: %w", err)
	}
	return nil
}

// odsSheets lists the sheets for SheetNames.
func odsSheets(data []byte) []sheetChoice {
	sheets, _ := readODSSheets(context.Background(), data, 0)
	return sheets
}

// readODSSheets reads the names of the sheets. A sheet is hidden by its style, which comes first.
func readODSSheets(ctx context.Context, data []byte, limit int64) ([]sheetChoice, error) {
	content, err := openODS(ctx, data, limit)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	d := newXMLDecoder(content)
	hidden := map[string]bool{}
	var sheets []sheetChoice
	style, isSpreadsheet, depth := "", false, 0
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, corrupt("ods: %v", err)
		}
		if e, ok := t.(xml.EndElement); ok && e.Name.Local == "table" {
			depth--
		}
		s, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch s.Name.Local {
		case "style":
			style = attr(s, "name")
		case "table-properties":
			hidden[style] = attr(s, "display") == "false"
		case "spreadsheet":
			isSpreadsheet = true
		case "table":
			if depth++; depth == 1 {
				name := attr(s, "name")
				// Cells of other documents that formulas refer to are stored as a sheet.
				external := strings.HasPrefix(name, "'file:")
				sheets = append(sheets, sheetChoice{name: name, visible: !hidden[attr(s, "style-name")] && !external, worksheet: true})
			}
		}
	}
	if !isSpreadsheet {
		return nil, fmt.Errorf("ods: the OpenDocument file contains no spreadsheet: %w", ErrUnsupported)
	}
	return sheets, nil
}

// odsReader reads the rows of a document.
type odsReader struct {
	d        *xml.Decoder
	selected []int
	yield    func(Row, error) bool
	stopped  bool

	sheet  int // number of the current sheet from 0; -1 before the first
	table  int // number of the selected sheet from 1; 0 if the current one is not selected
	name   string
	number int // rows of the sheet so far
	row    *odsRow
	below  []odsSpan // by column
}

// odsRow is the row that is being read.
type odsRow struct {
	Row
	repeated int
}

// odsSpan is a cell that is repeated in the rows below.
type odsSpan struct {
	rows                int
	text, link, problem string
}

func (r *odsReader) read() error {
	r.sheet = -1
	for !r.stopped {
		t, err := r.d.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return corrupt("ods: %v", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := r.start(t); err != nil {
				return err
			}
		case xml.EndElement:
			if t.Name.Local == "table-row" {
				if err := r.endRow(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (r *odsReader) start(t xml.StartElement) error {
	switch t.Name.Local {
	case "tracked-changes": // contains deleted cells
		return r.skip()
	case "table":
		r.sheet++
		r.table = slices.Index(r.selected, r.sheet) + 1
		r.name, r.number, r.below = attr(t, "name"), 0, nil
		if r.table == 0 {
			return r.skip()
		}
	case "shapes", "forms":
		return r.skip()
	case "table-row":
		n, err := repetition(t, "number-rows-repeated", maxRowsXLSX)
		r.row = &odsRow{Row: Row{Table: r.table, Sheet: r.name}, repeated: n}
		return err
	case "table-cell", "covered-table-cell":
		if r.row == nil {
			return corrupt("ods: a cell outside a row")
		}
		return r.readCell(t)
	}
	return nil
}

// skip skips the rest of the element that has just begun.
func (r *odsReader) skip() error {
	for depth := 1; depth > 0; {
		t, err := r.d.RawToken()
		if err != nil {
			return corrupt("ods: %v", err)
		}
		switch t.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// repetition parses an attribute that says how often a row or cell is repeated or how far it spans.
func repetition(t xml.StartElement, name string, most int) (int, error) {
	value := attr(t, name)
	if value == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > 1<<24 {
		return 0, corrupt("ods: %s is %.20q", name, value)
	}
	return min(n, most), nil
}

// readCell reads a cell (table:table-cell, 9.1.4) up to its end.
func (r *odsReader) readCell(t xml.StartElement) error {
	repeated, err := repetition(t, "number-columns-repeated", maxRowCells)
	columns, errColumns := repetition(t, "number-columns-spanned", maxRowCells)
	rows, errRows := repetition(t, "number-rows-spanned", maxRowsXLSX)
	if err := errors.Join(err, errColumns, errRows); err != nil {
		return err
	}
	c := odsText{d: r.d}
	if err := c.read(); err != nil {
		return err
	}
	text, link := c.b.String(), c.link
	if link == ambiguousLink {
		link = ""
	}
	if text == "" {
		text = odsValue(t)
	}
	problem := ""
	switch kind := attr(t, "value-type"); {
	case text != "":
	case attr(t, "formula") != "" && kind != "string":
		problem = noResult
	case kind == "percentage" || kind == "time":
		problem = "a " + kind + " without the text that people see"
	}
	if t.Name.Local == "covered-table-cell" {
		// A covered cell may still have the text from before the cells were merged.
		text, link, problem = "", "", ""
	}
	for range repeated {
		at := len(r.row.Cells)
		if at >= maxRowCells {
			return nil
		}
		for column := at; rows > 1 && column < min(at+columns, maxRowCells); column++ {
			for len(r.below) <= column {
				r.below = append(r.below, odsSpan{})
			}
			r.below[column] = odsSpan{rows: rows, text: text, link: link, problem: problem}
		}
		for column := at + 1; rows == 1 && column < min(at+columns, maxRowCells); column++ {
			for len(r.below) <= column {
				r.below = append(r.below, odsSpan{})
			}
			r.below[column] = odsSpan{rows: 1, text: text, link: link, problem: problem}
		}
		setCell(&r.row.Row, at, text, link, problem)
	}
	return nil
}

// odsValue returns the value of a cell whose text the writer omitted.
func odsValue(t xml.StartElement) string {
	switch attr(t, "value-type") {
	case "float", "currency":
		f, err := strconv.ParseFloat(attr(t, "value"), 64)
		if err != nil {
			return attr(t, "value")
		}
		return formatNumber(f)
	case "string":
		return attr(t, "string-value")
	case "date":
		return attr(t, "date-value")
	case "boolean":
		return strings.ToUpper(attr(t, "boolean-value"))
	}
	return "" // the values of percentages and times are not what people see
}

// endRow yields the current row, repeatedly if it is not blank.
func (r *odsReader) endRow() error {
	row := r.row
	if row == nil {
		return nil
	}
	r.row = nil
	for i := range row.repeated {
		one := row.Row
		one.Cells = slices.Clone(row.Cells)
		r.number++
		one.Number = r.number
		if r.number > maxRowsXLSX {
			return corrupt("ods: more than %d rows", maxRowsXLSX)
		}
		r.fillSpans(&one)
		blank := !slices.ContainsFunc(one.Cells, func(c string) bool { return c != "" }) && len(one.CellProblems) == 0
		if blank && len(r.below) == 0 {
			r.number = min(r.number+row.repeated-i-1, maxRowsXLSX) // the rest is blank, too
			return nil
		}
		if blank {
			continue
		}
		if !r.yield(one, nil) {
			r.stopped = true
			return nil
		}
	}
	return nil
}

// fillSpans repeats the merged cells that cover row.
func (r *odsReader) fillSpans(row *Row) {
	open := false
	for column := range r.below {
		span := &r.below[column]
		if span.rows == 0 {
			continue
		}
		span.rows--
		open = open || span.rows > 0
		if span.text != "" || span.problem != "" {
			setCell(row, column, span.text, span.link, span.problem)
		}
	}
	if !open {
		r.below = r.below[:0]
	}
}

// odsText collects the text of a cell.
type odsText struct {
	d          *xml.Decoder
	b          strings.Builder
	link       string
	paragraphs int
}

// read reads up to the end of the cell. Paragraphs are lines; spaces, tabs and line breaks within are
// elements of their own (6.1). Comments and drawings are not part of the text.
func (c *odsText) read() error {
	skipped := 0 // depth within an element to skip
	for depth := 1; depth > 0; {
		t, err := c.d.RawToken()
		if err != nil {
			return corrupt("ods: %v", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			if skipped > 0 || t.Name.Local == "annotation" || t.Name.Local == "ruby-text" || t.Name.Space == "draw" {
				skipped++
				continue
			}
			c.start(t)
		case xml.EndElement:
			depth--
			skipped = max(skipped-1, 0)
		case xml.CharData:
			if skipped == 0 && c.paragraphs > 0 {
				c.b.WriteString(strings.Map(collapseSpace, string(t)))
			}
		}
	}
	return nil
}

func (c *odsText) start(t xml.StartElement) {
	switch t.Name.Local {
	case "p", "h":
		if c.paragraphs++; c.paragraphs > 1 {
			c.b.WriteByte('\n')
		}
	case "s":
		n, err := repetition(t, "c", 1000)
		if err != nil {
			n = 1
		}
		c.b.WriteString(strings.Repeat(" ", n))
	case "tab":
		c.b.WriteByte('\t')
	case "line-break":
		c.b.WriteByte('\n')
	case "a":
		switch link := attr(t, "href"); {
		case c.link == "" || c.link == link:
			c.link = link
		default:
			c.link = ambiguousLink
		}
	}
}

// collapseSpace makes the white space of the markup a space (6.1.2).
func collapseSpace(r rune) rune {
	if r == '\n' || r == '\t' || r == '\r' {
		return ' '
	}
	return r
}
