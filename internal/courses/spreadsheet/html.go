package spreadsheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	maxTokenBytes   = 1 << 20
	maxNestedTables = 100
)

// readHTML reads the rows of every <table> of a page. A cell that spans columns or rows is repeated in
// each of them. Within a cell, <br> and block elements become line breaks, and a nested table is a
// table of its own.
func readHTML(data []byte, o Options) iter.Seq2[Row, error] {
	text, err := decode(data, o.Charset)
	if err != nil {
		return fail(err)
	}
	return func(yield func(Row, error) bool) {
		z := html.NewTokenizer(bytes.NewReader(text.data))
		z.SetMaxBuf(maxTokenBytes)
		p := pageReader{yield: yield}
		for !p.stopped {
			switch z.Next() {
			case html.ErrorToken:
				p.finish(z.Err())
				return
			case html.TextToken:
				p.text(z.Raw())
			case html.StartTagToken, html.SelfClosingTagToken:
				p.start(z)
			case html.EndTagToken:
				name, _ := z.TagName()
				p.end(atom.Lookup(name))
			}
		}
	}
}

// pageReader is the state of reading one page.
type pageReader struct {
	yield   func(Row, error) bool
	stopped bool
	tables  int       // tables with rows so far
	open    []*table  // the open <table> elements, innermost last
	ignore  atom.Atom // <script> or <style> while in one
	ended   bool      // whether </html> was read
	base    *url.URL  // of <base href>, or nil
}

// start handles a start tag.
func (p *pageReader) start(z *html.Tokenizer) {
	name, hasAttr := z.TagName()
	tag := atom.Lookup(name)
	if p.ignore != 0 {
		return
	}
	if tag == atom.Script || tag == atom.Style {
		p.ignore = tag
		return
	}
	if tag == atom.Base && p.base == nil {
		p.base, _ = url.Parse(tagAttribute(z, hasAttr, "href"))
		return
	}
	if tag == atom.Table {
		if len(p.open) == maxNestedTables {
			p.fail(fmt.Errorf("html: tables nested more than %d deep: %w", maxNestedTables, ErrTooLarge))
			return
		}
		p.open = append(p.open, &table{})
		return
	}
	t := p.innermost()
	if t == nil {
		return
	}
	switch tag {
	case atom.Thead, atom.Tbody, atom.Tfoot:
		p.endGroup(t)
	case atom.Tr:
		p.endRow(t)
		t.inRow = true
	case atom.A:
		t.addLink(p.resolve(tagAttribute(z, hasAttr, "href")))
	case atom.Td, atom.Th:
		t.endCell()
		t.inRow, t.inCell = true, true
		t.colspan, t.rowspan = 1, 1
		for hasAttr {
			var key, value []byte
			key, value, hasAttr = z.TagAttr()
			switch string(key) {
			case "colspan":
				t.colspan = spanOf(value)
			case "rowspan":
				t.rowspan = spanOf(value)
			}
		}
	case atom.Br, atom.P, atom.Div, atom.Li:
		t.lineBreak()
	}
}

// end handles an end tag.
func (p *pageReader) end(tag atom.Atom) {
	if p.ignore != 0 {
		if tag == p.ignore {
			p.ignore = 0
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
	case atom.Thead, atom.Tbody, atom.Tfoot:
		p.endGroup(t)
	case atom.Tr:
		p.endRow(t)
	case atom.Td, atom.Th:
		t.endCell()
	case atom.P, atom.Div, atom.Li:
		t.lineBreak()
	}
}

func (p *pageReader) text(raw []byte) {
	if t := p.innermost(); t != nil && t.inCell && p.ignore == 0 {
		text := unescapeText(string(raw))
		if t.cell.Len()+len(text) > maxCellBytes {
			p.fail(fmt.Errorf("html: a cell of more than %d bytes: %w", maxCellBytes, ErrTooLarge))
			return
		}
		t.cell.WriteString(text)
	}
}

// endGroup ends the current row group, beyond which no cell spans (HTML standard, 4.9.12, "row groups").
func (p *pageReader) endGroup(t *table) {
	p.endRow(t)
	t.below = t.below[:0]
}

// resolve returns the target of a link, relative to the page if it is and the page sets no base.
func (p *pageReader) resolve(href string) string {
	u, err := url.Parse(href)
	if err != nil {
		return ""
	}
	if p.base != nil {
		u = p.base.ResolveReference(u)
	}
	return u.String()
}

// tagAttribute returns an attribute of the current tag, or "".
func tagAttribute(z *html.Tokenizer, more bool, name string) string {
	for more {
		var key, value []byte
		if key, value, more = z.TagAttr(); string(key) == name {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

// fail ends the page with an error.
func (p *pageReader) fail(err error) {
	if !p.stopped {
		p.stopped = true
		p.yield(Row{}, err)
	}
}

// innermost returns the table that the reader is in, or nil.
func (p *pageReader) innermost() *table {
	if len(p.open) == 0 {
		return nil
	}
	return p.open[len(p.open)-1]
}

// finish ends the page. A page that ends within a table was cut off.
func (p *pageReader) finish(err error) {
	switch {
	case errors.Is(err, html.ErrBufferExceeded):
		p.yield(Row{}, corrupt("html: a tag or text exceeds %d bytes", maxTokenBytes))
	case !errors.Is(err, io.EOF):
		p.yield(Row{}, corrupt("html: %v", err))
	case len(p.open) > 0 && !p.ended:
		p.yield(Row{}, corrupt("html: the page ends within a table"))
	case len(p.open) > 0:
		p.endRow(p.open[len(p.open)-1])
	}
}

// endRow yields the current row of t.
func (p *pageReader) endRow(t *table) {
	if !t.inRow || p.stopped {
		return
	}
	t.endCell()
	t.repeatSpanning()
	t.inRow = false
	if t.number == 0 {
		p.tables++
		t.number = p.tables
	}
	t.rows++
	if !p.yield(Row{Number: t.rows, Table: t.number, Cells: t.cells, Links: t.links}, nil) {
		p.stopped = true
	}
	t.cells, t.links = t.cells[:0], nil
}
