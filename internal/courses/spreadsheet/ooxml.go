package spreadsheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/xuri/excelize/v2"
)

// ooxmlBook is what excelize does not tell about a workbook without loading whole sheets into memory:
// which sheets are worksheets and where they are in the archive, and what is special about their cells.
type ooxmlBook struct {
	files  map[string]*zip.File
	limit  int64
	sheets []ooxmlSheet
	// recalculate means that the program that wrote the file left the results of formulas to the
	// program that opens it. Some write 0 instead of a result then:
	// https://libxlsxwriter.github.io/faq.html
	recalculate bool
}

type ooxmlSheet struct {
	name      string
	path      string
	visible   bool
	worksheet bool // not a chart sheet
}

// ooxmlMarks are the merged, unknown and linked cells of a sheet.
type ooxmlMarks struct {
	merged   []cellRange
	problems map[int]map[int]string // by row and column from 0
	links    map[int]map[int]string
}

func openOOXML(data []byte, limit int64) (*ooxmlBook, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, corrupt("xlsx: %v", err)
	}
	b := &ooxmlBook{files: map[string]*zip.File{}, limit: limit}
	for _, f := range archive.File {
		b.files[strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))] = f
	}
	workbook := ""
	for _, r := range b.relations("_rels/.rels", "") {
		if strings.HasSuffix(r.kind, "/officeDocument") {
			workbook = r.target
		}
	}
	if workbook == "" || b.files[strings.ToLower(workbook)] == nil {
		return nil, fmt.Errorf("xlsx: %s: %w", describeArchive(archive), ErrUnsupported)
	}
	return b, b.readWorkbook(workbook)
}

// describeArchive says what an archive without a workbook is.
func describeArchive(archive *zip.Reader) string {
	var names []string
	for _, f := range archive.File {
		switch name := strings.ToLower(f.Name); {
		case strings.HasPrefix(name, "word/"):
			return "the file is a Word document"
		case strings.HasPrefix(name, "ppt/"):
			return "the file is a PowerPoint presentation"
		case strings.HasPrefix(name, "contents/section"):
			return "the file is a HWPX document"
		case strings.HasPrefix(name, "index/document.iwa"), strings.HasPrefix(name, "index/"):
			return "the file is an Apple Numbers document"
		case name == "mimetype":
			return "the file is an OpenDocument file, but not a spreadsheet"
		}
		names = append(names, f.Name)
	}
	return fmt.Sprintf("the archive contains no workbook, only %.200q", names)
}

// readWorkbook reads the list of sheets.
func (b *ooxmlBook) readWorkbook(name string) error {
	if strings.HasSuffix(strings.ToLower(name), ".bin") {
		return fmt.Errorf("xlsx: the file is a binary workbook (.xlsb): %w", ErrUnsupported)
	}
	byID := map[string]ooxmlRelation{}
	for _, r := range b.relations(path.Join(path.Dir(name), "_rels", path.Base(name)+".rels"), path.Dir(name)) {
		byID[r.id] = r
	}
	return b.tokens(name, func(t xml.StartElement, _ *xml.Decoder) error {
		switch t.Name.Local {
		case "calcPr":
			v := attr(t, "fullCalcOnLoad")
			b.recalculate = v == "1" || v == "true"
		case "sheet":
			r := byID[attr(t, "id")]
			b.sheets = append(b.sheets, ooxmlSheet{
				name: attr(t, "name"), path: r.target,
				visible:   attr(t, "state") == "" || attr(t, "state") == "visible",
				worksheet: strings.HasSuffix(r.kind, "/worksheet"),
			})
		}
		return nil
	})
}

// ooxmlRelation is a reference from one file of the archive to another, or to a URL.
type ooxmlRelation struct {
	id, kind, target string
	external         bool
}

// relations reads a file of relations. Targets are relative to dir.
func (b *ooxmlBook) relations(name, dir string) []ooxmlRelation {
	var relations []ooxmlRelation
	_ = b.tokens(name, func(t xml.StartElement, _ *xml.Decoder) error { // no file, no relations
		if t.Name.Local != "Relationship" {
			return nil
		}
		r := ooxmlRelation{id: attr(t, "Id"), kind: attr(t, "Type"), target: attr(t, "Target"), external: attr(t, "TargetMode") == "External"}
		switch {
		case r.external:
		case strings.HasPrefix(r.target, "/"):
			r.target = r.target[1:]
		default:
			r.target = path.Join(dir, r.target)
		}
		relations = append(relations, r)
		return nil
	})
	return relations
}

