package courses

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/courses/spreadsheet"
	"heek.kr/heektime/internal/lecturespb"
)

// sheet reads any school's table — CSV, XLSX, XLS, or an HTML page — by a mapping in its options. docs/add-a-school.md explains
// them one by one.
//
// Options:
//
//	url                where the file is; {year} and {term} in it are replaced
//	terms              the school's words for spring, summer, fall and winter, for {term}; default 1 S 2 W
//	format             csv, xlsx, xls or html; default by the file's content
//	charset            of csv and html, for instance euc-kr; default by the file's content
//	delimiter          of csv: one character, or tab; default by the file's content
//	sheet              name of the sheet in a workbook; default the first visible one
//	header.row         number of the header's row; default the first row that has all columns
//	column.identifier  header of the course code (needed)
//	column.section     header of the section, put behind the code with a hyphen
//	column.title       header of the title (needed)
//	column.subtitle, column.professor, column.credit, column.hours, column.times, column.room, column.url
//	column.category    headers of categories, with commas between
//	credit.number      which number of the credit's cell counts, default 1
//	hours.number       which number of the hours' cell counts, default 1
//	times              an example of how the school writes a meeting; see newTimeFormat. Needed with column.times
//	room.separator     characters between the meetings of a cell and between their rooms, default /
//	tag.NAME           rules that mark a lecture with NAME
//	skip               rules for rows that are no lectures
func sheet() adapter {
	a := adapter{name: "sheet", read: readSheet, options: []option{
		{key: "url", required: true}, {key: "terms"},
		{key: "format", values: []string{"csv", "xlsx", "xls", "html"}},
		{key: "charset"}, {key: "delimiter"}, {key: "sheet"}, {key: "header.row"},
	}}
	for _, key := range sheetColumns {
		a.options = append(a.options, option{key: "column." + key, required: key == "identifier" || key == "title"})
	}
	a.options = append(a.options, option{key: "column.category"}, option{key: "credit.number"}, option{key: "hours.number"},
		option{key: "times"}, option{key: "room.separator"}, option{key: "tag."}, option{key: "skip"})
	return a
}

// sheetColumns are the parts of a lecture that have one column each.
var sheetColumns = []string{"identifier", "section", "title", "subtitle", "professor", "credit", "hours", "times", "room", "url"}

// mapping is a sheet's options, read.
type mapping struct {
	layout
	categories int // columns category.0, category.1, …
	format     *timeFormat
	separator  string
	credit     int
	hours      int
	tags       []tagRule
	skip       []rule
}

func readSheet(ctx context.Context, r *request) error {
	m, err := newMapping(r)
	if err != nil {
		return err
	}
	address, err := r.expand(r.option("url", ""))
	if err != nil {
		return err
	}
	u, err := parseURL("url", address)
	if err != nil {
		return err
	}
	got, err := r.source.get(ctx, u)
	if err != nil {
		return err
	}
	for rec, err := range got.table(m.layout) {
		if err != nil {
			return err
		}
		if err := m.add(r.list, rec); err != nil {
			return err
		}
	}
	return nil
}

// add makes a lecture of a record.
func (m *mapping) add(l *list, rec record) error {
	row := "row " + strconv.Itoa(rec.row)
	for _, s := range m.skip {
		if s.holds(rec) {
			return l.skip(row, "left out by the rule “"+s.String()+"”", rec.describe())
		}
	}
	lec := &lecturespb.Lecture{
		Identifier: identifier(rec.text("identifier"), rec.text("section")),
		Name:       rec.text("title"),
		Subtitle:   rec.text("subtitle"),
		Professor:  known(strings.ReplaceAll(lines(rec.raw("professor")), "\n", ", ")),
		Url:        link(rec.text("url")),
	}
	for i := range m.categories {
		lec.Category = addNew(lec.Category, known(rec.text(categoryKey(i))))
	}
	var err error
	if lec.Credit, lec.HoursPerWeek, err = credits(rec.text("credit"), m.credit, rec.text("hours"), m.hours); err != nil {
		return l.leave(row, err.Error(), rec.describe())
	}
	if m.format != nil {
		if lec.Times, err = m.format.cells(rec.raw("times"), rec.raw("room"), m.separator); err != nil {
			return l.leave(row, err.Error(), rec.describe())
		}
	}
	for _, t := range m.tags {
		if t.holds(rec) {
			addTag(lec, t.tag)
		}
	}
	return l.add(row, lec)
}

