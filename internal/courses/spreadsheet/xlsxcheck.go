package spreadsheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Bounds on a workbook, all far above what a course list of 30,000 rows needs. Excelize keeps the
// unpacked parts and a structure for every shared string, so they bound its memory.
const (
	maxSheetElements  = 4_000_000 // start tags: a row, and a cell and its value each
	maxStringElements = 400_000
	maxOtherElements  = 300_000
	maxStringBytes    = 24 << 20 // of the shared strings, unpacked
	maxOtherBytes     = 16 << 20 // of everything but the sheets, unpacked
	maxOpaqueBytes    = 8 << 20  // of pictures and the like, unpacked
	maxMerges         = 100_000  // of a sheet
	maxColumns        = 16_384   // the format's limit
	maxPaddedCells    = 30_000_000
	maxCellElements   = 10_000  // within a cell: the runs of a formatted text
	maxNumberFormat   = 4 << 10 // Excel allows 255 characters; excelize parses it for every cell
)

// checkXLSX reads a workbook once, without building anything, and rejects one that excelize would need
// too much memory or time for.
func checkXLSX(ctx context.Context, data []byte, limit int64) error {
	a, err := openArchive(ctx, data, limit)
	if err != nil {
		return err
	}
	var others, opaque int64
	for _, f := range a.files {
		size, name := int64(f.UncompressedSize64), strings.ToLower(archiveName(f))
		isStrings := name == "xl/sharedstrings.xml"
		isSheet := strings.HasPrefix(name, "xl/worksheets/") && strings.HasSuffix(name, ".xml")
		switch {
		case isStrings:
			if size > maxStringBytes {
				return fmt.Errorf("xlsx: more than %d bytes of shared strings: %w", maxStringBytes, ErrTooLarge)
			}
		case !isSheet:
			others += size
		}
		err := a.checkPart(f, isStrings, isSheet)
		if errors.Is(err, errNotXML) {
			opaque += size
			err = a.checkOpaque(f)
		}
		if err != nil {
			return fmt.Errorf("xlsx: %s: %w", name, err)
		}
	}
	if others > maxOtherBytes || opaque > maxOpaqueBytes {
		return fmt.Errorf("xlsx: more than %d bytes of pictures and settings: %w", maxOpaqueBytes, ErrTooLarge)
	}
	return nil
}

// checkPart checks one file of a workbook. The error is errNotXML for a picture and the like.
func (a *archive) checkPart(f *zip.File, isStrings, isSheet bool) error {
	r, err := a.openFile(f)
	if err != nil {
		return err
	}
	defer r.Close()
	maxElements := maxOtherElements
	var check partCheck
	switch {
	case isStrings:
		maxElements = maxStringElements
	case isSheet:
		maxElements = maxSheetElements
	}
	err = scanXML(r, maxElements, check.visit)
	if ctxErr := a.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	if err == nil || errors.Is(err, ErrTooLarge) && isXMLName(f.Name) || errors.Is(err, ErrCorrupt) || errors.Is(err, ErrUnsupported) && isXMLName(f.Name) {
		return err
	}
	if errors.Is(err, errNotXML) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrUnsupported) {
		return errNotXML
	}
	return corrupt("%v", err)
}

// maxOpaqueAttributes is how many attributes a tag in a picture may have: none in a true one.
const maxOpaqueAttributes = 10_000

// checkOpaque rejects a picture in which a decoder would find a tag with many attributes, of which five
// bytes become two strings each: a workbook may name any of its files as a sheet.
func (a *archive) checkOpaque(f *zip.File) error {
	r, err := a.openFile(f)
	if err != nil {
		return err
	}
	defer r.Close()
	attributes, equals := 0, false
	for buffered := bufio.NewReaderSize(r, 64<<10); ; {
		b, err := buffered.ReadByte()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return corrupt("%v", err)
		case b == '<':
			attributes, equals = 0, false
		case b == '=':
			equals = true
		case b == '"' || b == '\'':
			if equals {
				attributes++
			}
			equals = false
		case b != 0 && b != ' ' && b != '\t' && b != '\r' && b != '\n': // 0 as in UTF-16
			equals = false
		}
		if attributes > maxOpaqueAttributes {
			return fmt.Errorf("a tag with more than %d attributes: %w", maxOpaqueAttributes, ErrTooLarge)
		}
	}
}

