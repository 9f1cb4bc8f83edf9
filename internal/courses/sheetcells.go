package courses

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// cell returns a cell of the table as it is in the file, without the school's placeholders.
func (m *sheetMapping) cell(row tableRow, header string) string {
	text := row.raw(columnKey(header))
	if len(m.placeholders) > 0 && m.placeholders.match(cleanText(text)) {
		return ""
	}
	return text
}

// raw returns a part of the lecture with its line breaks. The error points to the cells.
func (m *sheetMapping) raw(row tableRow, key string) (string, error) {
	e := m.cells[key]
	if e == nil {
		return "", nil
	}
	return m.evaluate(row, e, key)
}

func (m *sheetMapping) evaluate(row tableRow, e *cellExpr, key string) (string, error) {
	several := len(e.headers()) > 1
	text, err := e.eval(func(header string) string {
		cell := m.cell(row, header)
		if several && m.placeholders.match(cleanText(cell)) {
			return "" // so that the next column counts
		}
		return cell
	})
	if err != nil {
		return "", fmt.Errorf("%s: %w", m.where(row, e), err)
	}
	pattern := m.patterns[key]
	if pattern == nil || strings.TrimSpace(text) == "" {
		return text, nil
	}
	lines := cellLines(text, 0)
	for i, line := range lines {
		if line == "" {
			continue
		}
		match := pattern.FindStringSubmatch(line)
		if match == nil {
			return "", fmt.Errorf("%s: option pattern.%s does not match %q", m.where(row, e), key, truncate(line, 60))
		}
		lines[i] = match[1]
	}
	return strings.Join(lines, "\n"), nil
}

// text returns a part of the lecture as clean text.
func (m *sheetMapping) text(row tableRow, key string) (string, error) {
	text, err := m.raw(row, key)
	return cleanText(text), err
}

// where names the cells of an expression.
func (m *sheetMapping) where(row tableRow, e *cellExpr) string {
	var cells []string
	for _, header := range e.headers() {
		if i, ok := row.index[columnKey(header)]; ok {
			cells = appendUnique(cells, row.where(i))
		}
	}
	return strings.Join(cells, ", ")
}

// continues reports whether a row has no course code and no title, but something else.
func (m *sheetMapping) continues(row tableRow) bool {
	identifier, err := m.text(row, "identifier")
	title, errTitle := m.text(row, "title")
	times, errTimes := m.text(row, "times")
	return err == nil && errTitle == nil && identifier == "" && title == "" && (times != "" || errTimes != nil)
}

// readRow reads a row into one: its lecture, or why it is left out.
func (m *sheetMapping) readRow(row tableRow, base *url.URL, one *sheetRow) {
	if row.broken {
		one.reason, one.skipped = row.problem, row.skipped
		return
	}
	for _, s := range m.skip {
		if s.matches(row) {
			one.reason, one.skipped = "skipped by the rule “"+s.String()+"”", true
			return
		}
	}
	identifier, err := m.identifier(row)
	one.identifier = identifier
	if err == nil && row.problem == "" {
		one.lecture, err = m.lecture(row, identifier, base)
	}
	switch {
	case row.problem != "":
		one.reason = row.problem
	case err != nil:
		one.lecture, one.reason = nil, err.Error()
	}
}

// scientific matches a long number as spreadsheet programs show it.
var scientific = regexp.MustCompile(`^\d(?:\.\d+)?E\+\d+$`)

func (m *sheetMapping) identifier(row tableRow) (string, error) {
	code, err := m.text(row, "identifier")
	if err != nil {
		return "", err
	}
	if scientific.MatchString(code) {
		return "", fmt.Errorf("%s: %s is a code whose digits a spreadsheet program has dropped", m.where(row, m.cells["identifier"]), code)
	}
	section, err := m.text(row, "section")
	return joinIdentifier(code, section), err
}

