package courses

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/courses/spreadsheet"
	"heek.kr/heektime/internal/lecturespb"
)

// snuHTML reads the pages of Seoul National University's liberal-arts courses. There is one page for
// each area, and no column names the area. A section that is on several pages becomes one lecture
// with all its areas.
//
// Options:
//
//	pages  one line for each page: AREA = URL. The URL may be relative to url; {year} and {term} are
//	       replaced. Without "AREA = ", the lectures of the page get no area.
//	url    the base of relative URLs; without pages, the only page
//	terms  the school's words for spring, summer, fall and winter, for {term}; default 1 S 2 W
//
// Pages are fetched one after the other with a pause. The adapter ignores the request's periods and
// uses the school's own: period n begins at (8+n):00.
func snuHTML() adapter {
	return adapter{
		name:    "snu-html",
		options: []option{{key: "url"}, {key: "pages"}, {key: "terms"}},
		read:    readSNUHTML,
	}
}

var snuPageColumns = []column{
	{key: "code", names: []string{"교과목번호"}, required: true},
	{key: "section", names: []string{"강좌번호"}, required: true},
	{key: "title", names: []string{"강좌명", "교과목명"}, required: true},
	{key: "category", names: []string{"교과구분"}, required: true},
	{key: "credit", names: []string{"학점-강의시간-실험시간", "학점"}, required: true},
	{key: "times", names: []string{"교시"}, required: true},
	{key: "room", names: []string{"강의실"}, required: true},
	{key: "professor", names: []string{"담당교수"}, required: true},
	{key: "year", names: []string{"학년"}},
	{key: "remark", names: []string{"비고"}},
}

func readSNUHTML(ctx context.Context, r *request) error {
	pages, err := areaPages(r)
	if err != nil {
		return err
	}
	format, err := newTimeFormat("월 6-1.5", hourlyPeriods(15))
	if err != nil {
		return err
	}
	spec := tableSpec{formats: []spreadsheet.Format{spreadsheet.HTML}, columns: snuPageColumns}
	for i, p := range pages {
		part := fmt.Sprintf("page %d of %d (%s)", i+1, len(pages), truncate(p.area, 50))
		res, err := r.fetcher.get(ctx, p.url)
		if err != nil {
			return inPart(part, err)
		}
		for row, err := range res.tableRows(spec) {
			if err != nil {
				return inPart(part, err)
			}
			if err := addSNUPageRow(r.list, format, p.area, row); err != nil {
				return err
			}
		}
	}
	return nil
}

func addSNUPageRow(l *listBuilder, format *timeFormat, area string, row tableRow) error {
	name := strings.TrimSpace(area + " row " + strconv.Itoa(row.number))
	if row.skipped {
		return l.skip(name, row.problem, row.describe())
	}
	if row.problem != "" {
		return l.reject(name, row.problem, row.describe())
	}
	lec := &lecturespb.Lecture{
		Identifier:     joinIdentifier(row.text("code"), row.text("section")),
		Name:           row.text("title"),
		Professor:      dropPlaceholder(row.text("professor")),
		CurriculumType: row.text("category"),
		Category:       appendUnique(make([]string, 0, 4), row.text("category"), snuYear(row.text("year")), area),
	}
	// 3-2-2: credits, hours of lectures, hours of laboratory.
	var numbers [3]float64
	for i := range numbers {
		n, err := creditAt(row.text("credit"), i+1)
		if err != nil {
			return l.reject(name, err.Error(), row.describe())
		}
		numbers[i] = n
	}
	lec.Credit, lec.HoursPerWeek = numbers[0], numbers[1]+numbers[2]
	var err error
	if lec.Times, err = format.parseCells(row.raw("times"), row.raw("room"), ""); err != nil {
		return l.reject(name, err.Error(), row.describe())
	}
	if strings.Contains(row.raw("remark"), "ⓔ") {
		addTag(lec, tagEnglish)
	}
	return l.add(name, lec)
}

// areaPage is one page of the list.
type areaPage struct {
	area string
	url  *url.URL
}

// maxPages bounds the requests for one list.
const maxPages = 100

// areaPages parses the options pages and url.
func areaPages(r *request) ([]areaPage, error) {
	address, err := r.expand(r.option("url", ""))
	if err != nil {
		return nil, err
	}
	var base *url.URL
	if address != "" {
		if base, err = parseURL("url", address); err != nil {
			return nil, err
		}
	}
	var pages []areaPage
	for line := range strings.Lines(r.option("pages", "")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		area, address, hasArea := strings.Cut(line, " = ")
		if !hasArea {
			area, address = "", line
		}
		u, err := pageURL(r, base, strings.TrimSpace(address))
		if err != nil {
			return nil, err
		}
		pages = append(pages, areaPage{area: cleanText(area), url: u})
	}
	switch {
	case len(pages) > maxPages:
		return nil, invalid("option pages has %d pages; at most %d are allowed", len(pages), maxPages)
	case len(pages) > 0:
		return pages, nil
	case base == nil:
		return nil, invalid("adapter snu-html requires option pages or url")
	}
	return []areaPage{{url: base}}, nil
}

// pageURL resolves the URL of a page relative to base, which is nil if there is none.
func pageURL(r *request, base *url.URL, address string) (*url.URL, error) {
	address, err := r.expand(address)
	if err != nil {
		return nil, err
	}
	if base == nil {
		return parseURL("pages", address)
	}
	ref, err := url.Parse(address)
	if err != nil {
		return nil, invalid("option pages: %q is not a URL", truncate(address, 200))
	}
	return parseURL("pages", base.ResolveReference(ref).String())
}
