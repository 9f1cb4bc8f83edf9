package courses

import (
	"slices"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/courses/spreadsheet"
)

// sheetColumns are the parts of a lecture that have one column each.
var sheetColumns = []string{"identifier", "section", "title", "subtitle", "professor", "credit", "hours", "times", "room", "url"}

// sheetMapping is the parsed options of the adapter sheet.
type sheetMapping struct {
	tableSpec
	categories   int         // number of columns category.0, category.1, …
	times        *timeFormat // nil without a column of times
	placeholders placeholders
	separators   string
	numbers      numberStyle
	creditNumber int
	hoursNumber  int
	tags         []tagRule
	skip         []rule
}

func newSheetMapping(r *request) (*sheetMapping, error) {
	m := &sheetMapping{
		separators: r.option("room.separator", "/"), placeholders: parsePlaceholders(r.option("placeholders", "")),
		numbers: numberStyle{decimal: r.option("decimal", "")},
	}
	if m.separators == "none" {
		m.separators = ""
	}
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
	for _, parse := range []func(*request) error{m.parseTimes, m.parseNumbers, m.parseRules, m.parseFile} {
		if err := parse(r); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func categoryKey(i int) string { return "category." + strconv.Itoa(i) }

// parseTimes parses the option times, which goes with the column of the same name.
func (m *sheetMapping) parseTimes(r *request) error {
	times := r.option("times", "")
	var err error
	switch hasColumn := r.option("column.times", "") != ""; {
	case hasColumn && times == "":
		return invalid("option column.times requires option times, " +
			"an example of how the school writes a meeting, such as 월(11:00~12:15)")
	case !hasColumn && (times != "" || r.option("column.room", "") != ""):
		return invalid("options times and column.room require option column.times")
	case hasColumn:
		d := dialect{periods: r.periods, placeholders: m.placeholders}
		if err = d.parseOptions(r); err != nil {
			return err
		}
		if m.times, err = d.format(times); err != nil {
			return invalid("option times: %v", err)
		}
	}
	return nil
}

// parseOptions parses the options times.days, times.clock and times.ignore.
func (d *dialect) parseOptions(r *request) (err error) {
	if names := r.option("times.days", ""); names != "" {
		if d.days, err = parseDayNames(names); err != nil {
			return invalid("option times.days: %v", err)
		}
	}
	if d.clock, err = parseClockStyle(r.option("times.clock", "")); err != nil {
		return invalid("option times.clock: %v", err)
	}
	for remark := range strings.SplitSeq(r.option("times.ignore", ""), " | ") {
		if remark = normalizeCell(remark); remark != "" {
			d.remarks = append(d.remarks, remark)
		}
	}
	return nil
}

// parseNumbers parses the options credit.number, hours.number and header.row.
func (m *sheetMapping) parseNumbers(r *request) error {
	for _, o := range []struct {
		key      string
		fallback string
		value    *int
	}{
		{"credit.number", "1", &m.creditNumber},
		{"hours.number", "1", &m.hoursNumber},
		{"header.row", "0", &m.headerRow},
	} {
		if r.options[o.key] == "last" && o.key != "header.row" {
			*o.value = lastNumber
			continue
		}
		n, err := strconv.Atoi(r.option(o.key, o.fallback))
		if err != nil || n < 0 || n > 1000 || n == 0 && r.options[o.key] != "" {
			return invalid("option %s is %q, must be a number from 1 to 1000", o.key, truncate(r.options[o.key], 50))
		}
		*o.value = n
	}
	return nil
}

// parseFile parses the options for the file's format.
func (m *sheetMapping) parseFile(r *request) error {
	m.formats = []spreadsheet.Format{spreadsheet.CSV, spreadsheet.XLSX, spreadsheet.XLS, spreadsheet.HTML}
	if f := r.option("format", ""); f != "" {
		m.formats = []spreadsheet.Format{spreadsheet.Format(f)}
	}
	m.file = spreadsheet.Options{Charset: r.option("charset", ""), Sheet: r.option("sheet", "")}
	if c := m.file.Charset; c != "" && !spreadsheet.KnownCharset(c) {
		return invalid("option charset is %q, must be a charset of the WHATWG Encoding standard, such as euc-kr", truncate(c, 50))
	}
	switch d := []rune(r.option("delimiter", "")); {
	case string(d) == "tab":
		m.file.Delimiter = '\t'
	case len(d) == 1 && d[0] != '"' && d[0] != '\uFFFD':
		m.file.Delimiter = d[0]
	case len(d) > 0:
		return invalid("option delimiter is %q, must be one character or tab", truncate(string(d), 50))
	}
	return nil
}

// parseRules parses the options tag.NAME and skip and adds the columns that they read.
func (m *sheetMapping) parseRules(r *request) error {
	var keys []string
	for key := range r.options {
		if strings.HasPrefix(key, "tag.") || key == "skip" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys) // so that the order of tags is stable
	for _, key := range keys {
		rules, err := parseRules(r.options[key])
		if err != nil {
			return invalid("option %s: %v", truncate(key, 100), err)
		}
		for _, rule := range rules {
			if !slices.ContainsFunc(m.columns, func(c column) bool { return c.key == rule.columnKey() }) {
				m.columns = append(m.columns, column{key: rule.columnKey(), names: []string{rule.header}, required: true})
			}
			if key == "skip" {
				m.skip = append(m.skip, rule)
			} else {
				m.tags = append(m.tags, tagRule{rule, strings.TrimPrefix(key, "tag.")})
			}
		}
	}
	return nil
}
