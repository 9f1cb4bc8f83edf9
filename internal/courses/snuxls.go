package courses

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/courses/spreadsheet"
	"heek.kr/heektime/internal/lecturespb"
)

// snuXLS reads the Excel export of Seoul National University's course search.
//
// Options:
//
//	url      the site, default https://sugang.snu.ac.kr; or a file: URL; or, with request plain, the
//	         URL of a saved export
//	request  current  GET …/cc100InterfaceExcel.action, the site today (default)
//	         2013     POST …/cc100excel.action, the site in 2013 and 2014
//	         plain    GET the URL as it is (default for file: URLs)
//	query.X  another parameter X of the search, such as query.srchDeptCd
//
// The export has clock times, so the school's periods are not needed.
func snuXLS() adapter {
	return adapter{
		name: "snu-xls",
		options: []option{
			{key: "url"},
			{key: "request", values: []string{"current", "2013", "plain"}},
			{key: "terms"},
			{key: "query."},
		},
		read: readSNUXLS,
	}
}

var snuColumns = []column{
	{key: "code", names: []string{"교과목번호"}, required: true},
	{key: "section", names: []string{"강좌번호"}, required: true},
	{key: "title", names: []string{"교과목명"}, required: true},
	{key: "category", names: []string{"교과구분"}, required: true},
	{key: "credit", names: []string{"학점"}, required: true},
	{key: "times", names: []string{"수업교시"}, required: true},
	{key: "room", names: []string{"강의실"}, required: true},
	{key: "professor", names: []string{"주담당교수"}, required: true},
	{key: "college", names: []string{"개설대학"}},
	{key: "department", names: []string{"개설학과"}},
	{key: "year", names: []string{"학년"}},
	{key: "subtitle", names: []string{"부제명"}},
	{key: "language", names: []string{"강의언어"}},
	{key: "status", names: []string{"개설상태"}},
	{key: "remark", names: []string{"비고"}},
	{key: "lab", names: []string{"실습"}},
	{key: "lecture", names: []string{"강의"}},
}

func readSNUXLS(ctx context.Context, r *request) error {
	format, err := newTimeFormat("월(11:00~12:15)", r.periods)
	if err != nil {
		return err
	}
	res, err := fetchSNU(ctx, r)
	if err != nil {
		return err
	}
	for row, err := range res.tableRows(tableSpec{formats: []spreadsheet.Format{spreadsheet.XLS}, columns: snuColumns}) {
		if err != nil {
			return err
		}
		if err := addSNURow(r.list, format, row); err != nil {
			return err
		}
	}
	return nil
}

func addSNURow(l *listBuilder, format *timeFormat, row tableRow) error {
	name := "row " + strconv.Itoa(row.number)
	if status := row.text("status"); status == "폐강" {
		return l.skip(name, "cancelled by the school: "+status, row.describe())
	}
	if row.skipped {
		return l.skip(name, row.problem, row.describe())
	}
	if row.problem != "" {
		return l.reject(name, row.problem, row.describe())
	}
	lec := &lecturespb.Lecture{
		Identifier:     joinIdentifier(row.text("code"), row.text("section")),
		Name:           row.text("title"),
		Subtitle:       row.text("subtitle"),
		Professor:      dropPlaceholder(row.text("professor")),
		CurriculumType: row.text("category"),
		Category: appendUnique(make([]string, 0, 4),
			row.text("category"), row.text("college"), row.text("department"), snuYear(row.text("year"))),
	}
	var err error
	if lec.Credit, err = creditAt(row.text("credit"), 1); err != nil {
		return l.reject(name, err.Error(), row.describe())
	}
	// No client shows the hours, so unreadable ones are not worth losing the lecture.
	lectureHours, _ := numberAt(row.text("lecture"), 1)
	labHours, _ := numberAt(row.text("lab"), 1)
	lec.HoursPerWeek = lectureHours + labHours
	if lec.Times, err = format.parseCells(row.raw("times"), row.raw("room"), "/"); err != nil {
		return l.reject(name, err.Error(), row.describe())
	}
	// The school adds the marks to the remarks only some time into the season; the language column is
	// always filled.
	if row.text("language") == "영어" || strings.Contains(row.raw("remark"), "ⓔ") {
		addTag(lec, tagEnglish)
	}
	return l.add(name, lec)
}

// snuYear returns the year of study that a lecture is meant for, or "" if it is for all.
func snuYear(s string) string {
	if s == "0" || s == "전체" {
		return ""
	}
	return dropPlaceholder(s)
}

// fetchSNU sends the one request that returns the whole list.
func fetchSNU(ctx context.Context, r *request) (response, error) {
	address, err := r.expand(r.option("url", "https://sugang.snu.ac.kr"))
	if err != nil {
		return response{}, err
	}
	u, err := parseURL("url", address)
	if err != nil {
		return response{}, err
	}
	defaultKind := "current"
	if u.Scheme == "file" {
		defaultKind = "plain"
	}
	kind := r.option("request", defaultKind)
	if kind == "plain" {
		return r.fetcher.get(ctx, u)
	}
	term, err := r.term([4]string{
		"U000200001U000300001", "U000200001U000300002", "U000200002U000300001", "U000200002U000300002",
	})
	if err != nil {
		return response{}, err
	}
	query := url.Values{
		"workType": {"EX"}, "srchCurrPage": {"1"}, "srchPageSize": {"9999"},
		"srchOpenSchyy": {strconv.Itoa(r.year)}, "srchOpenShtm": {term},
	}
	for key, value := range r.options {
		if name, ok := strings.CutPrefix(key, "query."); ok {
			query.Set(name, value)
		}
	}
	if kind == "2013" {
		u = withDefaultPath(u, "/sugang/cc/cc100excel.action")
		return r.fetcher.post(ctx, u, contentTypeForm, []byte(query.Encode()))
	}
	u = withDefaultPath(u, "/sugang/cc/cc100InterfaceExcel.action")
	query.Set("srchLanguage", "ko")
	for key, values := range u.Query() {
		query[key] = values
	}
	u.RawQuery = query.Encode()
	return r.fetcher.get(ctx, u)
}
