package courses

import (
	"context"
	"strconv"

	"heek.kr/heektime/internal/lecturespb"
)

// sheet reads the table of any school (CSV, XLSX, XLS or an HTML page) according to its options.
// docs/add-a-school.md explains each of them.
//
// Options:
//
//	url                URL of the file; {year} and {term} are replaced
//	terms              the words for spring, summer, fall and winter, for {term}; default 1 S 2 W
//	format             csv, xlsx, xls or html; detected by default
//	charset            of CSV and HTML, such as euc-kr; detected by default
//	delimiter          of CSV: one character, or tab; detected by default
//	sheet              name of the sheet in a workbook; default the first visible one
//	header.row         first row to search for the header; default the first row of the file
//	column.identifier  header of the course code (required)
//	column.section     header of the section, appended to the code with a hyphen
//	column.title       header of the title (required)
//	column.subtitle, column.professor, column.credit, column.hours, column.times, column.room,
//	column.url         headers of the other parts of a lecture
//	column.category    headers of the categories, separated by commas
//	credit.number      which number of the credit cell to use, or last; default 1
//	hours.number       which number of the hours cell to use, or last; default 1
//	decimal            the decimal separator, . or ,; by default both, if the meaning is certain
//	times              an example of how the school writes a meeting, required with column.times; see
//	                   dialect.format
//	times.days         the names of the weekdays, Monday first, such as M T W Th F Sa Su
//	times.clock        how times without am and pm are meant: 24, 12, or 12 from 8:00
//	times.ignore       remarks in cells with meetings that mean nothing, separated by " | "
//	placeholders       the school's words for an unknown value, separated by commas
//	room.separator     characters that separate the meetings of a cell and their rooms, default /; none
//	                   if the room cell has one room
//	tag.NAME           rules for lectures to tag with NAME
//	skip               rules for rows to skip
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
		option{key: "decimal", values: []string{".", ","}}, option{key: "placeholders"},
		option{key: "times"}, option{key: "times.days"}, option{key: "times.clock"}, option{key: "times.ignore"}, option{key: "room.separator"}, option{key: "tag."}, option{key: "skip"})
	return a
}

func readSheet(ctx context.Context, r *request) error {
	m, err := newSheetMapping(r)
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
	res, err := r.fetcher.get(ctx, u)
	if err != nil {
		return err
	}
	for row, err := range res.tableRows(m.tableSpec) {
		if err != nil {
			return err
		}
		if err := m.addRow(r.list, row); err != nil {
			return err
		}
	}
	return nil
}

// addRow adds the lecture of a row to the list.
func (m *sheetMapping) addRow(l *listBuilder, row tableRow) error {
	name := "row " + strconv.Itoa(row.number)
	for _, s := range m.skip {
		if s.matches(row) {
			return l.skip(name, "skipped by the rule “"+s.String()+"”", row.describe())
		}
	}
	lec := &lecturespb.Lecture{
		Identifier: joinIdentifier(row.text("identifier"), row.text("section")),
		Name:       row.text("title"),
		Subtitle:   row.text("subtitle"),
		Professor:  m.placeholders.drop(cleanLines(row.raw("professor"))),
		Url:        webLink(row.text("url")),
	}
	for i := range m.categories {
		lec.Category = appendUnique(lec.Category, m.placeholders.drop(row.text(categoryKey(i))))
	}
	var err error
	if lec.Credit, err = m.numbers.credit(row.text("credit"), m.creditNumber); err != nil {
		return l.reject(name, err.Error(), row.describe())
	}
	// No client shows the hours, so unreadable ones are not worth losing the lecture.
	lec.HoursPerWeek, _ = m.numbers.at(row.text("hours"), m.hoursNumber)
	if m.times != nil {
		cell, err := m.times.readCells(row.raw("times"), row.raw("room"), m.separators)
		if err != nil {
			return l.reject(name, err.Error(), row.describe())
		}
		lec.Times = cell.times
		addProfessors(lec, cell.professors)
	}
	for _, t := range m.tags {
		if t.matches(row) {
			addTag(lec, t.tag)
		}
	}
	return l.add(name, lec)
}