// isXMLName reports whether a part must be XML by its name.
func isXMLName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".xml", ".rels", ".vml", "":
		return true
	}
	return false
}

// partCheck counts the rows and cells of a sheet.
type partCheck struct {
	inRows         bool
	row            int // number of the current row
	cells, column  int // of the current row
	elements       int // of the current cell
	padded, merges int
}

// visit handles a start tag.
func (c *partCheck) visit(name, tag []byte) error {
	if c.elements++; c.inRows && c.elements > maxCellElements && string(name) != "mergeCell" {
		return fmt.Errorf("a cell with more than %d elements: %w", maxCellElements, ErrTooLarge)
	}
	switch string(name) {
	case "row":
		row := c.row + 1
		if r := attribute(tag, "r"); r != nil {
			row = number(r)
		}
		if row <= c.row && c.inRows {
			return corrupt("row %d comes after row %d", row, c.row)
		}
		c.inRows, c.row, c.cells, c.column, c.elements = true, row, 0, 0, 0
	case "c":
		if !c.inRows {
			return nil // a calculation chain
		}
		c.cells++
		c.elements = 0
		column := c.column + 1
		if r := attribute(tag, "r"); r != nil {
			column = columnOf(r)
		}
		c.padded += max(column-c.column, 0)
		c.column = column
		switch {
		case c.cells > maxColumns || column > maxColumns:
			return fmt.Errorf("row %d has more than %d cells: %w", c.row, maxColumns, ErrTooLarge)
		case c.padded > maxPaddedCells:
			return fmt.Errorf("more than %d cells: %w", maxPaddedCells, ErrTooLarge)
		}
	case "mergeCells", "sheetData":
		c.elements = 0
	case "numFmt":
		if len(tag) > maxNumberFormat {
			return fmt.Errorf("a number format of more than %d bytes: %w", maxNumberFormat, ErrTooLarge)
		}
	case "mergeCell":
		c.elements = 0
		if c.merges++; c.merges > maxMerges {
			return fmt.Errorf("more than %d merged cells: %w", maxMerges, ErrTooLarge)
		}
	}
	return nil
}

// attribute returns the value of an attribute, ignoring its prefix, nil if the tag does not have it.
func attribute(tag []byte, name string) []byte {
	for rest := tag; ; {
		i := bytes.IndexByte(rest, '=')
		if i < 0 {
			return nil
		}
		key := bytes.TrimSpace(rest[:i])
		key = key[bytes.LastIndexAny(key, " \t\r\n")+1:]
		rest = bytes.TrimLeft(rest[i+1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			return nil
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return nil
		}
		if key = key[bytes.IndexByte(key, ':')+1:]; string(key) == name {
			return rest[1 : 1+end]
		}
		rest = rest[end+2:]
	}
}

// number parses a row's number; what is not one becomes 0.
func number(s []byte) int {
	n := 0
	for _, b := range bytes.TrimSpace(s) {
		if b < '0' || b > '9' || n > maxRowsXLSX {
			return 0
		}
		n = n*10 + int(b-'0')
	}
	return n
}

// columnOf returns the column of a cell reference such as "B12", from 1.
func columnOf(reference []byte) int {
	n := 0
	for _, b := range reference {
		switch {
		case b >= 'A' && b <= 'Z':
			n = n*26 + int(b-'A') + 1
		case b >= 'a' && b <= 'z':
			n = n*26 + int(b-'a') + 1
		default:
			return n
		}
		if n > maxColumns {
			return n
		}
	}
	return n
}
