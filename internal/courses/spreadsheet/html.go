package spreadsheet

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	maxSpan  = 1000 // colspan's bound in the HTML standard, used for rowspan too
	maxCells = 2000 // cells a row
	maxToken = 1 << 20
)

// readHTML reads the rows of every <table> of a page. A cell that spans columns or rows stands in each of them; <br> and the
// ends of blocks are line breaks in a cell; a table within a cell is a table of its own.
func readHTML(data []byte, o Options) iter.Seq2[Row, error] {
	text, err := decode(data, o.Charset)
	if err != nil {
		return fail(err)
	}
	return func(yield func(Row, error) bool) {
		z := html.NewTokenizer(text)
		z.SetMaxBuf(maxToken)
		p := page{yield: yield}
		for !p.stopped {
			switch z.Next() {
			case html.ErrorToken:
				p.finish(z.Err())
				return
			case html.TextToken:
				p.text(z.Text())
			case html.StartTagToken, html.SelfClosingTagToken:
				p.start(z)
			case html.EndTagToken:
				name, _ := z.TagName()
				p.end(atom.Lookup(name))
			}
		}
	}
}

// page is the state of reading one page.
type page struct {
	yield   func(Row, error) bool
	stopped bool
	tables  int      // tables that had a row so far
	open    []*table // innermost last
	skip    atom.Atom
	ended   bool // </html> was seen
}

// table is the state of one <table>.
type table struct {
	id     int
	rows   int
	inRow  bool
	inCell bool
	cell   bytes.Buffer
	cells  []string
	span   [2]int // columns and rows of the cell in hand
	below  []carried
}

// carried is a cell that stands in the rows below too.
type carried struct {
	rows int
	text string
}

func (p *page) start(z *html.Tokenizer) {
	name, hasAttr := z.TagName()
	tag := atom.Lookup(name)
	if p.skip != 0 {
		return
	}
	if tag == atom.Script || tag == atom.Style {
		p.skip = tag
		return
	}
	if tag == atom.Table {
		p.open = append(p.open, &table{})
		return
	}
	t := p.innermost()
	if t == nil {
		return
	}
	switch tag {
	case atom.Tr:
		p.endRow(t)
		t.inRow = true
	case atom.Td, atom.Th:
		t.endCell()
		t.inRow, t.inCell = true, true
		t.span = [2]int{1, 1}
		for hasAttr {
			var key, value []byte
			key, value, hasAttr = z.TagAttr()
			switch string(key) {
			case "colspan":
				t.span[0] = spanOf(value)
			case "rowspan":
				t.span[1] = spanOf(value)
			}
		}
	case atom.Br, atom.P, atom.Div, atom.Li:
		t.lineBreak()
	}
}

func (p *page) end(tag atom.Atom) {
	if p.skip != 0 {
		if tag == p.skip {
			p.skip = 0
		}
		return
	}
	if tag == atom.Html {
		p.ended = true
	}
	t := p.innermost()
	if t == nil {
		return
	}
	switch tag {
	case atom.Table:
		p.endRow(t)
		p.open = p.open[:len(p.open)-1]
	case atom.Tr:
		p.endRow(t)
	case atom.Td, atom.Th:
		t.endCell()
	case atom.P, atom.Div, atom.Li:
		t.lineBreak()
	}
}

func (p *page) text(text []byte) {
	if t := p.innermost(); t != nil && t.inCell && p.skip == 0 {
		t.cell.Write(text)
	}
}

func (p *page) innermost() *table {
	if len(p.open) == 0 {
		return nil
	}
	return p.open[len(p.open)-1]
}

// finish ends the page: a page that stops within a table was cut off.
func (p *page) finish(err error) {
	switch {
	case errors.Is(err, html.ErrBufferExceeded):
		p.yield(Row{}, corrupt("html: a tag or text is longer than %d bytes", maxToken))
	case !errors.Is(err, io.EOF):
		p.yield(Row{}, corrupt("html: %v", err))
	case len(p.open) > 0 && !p.ended:
		p.yield(Row{}, corrupt("html: the page ends within a table"))
	case len(p.open) > 0:
		p.endRow(p.open[len(p.open)-1])
	}
}

func (p *page) endRow(t *table) {
	if !t.inRow || p.stopped {
		return
	}
	t.endCell()
	t.carry()
	t.inRow = false
	if t.id == 0 {
		p.tables++
		t.id = p.tables
	}
	t.rows++
	if !p.yield(Row{Number: t.rows, Table: t.id, Cells: t.cells}, nil) {
		p.stopped = true
	}
	t.cells = t.cells[:0]
}

func (t *table) endCell() {
	if !t.inCell {
		return
	}
	t.inCell = false
	text := strings.Trim(t.cell.String(), " \t\r\n")
	t.cell.Reset()
	for range t.span[0] {
		t.carry()
		if len(t.cells) >= maxCells {
			return
		}
		if t.span[1] > 1 {
			for len(t.below) <= len(t.cells) {
				t.below = append(t.below, carried{})
			}
			t.below[len(t.cells)] = carried{rows: t.span[1] - 1, text: text}
		}
		t.cells = append(t.cells, text)
	}
}

// carry puts the cells that reach down from rows above into the row, as far as they are next.
func (t *table) carry() {
	for len(t.cells) < len(t.below) && t.below[len(t.cells)].rows > 0 {
		c := &t.below[len(t.cells)]
		c.rows--
		t.cells = append(t.cells, c.text)
	}
}

func (t *table) lineBreak() {
	if t.inCell && t.cell.Len() > 0 {
		t.cell.WriteByte('\n')
	}
}

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