// lecture returns the lecture of a row.
func (m *sheetMapping) lecture(row tableRow, identifier string, base *url.URL) (*lecturespb.Lecture, error) {
	lec := &lecturespb.Lecture{Identifier: identifier}
	var err error
	if lec.Name, err = m.text(row, "title"); err != nil {
		return nil, err
	}
	if lec.Subtitle, err = m.text(row, "subtitle"); err != nil {
		return nil, err
	}
	if lec.Professor, err = m.professor(row); err != nil {
		return nil, err
	}
	if lec.Url, err = m.url(row, base); err != nil {
		return nil, err
	}
	for _, e := range m.categories {
		category, err := m.evaluate(row, e, "category")
		if err != nil {
			return nil, err
		}
		lec.Category = appendUnique(lec.Category, m.placeholders.drop(cleanText(category)))
	}
	if lec.Credit, err = m.number(row, "credit", m.creditNumber); err != nil {
		return nil, err
	}
	// No client shows the hours, so unreadable ones are not worth losing the lecture.
	lec.HoursPerWeek, _ = m.number(row, "hours", m.hoursNumber)
	cell, err := m.readTimes(row)
	if err != nil {
		return nil, err
	}
	lec.Times = cell.times
	addProfessors(lec, cell.professors)
	for _, t := range m.tags {
		if t.matches(row) {
			addTag(lec, t.tag)
		}
	}
	return lec, nil
}

// professor returns the professors, one a line.
func (m *sheetMapping) professor(row tableRow) (string, error) {
	text, err := m.raw(row, "professor")
	if err != nil {
		return "", err
	}
	return m.placeholders.drop(cleanLines(text)), nil
}

// number returns number n of a cell.
func (m *sheetMapping) number(row tableRow, key string, n int) (float64, error) {
	text, err := m.text(row, key)
	if err != nil {
		return 0, err
	}
	number, err := m.numbers.at(text, n)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", m.where(row, m.cells[key]), err)
	}
	return number, nil
}

// url returns the URL of the syllabus, "" if clients should not open it. Only &amp; is unescaped: the
// &section of a query is not the entity of that name.
func (m *sheetMapping) url(row tableRow, base *url.URL) (string, error) {
	if m.linkedURL {
		for _, header := range m.cells["url"].headers() {
			if link := absoluteURL(base, row.link(columnKey(header))); link != "" {
				return webLink(link), nil
			}
		}
	}
	text, err := m.raw(row, "url")
	if err != nil {
		return "", err
	}
	return webLink(strings.ReplaceAll(strings.TrimSpace(text), "&amp;", "&")), nil
}

// absoluteURL resolves a link, "" if there is none or it is relative to an unknown page.
func absoluteURL(base *url.URL, link string) string {
	u, err := url.Parse(strings.TrimSpace(link))
	if link == "" || err != nil {
		return ""
	}
	if !u.IsAbs() {
		if base == nil {
			return ""
		}
		u = base.ResolveReference(u)
	}
	return u.String()
}

// readTimes returns the meetings of a row.
func (m *sheetMapping) readTimes(row tableRow) (cellTimes, error) {
	e := m.cells["times"]
	if m.times == nil || e == nil {
		return cellTimes{}, nil
	}
	times, err := m.raw(row, "times")
	if err != nil {
		return cellTimes{}, err
	}
	rooms, err := m.raw(row, "room")
	if err != nil {
		return cellTimes{}, err
	}
	read, err := m.parseTimes(e, times, rooms)
	if err != nil {
		return cellTimes{}, fmt.Errorf("%s: %w", m.where(row, e), err)
	}
	return read, nil
}

// parseTimes parses meetings and rooms. Meetings composed of several cells are lines, and each has the
// room in the same line.
func (m *sheetMapping) parseTimes(e *cellExpr, times, rooms string) (cellTimes, error) {
	lines := strings.Split(times, "\n")
	if !e.isComposed() || len(lines) == 1 {
		return m.times.readCells(times, rooms, m.separators)
	}
	roomLines := cellLines(rooms, len(lines))
	if len(roomLines) == 1 {
		if parts := splitRooms(roomLines[0], m.separators); len(parts) > 1 {
			roomLines = parts
		}
	}
	if len(roomLines) > 1 && len(roomLines) != len(lines) {
		return cellTimes{}, fmt.Errorf("%d meetings, but %d rooms", len(lines), len(roomLines))
	}
	var all cellTimes
	for i, line := range lines {
		room := roomLines[0]
		if len(roomLines) > 1 {
			room = roomLines[i]
		}
		read, err := m.times.readCells(line, room, m.separators)
		if err != nil {
			return cellTimes{}, err
		}
		all.times = append(all.times, read.times...)
		all.professors = appendUnique(all.professors, read.professors...)
	}
	return all, nil
}
