package courses

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/courses/spreadsheet"
	"heek.kr/heektime/internal/lecturespb"
)

// snuHTML reads the pages of Seoul National University's liberal-arts courses: one page for each area, and no column that
// says so. A section that stands on several pages is one lecture with all its areas.
//
// Options:
//
//	pages  one line for each page: AREA = ADDRESS. ADDRESS may be relative to url, also only a query (?…) or a file's name;
//	       {year} and {term} in it are replaced. Without "AREA = " the page's lectures get no area.
//	url    what addresses are relative to; without pages, the only page
//	terms  the school's words for spring, summer, fall and winter, for {term}; default 1 S 2 W
//
// Pages are asked one after the other with a pause. Periods are the school's own, whatever the request says: period n begins at (8+n):00.
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

// areaPage is one page of the list.
type areaPage struct {
	area string
	at   *url.URL
}

func readSNUHTML(ctx context.Context, r *request) error {
	pages, err := areaPages(r)
	if err != nil {
		return err
	}
	format, err := newTimeFormat("월 6-1.5", hourly(15))
	if err != nil {
		return err
	}
	for _, p := range pages {
		got, err := r.source.get(ctx, p.at)
		if err != nil {
			return err
		}
		for rec, err := range got.table(layout{formats: []spreadsheet.Format{spreadsheet.HTML}, columns: snuPageColumns}) {
			if err != nil {
				return err
			}
			if err := addSNUPage(r.list, format, p.area, rec); err != nil {
				return err
			}
		}
	}
	return nil
}

func addSNUPage(l *list, format *timeFormat, area string, rec record) error {
	row := strings.TrimSpace(area + " row " + strconv.Itoa(rec.row))
	lec := &lecturespb.Lecture{
		Identifier:     identifier(rec.text("code"), rec.text("section")),
		Name:           rec.text("title"),
		Professor:      known(rec.text("professor")),
		CurriculumType: rec.text("category"),
		Category:       addNew(make([]string, 0, 4), rec.text("category"), grade(rec.text("year")), area),
	}
	// 3-2-2: credits, hours of lectures, hours of laboratory.
	var numbers [3]float64
	for i := range numbers {
		n, err := numberAt(rec.text("credit"), i+1)
		if err != nil {
			return l.leave(row, "credit "+err.Error(), rec.describe())
		}
		numbers[i] = n
	}
	lec.Credit, lec.HoursPerWeek = numbers[0], numbers[1]+numbers[2]
	var err error
	if lec.Times, err = format.cells(rec.raw("times"), rec.raw("room"), ""); err != nil {
		return l.leave(row, err.Error(), rec.describe())
	}
	if strings.Contains(rec.raw("remark"), "ⓔ") {
		addTag(lec, english)
	}
	return l.add(row, lec)
}

func areaPages(r *request) ([]areaPage, error) {
	base, err := r.expand(r.option("url", ""))
	if err != nil {
		return nil, err
	}
	var u *url.URL
	if base != "" {
		if u, err = parseURL("url", base); err != nil {
			return nil, err
		}
	}
	var pages []areaPage
	for line := range strings.Lines(r.option("pages", "")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		area, address, named := strings.Cut(line, " = ")
		if !named {
			area, address = "", line
		}
		at, err := relative(r, u, strings.TrimSpace(address))
		if err != nil {
			return nil, err
		}
		pages = append(pages, areaPage{area: clean(area), at: at})
	}
	switch {
	case len(pages) > maxPages:
		return nil, invalid("option pages has %d pages; %d are allowed", len(pages), maxPages)
	case len(pages) > 0:
		return pages, nil
	case u == nil:
		return nil, invalid("adapter snu-html needs option pages or url")
	}
	return []areaPage{{at: u}}, nil
}

// maxPages bounds the requests of one reading.
const maxPages = 100

// relative is a page's address, which may be short for one beside base.
func relative(r *request, base *url.URL, address string) (*url.URL, error) {
	address, err := r.expand(address)
	if err != nil {
		return nil, err
	}
	if base == nil {
		return parseURL("pages", address)
	}
	ref, err := url.Parse(address)
	if err != nil {
		return nil, invalid("option pages: %q is no address", clip(address, 200))
	}
	return parseURL("pages", base.ResolveReference(ref).String())
}
