package courses

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/grpc/status"
)

// sheet reads the table of any school (CSV, XLSX, XLS, ODS, JSON or an HTML page) according to its
// options. docs/add-a-school.md explains each of them.
//
// Options:
//
//	url                URLs of the files, one a line; {year}, {term} and {page} are replaced
//	pages              first and last number for {page}, such as 1-40
//	terms              the words for spring, summer, fall and winter, for {term}; default 1 S 2 W
//	format             csv, xlsx, xls, ods, html or json; detected by default, except json
//	charset            of CSV, HTML and JSON, such as euc-kr; detected by default
//	delimiter          of CSV: one character, or tab; detected by default
//	sheet              names of the sheets in a workbook with " | " between them, or * for all visible
//	                   ones; default the first visible one
//	rows               path to the array of rows in JSON
//	header.row         first row to search for the header; default the first row of the file
//	column.identifier  course code (required). This and the other columns are a header, or several, see
//	                   cellExpr
//	column.section     section, appended to the code with a hyphen
//	column.title       title (required)
//	column.subtitle, column.professor, column.credit, column.hours, column.times, column.room,
//	column.url         the other parts of a lecture
//	column.category    categories, separated by commas
//	pattern.NAME       regular expression with a group around what to read from column.NAME
//	continued          yes: a row without code and title is another meeting of the row above
//	url.link           yes: column.url is the target of the link behind the cell
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
	yes := []string{"yes", "no"}
	a := adapter{name: "sheet", read: readSheet, options: []option{
		{key: "url", required: true}, {key: "pages"}, {key: "terms"},
		{key: "format", values: []string{"csv", "xlsx", "xls", "ods", "html", "json"}},
		{key: "charset"}, {key: "delimiter"}, {key: "sheet"}, {key: "rows"}, {key: "header.row"},
	}}
	for _, key := range sheetColumns {
		a.options = append(a.options, option{key: "column." + key, required: key == "identifier" || key == "title"})
	}
	a.options = append(a.options, option{key: "column.category"}, option{key: "pattern."}, option{key: "placeholders"},
		option{key: "continued", values: yes}, option{key: "url.link", values: yes},
		option{key: "credit.number"}, option{key: "hours.number"}, option{key: "decimal", values: []string{".", ","}},
		option{key: "times"}, option{key: "times.days"}, option{key: "times.clock"}, option{key: "times.ignore"},
		option{key: "room.separator"}, option{key: "tag."}, option{key: "skip"})
	return a
}

func readSheet(ctx context.Context, r *request) error {
	m, err := newSheetMapping(r)
	if err != nil {
		return err
	}
	files, err := sheetFiles(r)
	if err != nil {
		return err
	}
	rows := newSheetRows(m, r.list)
	for i, f := range files {
		if rows.prefix = ""; len(files) > 1 {
			rows.prefix = fmt.Sprintf("file %d ", i+1)
		}
		before := len(rows.rows)
		if err := readSheetFile(ctx, r, m, f.url, rows); err != nil {
			if len(files) > 1 {
				err = nthFileError(err, i+1, len(files))
			}
			return err
		}
		switch {
		case f.pages == 0: // not one of several pages
		case len(rows.rows) == before:
			return rows.finish()
		case i == len(files)-1:
			return unexpected("page %d of %s has rows, so there may be more pages: raise option pages", f.pages, f.url.Host)
		}
	}
	return rows.finish()
}

// sheetFile is one file of the list.
type sheetFile struct {
	url   *url.URL
	pages int // the number of its page, 0 without the option pages
}

// sheetFiles parses the options url and pages. The list is in all files, or in the pages up to the first
// without rows.
func sheetFiles(r *request) ([]sheetFile, error) {
	var files []sheetFile
	first, last, err := pageRange(r.option("pages", ""))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(r.option("url", "")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		address, err := r.expand(line)
		if err != nil {
			return nil, err
		}
		if strings.Contains(address, "{page}") != (last > 0) {
			return nil, invalid("option pages and {page} in option url require each other")
		}
		for page := first; page <= last; page++ {
			u, err := parseURL("url", strings.ReplaceAll(address, "{page}", strconv.Itoa(page)))
			if err != nil {
				return nil, err
			}
			files = append(files, sheetFile{url: u, pages: page})
		}
		if last == 0 {
			u, err := parseURL("url", address)
			if err != nil {
				return nil, err
			}
			files = append(files, sheetFile{url: u})
		} else if len(files) > last-first+1 {
			return nil, invalid("option pages works with one URL, not with several")
		}
	}
	if len(files) > maxPages {
		return nil, invalid("the list has %d files or pages; at most %d are allowed", len(files), maxPages)
	}
	return files, nil
}

// pageRange parses the option pages, such as 1-40. Without it, last is 0.
func pageRange(s string) (first, last int, err error) {
	if s == "" {
		return 1, 0, nil
	}
	from, to, _ := strings.Cut(s, "-")
	first, errFirst := strconv.Atoi(strings.TrimSpace(from))
	last, errLast := strconv.Atoi(strings.TrimSpace(to))
	if errFirst != nil || errLast != nil || first < 0 || last < max(first, 1) || last-first >= maxPages {
		return 0, 0, invalid("option pages is %q, must be the first and the last page, at most %d, as in 1-40", truncate(s, 50), maxPages)
	}
	return first, last, nil
}

// nthFileError says which of several files has failed.
func nthFileError(err error, n, of int) error {
	if s, ok := status.FromError(err); ok {
		return status.Errorf(s.Code(), "file %d of %d: %s", n, of, s.Message())
	}
	return err
}

func readSheetFile(ctx context.Context, r *request, m *sheetMapping, u *url.URL, rows *sheetRows) error {
	res, err := r.fetcher.get(ctx, u)
	if err != nil {
		return err
	}
	rows.base = res.url
	for row, err := range res.tableRows(m.tableSpec) {
		if err != nil {
			return err
		}
		if !rows.read(row) {
			break // finish reports that the list is too long
		}
	}
	return nil
}
