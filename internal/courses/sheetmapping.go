package courses

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/courses/spreadsheet"
)

// sheetColumns are the parts of a lecture that have an option column.NAME.
var sheetColumns = []string{"identifier", "section", "title", "subtitle", "professor", "credit", "hours", "times", "room", "url"}

// sheetMapping is the parsed options of the adapter sheet.
type sheetMapping struct {
	tableSpec
	cells        map[string]*cellExpr // by the names in sheetColumns
	categories   []*cellExpr
	patterns     map[string]*regexp.Regexp // by the names in sheetColumns
	placeholders placeholders
	linkedURL    bool        // whether the URL is the target of a link
	continued    bool        // whether rows without code and title continue the row above
	times        *timeFormat // nil without a column of times
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
		numbers: numberStyle{decimal: r.option("decimal", "")}, cells: map[string]*cellExpr{},
	}
	if m.separators == "none" {
		m.separators = ""
	}
	for _, parse := range []func(*request) error{
		m.parseColumns, m.parsePatterns, m.parseTimesOption, m.parseNumbers, m.parseRules, m.parseFile, m.parseRows,
	} {
		if err := parse(r); err != nil {
			return nil, err
		}
	}
	if slices.Equal(m.formats, []spreadsheet.Format{spreadsheet.JSON}) {
		for _, c := range m.columns {
			m.file.Fields = appendUnique(m.file.Fields, c.names[0])
		}
	}
	return m, nil
}

// parseColumns parses the options column.NAME.
func (m *sheetMapping) parseColumns(r *request) error {
	for _, key := range sheetColumns {
		value := r.option("column."+key, "")
		if value == "" {
			continue
		}
		strict := key == "identifier" || key == "section" || key == "times"
		e, err := parseCellExpr("column."+key, value, strict)
		if err != nil {
			return err
		}
		m.cells[key] = e
		m.addColumns(e)
	}
	for _, value := range splitOutsideBraces(r.option("column.category", ""), ",") {
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		e, err := parseCellExpr("column.category", value, false)
		if err != nil {
			return err
		}
		m.categories = append(m.categories, e)
		m.addColumns(e)
	}
	return nil
}

// addColumns adds the columns of an expression to those that the header must have.
func (m *sheetMapping) addColumns(e *cellExpr) {
	for _, header := range e.headers() {
		m.addColumn(columnKey(header), header, e.option)
	}
}

func (m *sheetMapping) addColumn(key, header, option string) {
	if !slices.ContainsFunc(m.columns, func(c column) bool { return c.key == key }) {
		m.columns = append(m.columns, column{key: key, names: []string{header}, required: true, option: option})
	}
}

// columnKey is the key of the column with a header.
func columnKey(header string) string { return "column." + header }

// parsePatterns parses the options pattern.NAME.
func (m *sheetMapping) parsePatterns(r *request) error {
	m.patterns = map[string]*regexp.Regexp{}
	for _, key := range slices.Sorted(maps.Keys(r.options)) {
		name, ok := strings.CutPrefix(key, "pattern.")
		value := r.options[key]
		if !ok || value == "" {
			continue
		}
		if m.cells[name] == nil {
			return invalid("option %s requires option column.%s", truncate(key, 50), truncate(name, 50))
		}
		pattern, err := regexp.Compile(value)
		if err != nil {
			return invalid("option %s is not a regular expression: %v", key, err)
		}
		if pattern.NumSubexp() != 1 {
			return invalid("option %s has %d groups in parentheses; it needs one, around the part to read", key, pattern.NumSubexp())
		}
		m.patterns[name] = pattern
	}
	return nil
}

// parseTimesOption parses the option times, which goes with the column of the same name.
func (m *sheetMapping) parseTimesOption(r *request) error {
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
	m.formats = []spreadsheet.Format{spreadsheet.CSV, spreadsheet.XLSX, spreadsheet.XLS, spreadsheet.ODS, spreadsheet.HTML}
	format := r.option("format", "")
	if rows := r.option("rows", ""); rows != "" {
		if format != "" && format != string(spreadsheet.JSON) {
			return invalid("option rows requires format json")
		}
		format = string(spreadsheet.JSON)
	}
	if format != "" {
		m.formats = []spreadsheet.Format{spreadsheet.Format(format)}
	}
	m.file = spreadsheet.Options{Charset: r.option("charset", ""), Rows: r.option("rows", "")}
	for name := range strings.SplitSeq(r.option("sheet", ""), " | ") {
		m.file.Sheets = appendUnique(m.file.Sheets, strings.TrimSpace(name))
	}
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

// parseRows parses the options that say what a row is.
func (m *sheetMapping) parseRows(r *request) error {
	for _, o := range []struct {
		key   string
		value *bool
	}{{"continued", &m.continued}, {"url.link", &m.linkedURL}} {
		*o.value = r.option(o.key, "no") == "yes"
	}
	if m.linkedURL && m.cells["url"] == nil {
		return invalid("option url.link requires option column.url")
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
			m.addColumn(rule.columnKey(), rule.header, key)
			if key == "skip" {
				m.skip = append(m.skip, rule)
			} else {
				m.tags = append(m.tags, tagRule{rule, strings.TrimPrefix(key, "tag.")})
			}
		}
	}
	return nil
}
