package spreadsheet

import (
	"fmt"
	"slices"
	"strings"
)

// sheetChoice is a sheet that could be read.
type sheetChoice struct {
	name      string
	visible   bool
	worksheet bool // not a chart
}

// selectSheets returns the positions of the named sheets, or of all visible ones for AllSheets, or of the
// first visible one if there are no names.
func selectSheets(format string, sheets []sheetChoice, names []string) ([]int, error) {
	var selected []int
	if len(names) == 0 || slices.Contains(names, AllSheets) {
		for i, s := range sheets {
			if s.worksheet && s.visible && (len(names) > 0 || len(selected) == 0) {
				selected = append(selected, i)
			}
		}
		if len(selected) == 0 {
			return nil, fmt.Errorf("%s: no visible sheet with cells among %s: %w", format, joinSheets(sheets), ErrUnsupported)
		}
		return selected, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(sheets, func(s sheetChoice) bool { return s.worksheet && s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%s: no sheet %q among %s: %w", format, name, joinSheets(sheets), ErrUnsupported)
		}
		selected = append(selected, i)
	}
	return selected, nil
}

// joinSheets lists sheets for an error message.
func joinSheets(sheets []sheetChoice) string {
	var names []string
	for _, s := range sheets {
		name := fmt.Sprintf("%q", s.name)
		switch {
		case !s.worksheet:
			name += " (a chart)"
		case !s.visible:
			name += " (hidden)"
		}
		if names = append(names, name); len(names) == 20 {
			break
		}
	}
	return strings.Join(names, ", ")
}

// SheetNames describes the sheets of a workbook for an error message. It returns "" for other formats and
// for a file that it cannot read.
func SheetNames(data []byte, format Format) string {
	var sheets []sheetChoice
	switch format {
	case XLSX:
		if book, err := openOOXML(data, defaultMaxUncompressed); err == nil {
			sheets = book.choices()
		}
	case XLS:
		if stream, err := workbookStream(data); err == nil {
			if book, err := readGlobals(stream); err == nil {
				sheets = book.choices()
			}
		}
	case ODS:
		sheets = odsSheets(data)
	}
	return joinSheets(sheets)
}