// open opens a file of the archive. It gives up behind the limit.
func (b *ooxmlBook) open(name string) (io.ReadCloser, error) {
	f := b.files[strings.ToLower(name)]
	if f == nil {
		return nil, corrupt("xlsx: no file %.100q in the archive", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, corrupt("xlsx: %v", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(r, b.limit), r}, nil
}

// tokens calls start for every start element of a file.
func (b *ooxmlBook) tokens(name string, start func(xml.StartElement, *xml.Decoder) error) error {
	r, err := b.open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	d := newXMLDecoder(r)
	for {
		t, err := d.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return corrupt("xlsx: %s: %v", name, err)
		}
		if s, ok := t.(xml.StartElement); ok {
			if err := start(s, d); err != nil {
				return err
			}
		}
	}
}

// newXMLDecoder returns a decoder that takes any declared charset for UTF-8, as excelize does.
func newXMLDecoder(r io.Reader) *xml.Decoder {
	d := xml.NewDecoder(r)
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return d
}

// attr returns the attribute of a local name, or "".
func attr(t xml.StartElement, local string) string {
	for _, a := range t.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// marks reads the special cells of a sheet. Most sheets have none, which is found without parsing.
func (b *ooxmlBook) marks(sheet ooxmlSheet) (ooxmlMarks, error) {
	m := ooxmlMarks{problems: map[int]map[int]string{}, links: map[int]map[int]string{}}
	if found, err := b.contains(sheet.path, "mergeCell ", "hyperlink ", "<f", ":f>", ":f "); err != nil || !found {
		return m, err
	}
	targets := map[string]string{}
	for _, r := range b.relations(path.Join(path.Dir(sheet.path), "_rels", path.Base(sheet.path)+".rels"), path.Dir(sheet.path)) {
		if r.external {
			targets[r.id] = r.target
		}
	}
	row, column := -1, -1
	err := b.tokens(sheet.path, func(t xml.StartElement, d *xml.Decoder) error {
		switch t.Name.Local {
		case "row":
			row, column = nextRow(t, row), -1
		case "c":
			if column++; attr(t, "r") != "" {
				if c, r, err := excelize.CellNameToCoordinates(attr(t, "r")); err == nil {
					row, column = r-1, c-1
				}
			}
			return b.readCell(d, &m, row, column)
		case "mergeCell":
			if r, ok := parseRange(attr(t, "ref")); ok {
				m.merged = append(m.merged, r)
			}
			if len(m.merged) > maxMerged {
				return corrupt("xlsx: more than %d merged ranges", maxMerged)
			}
		case "hyperlink":
			if r, ok := parseRange(attr(t, "ref")); ok && targets[attr(t, "id")] != "" {
				setMark(m.links, r.row, r.column, targets[attr(t, "id")])
			}
		}
		return nil
	})
	return m, err
}

// nextRow returns the number of a <row> element from 0.
func nextRow(t xml.StartElement, previous int) int {
	n := 0
	if _, err := fmt.Sscan(attr(t, "r"), &n); err == nil && n > 0 {
		return n - 1
	}
	return previous + 1
}

var hyperlinkFormula = regexp.MustCompile(`(?i)^HYPERLINK\(\s*"([^"]+)"`)

// noResult is the problem of a formula whose result the file does not contain.
const noResult = "a formula without a stored result; open and save the file in a spreadsheet program"

// readCell reads the formula of a cell up to the cell's end.
func (b *ooxmlBook) readCell(d *xml.Decoder, m *ooxmlMarks, row, column int) error {
	var formula, value bytes.Buffer
	isFormula, in := false, (*bytes.Buffer)(nil)
	for depth := 1; depth > 0; {
		t, err := d.RawToken()
		if err != nil {
			return corrupt("xlsx: row %d: %v", row+1, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			switch in = nil; t.Name.Local {
			case "f":
				isFormula, in = true, &formula
			case "v", "t":
				in = &value
			}
		case xml.EndElement:
			depth--
			in = nil
		case xml.CharData:
			if in != nil {
				in.Write(t)
			}
		}
	}
	if !isFormula {
		return nil
	}
	if v := strings.TrimSpace(value.String()); v == "" || v == "0" && b.recalculate {
		setMark(m.problems, row, column, noResult)
	}
	if link := hyperlinkFormula.FindStringSubmatch(formula.String()); link != nil {
		setMark(m.links, row, column, link[1])
	}
	return nil
}

func setMark(marks map[int]map[int]string, row, column int, text string) {
	marks[row] = with(marks[row], column, text)
}

// parseRange parses a reference such as A302:A303 or A302.
func parseRange(ref string) (cellRange, bool) {
	first, last, ok := strings.Cut(ref, ":")
	if !ok {
		last = first
	}
	column, row, err := excelize.CellNameToCoordinates(first)
	lastColumn, lastRow, lastErr := excelize.CellNameToCoordinates(last)
	return cellRange{row - 1, column - 1, lastRow - 1, lastColumn - 1}, err == nil && lastErr == nil
}

// contains reports whether a file contains one of the short texts.
func (b *ooxmlBook) contains(name string, texts ...string) (bool, error) {
	r, err := b.open(name)
	if err != nil {
		return false, err
	}
	defer r.Close()
	const overlap = 16
	buf := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		window := buf[:kept+n]
		for _, text := range texts {
			if bytes.Contains(window, []byte(text)) {
				return true, nil
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return false, nil
			}
			return false, corrupt("xlsx: %s: %v", name, err)
		}
		kept = copy(buf, window[len(window)-overlap:])
	}
}