// link is an address that a client may open, "" for anything else.
func link(address string) string {
	if strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://") {
		return address
	}
	return ""
}

func newMapping(r *request) (*mapping, error) {
	m := &mapping{separator: r.option("room.separator", "/")}
	for _, key := range sheetColumns {
		if name := r.option("column."+key, ""); name != "" {
			m.columns = append(m.columns, column{key: key, names: []string{name}, required: true})
		}
	}
	for name := range strings.SplitSeq(r.option("column.category", ""), ",") {
		if name = strings.TrimSpace(name); name != "" {
			m.columns = append(m.columns, column{key: categoryKey(m.categories), names: []string{name}, required: true})
			m.categories++
		}
	}
	var err error
	times := r.option("times", "")
	switch hasColumn := r.option("column.times", "") != ""; {
	case hasColumn && times == "":
		return nil, invalid("option column.times needs option times: an example of how the school writes a meeting, as in 월(11:00~12:15)")
	case !hasColumn && (times != "" || r.option("column.room", "") != ""):
		return nil, invalid("options times and column.room need option column.times")
	case hasColumn:
		if m.format, err = newTimeFormat(times, r.hours); err != nil {
			return nil, invalid("option times: %v", err)
		}
	}
	for key, into := range map[string]*int{"credit.number": &m.credit, "hours.number": &m.hours, "header.row": &m.headerRow} {
		otherwise := "1"
		if key == "header.row" {
			otherwise = "0"
		}
		n, err := strconv.Atoi(r.option(key, otherwise))
		if err != nil || n < 0 || n > 1000 || n == 0 && r.options[key] != "" {
			return nil, invalid("option %s is %q; it is a number from 1", key, clip(r.options[key], 50))
		}
		*into = n
	}
	if err := m.rules(r); err != nil {
		return nil, err
	}
	return m, m.readFile(r)
}

// readFile reads the options that say what kind of file it is.
func (m *mapping) readFile(r *request) error {
	m.formats = []spreadsheet.Format{spreadsheet.CSV, spreadsheet.XLSX, spreadsheet.XLS, spreadsheet.HTML}
	if f := r.option("format", ""); f != "" {
		m.formats = []spreadsheet.Format{spreadsheet.Format(f)}
	}
	m.file = spreadsheet.Options{Charset: r.option("charset", ""), Sheet: r.option("sheet", "")}
	if c := m.file.Charset; c != "" && !spreadsheet.KnownCharset(c) {
		return invalid("option charset is %q, which is no charset of the web", clip(c, 50))
	}
	switch d := []rune(r.option("delimiter", "")); {
	case string(d) == "tab":
		m.file.Delimiter = '\t'
	case len(d) == 1 && d[0] != '"' && d[0] != '\uFFFD':
		m.file.Delimiter = d[0]
	case len(d) > 0:
		return invalid("option delimiter is %q; it is one character, or tab", clip(string(d), 50))
	}
	return nil
}

// rules reads the options tag.NAME and skip, and adds the columns that they look at.
func (m *mapping) rules(r *request) error {
	var keys []string
	for key := range r.options {
		if strings.HasPrefix(key, "tag.") || key == "skip" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys) // tags come in an order that does not change by itself
	for _, key := range keys {
		rules, err := newRules(r.options[key])
		if err != nil {
			return invalid("option %s: %v", clip(key, 100), err)
		}
		for _, one := range rules {
			if !slices.ContainsFunc(m.columns, func(c column) bool { return c.key == one.key() }) {
				m.columns = append(m.columns, column{key: one.key(), names: []string{one.header}, required: true})
			}
			if key == "skip" {
				m.skip = append(m.skip, one)
			} else {
				m.tags = append(m.tags, tagRule{one, strings.TrimPrefix(key, "tag.")})
			}
		}
	}
	return nil
}

func categoryKey(i int) string { return "category." + strconv.Itoa(i) }
