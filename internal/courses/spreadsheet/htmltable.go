package spreadsheet

import (
	"bytes"
	"strings"
)

const (
	maxSpan     = 1000 // the HTML standard's limit for colspan, applied to rowspan as well
	maxRowCells = 2000
)

// table is the state of one <table> element.
type table struct {
	number  int
	rows    int
	inRow   bool
	inCell  bool
	cell    bytes.Buffer
	cells   []string
	link    string         // of the current cell
	links   map[int]string // of the row
	colspan int            // of the current cell
	rowspan int            // of the current cell
	below   []spanningCell // by column
}

// spanningCell is a cell that is repeated in the rows below.
type spanningCell struct {
	rows int // how many more
	text string
	link string
}

// endCell appends the current cell to the row.
func (t *table) endCell() {
	if !t.inCell {
		return
	}
	t.inCell = false
	text := strings.Trim(t.cell.String(), " \t\r\n")
	t.cell.Reset()
	link := t.link
	if t.link = ""; link == ambiguousLink {
		link = ""
	}
	for range t.colspan {
		t.repeatSpanning()
		if len(t.cells) >= maxRowCells {
			return
		}
		if t.rowspan > 1 {
			for len(t.below) <= len(t.cells) {
				t.below = append(t.below, spanningCell{})
			}
			t.below[len(t.cells)] = spanningCell{rows: t.rowspan - 1, text: text, link: link}
		}
		t.appendCell(text, link)
	}
}

func (t *table) appendCell(text, link string) {
	if link != "" {
		if t.links == nil {
			t.links = map[int]string{}
		}
		t.links[len(t.cells)] = link
	}
	t.cells = append(t.cells, text)
}

// ambiguousLink marks a cell with links to several pages.
const ambiguousLink = "\x00"

// addLink sets the link of the current cell, unless it has links to several pages.
func (t *table) addLink(link string) {
	switch {
	case !t.inCell || link == "" || link == t.link:
	case t.link == "":
		t.link = link
	default:
		t.link = ambiguousLink
	}
}

// repeatSpanning appends the spanning cells of rows above that come next in the row.
func (t *table) repeatSpanning() {
	for len(t.cells) < len(t.below) && t.below[len(t.cells)].rows > 0 {
		c := &t.below[len(t.cells)]
		c.rows--
		t.appendCell(c.text, c.link)
	}
}

func (t *table) lineBreak() {
	if t.inCell && t.cell.Len() > 0 {
		t.cell.WriteByte('\n')
	}
}

// spanOf parses the value of colspan or rowspan.
func spanOf(value []byte) int {
	n := 0
	for _, b := range bytes.TrimSpace(value) {
		if b < '0' || b > '9' || n > maxSpan {
			break
		}
		n = n*10 + int(b-'0')
	}
	return min(max(n, 1), maxSpan)
}
