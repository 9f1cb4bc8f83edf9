package courses

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/courses/spreadsheet"
)

// column is one that an adapter looks for in a table's header.
type column struct {
	// key is what the adapter calls it.
	key string
	// names under which schools head it, the likeliest first.
	names []string
	// required columns make a row of the table its header.
	required bool
}

// headerWithin bounds where a header may stand, in rows that hold something.
const headerWithin = 60

// table reads records out of a file's rows: it finds the header and then gives every row below it by the names of its columns.
type table struct {
	layout
	from string // names the file in errors

	header  []string       // as it stands in the file
	index   map[string]int // column by key
	headed  bool
	inTable int      // the table that index belongs to
	best    []string // the row that looks most like a header
	bestFit int
	why     error // why a name fits no one column of best
	seen    int   // rows looked at for a header
}

// record is one row of a table below its header.
type record struct {
	row   int
	index map[string]int
	cells []string
}

// text is a cell's text, "" when the table has no such column.
func (r record) text(key string) string { return clean(r.raw(key)) }

// raw is a cell as it stands in the file, with its line breaks.
func (r record) raw(key string) string {
	if i, ok := r.index[key]; ok && i < len(r.cells) {
		return r.cells[i]
	}
	return ""
}

// describe is what identifies the row to a person: its first cells.
func (r record) describe() string {
	var filled []string
	for _, c := range r.cells {
		if c = clean(c); c != "" {
			filled = append(filled, c)
		}
		if len(filled) == 6 {
			break
		}
	}
	return strings.Join(filled, " ")
}

// records gives the rows below the header. Blank rows, repetitions of the header, and what stands outside of tables that
// have the header, are passed. The error, after which there are no more, has its code.
func (t *table) records(rows iter.Seq2[spreadsheet.Row, error]) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for row, err := range rows {
			if err != nil {
				yield(record{}, t.failed(err))
				return
			}
			if row.Number < t.headerRow || blank(row.Cells) {
				continue
			}
			if row.Table != t.inTable {
				t.index, t.inTable = nil, row.Table
			}
			if t.index == nil {
				if err := t.look(row.Cells); err != nil {
					yield(record{}, err)
					return
				}
				continue
			}
			if t.repeated(row.Cells) {
				continue
			}
			if !yield(record{row: row.Number, index: t.index, cells: row.Cells}, nil) {
				return
			}
		}
		if !t.headed {
			yield(record{}, t.unknown())
		}
	}
}

// look takes a row as the header when it has all required columns.
func (t *table) look(cells []string) error {
	index, ambiguous := find(t.columns, cells)
	missing := 0
	for _, c := range t.columns {
		if _, ok := index[c.key]; c.required && !ok {
			missing++
		}
	}
	if missing == 0 {
		t.header, t.index, t.headed = append([]string(nil), cells...), index, true
		return nil
	}
	if t.headed {
		return nil // another table beside the list
	}
	if fit := 1000*len(index) + len(cells); t.best == nil || fit > t.bestFit {
		t.best, t.bestFit, t.why = append([]string(nil), cells...), fit, ambiguous
	}
	if t.seen++; t.seen == headerWithin {
		return t.unknown()
	}
	return nil
}

func (t *table) unknown() error {
	if t.best == nil {
		return unknownShape("%s holds no table with rows; a header with %s is needed", t.from, t.wanted())
	}
	if t.why != nil {
		return unknownShape("%s: %v; the header is %s", t.from, t.why, t.show(t.best))
	}
	return unknownShape("%s has no header with %s; the most similar row is %s", t.from, t.wanted(), t.show(t.best))
}

func (t *table) wanted() string {
	var names []string
	for _, c := range t.columns {
		if c.required {
			names = append(names, c.names[0])
		}
	}
	return strings.Join(names, ", ")
}

func (t *table) show(cells []string) string {
	var names []string
	for _, c := range cells {
		names = append(names, clip(clean(c), 30))
	}
	return clip(strings.Join(names, " | "), 500)
}

func (t *table) repeated(cells []string) bool {
	if len(cells) == 0 || cells[0] != t.header[0] || len(cells) != len(t.header) {
		return false
	}
	for i := range cells {
		if cells[i] != t.header[i] {
			return false
		}
	}
	return true
}

func (t *table) failed(err error) error {
	switch {
	case errors.Is(err, spreadsheet.ErrCorrupt):
		return damaged("%s: %s", t.from, clip(err.Error(), 300))
	case errors.Is(err, spreadsheet.ErrTooLarge):
		return status.Errorf(codes.ResourceExhausted, "%s: %v", t.from, err)
	}
	return unknownShape("%s: %s", t.from, clip(err.Error(), 500))
}

// find looks for columns in a header: first those headed exactly by one of their names, then, among what is left, those whose
// header begins with one of them, then those whose header holds one. Case and spaces don't count. A name that fits several
// headers is an error: better none than the wrong one.
func find(columns []column, cells []string) (map[string]int, error) {
	heads := make([]string, len(cells))
	for i, c := range cells {
		heads[i] = squeeze(c)
	}
	index, taken := map[string]int{}, make([]bool, len(cells))
	var ambiguous error
	for _, fits := range []func(head, name string) bool{
		func(head, name string) bool { return head == name },
		strings.HasPrefix,
		strings.Contains,
	} {
		for _, c := range columns {
			if _, found := index[c.key]; found {
				continue
			}
			if i, found := named(columns, index, c.names[0]); found {
				index[c.key] = i // two columns of one header
				continue
			}
			for _, name := range c.names {
				name = squeeze(name)
				var at []int
				for i, head := range heads {
					if !taken[i] && fits(head, name) {
						at = append(at, i)
					}
				}
				if len(at) > 1 && c.required {
					ambiguous = fmt.Errorf("column %s could be %q or %q", c.names[0], clip(clean(cells[at[0]]), 30), clip(clean(cells[at[1]]), 30))
				}
				if len(at) == 1 {
					index[c.key], taken[at[0]] = at[0], true
					break
				}
			}
		}
	}
	for _, c := range columns {
		if _, found := index[c.key]; c.required && !found {
			return index, ambiguous
		}
	}
	return index, nil
}

// named is where a column of that name was found already.
func named(columns []column, index map[string]int, name string) (int, bool) {
	for _, c := range columns {
		if i, found := index[c.key]; found && c.names[0] == name {
			return i, true
		}
	}
	return 0, false
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.Trim(c, " \t\r\n\u00a0") != "" {
			return false
		}
	}
	return true
}
