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
//	url      the site, default https://sugang.snu.ac.kr; or a file: address, or any address of a saved export with request plain
//	request  current  GET …/cc100InterfaceExcel.action, what the site answers today (default)
//	         2013     POST …/cc100excel.action, what it answered in 2013 and 2014
//	         plain    GET the address as it is (default for file:)
//	query.X  another parameter X of the search, for instance query.srchDeptCd
//
// The school's table of periods is not needed: meetings are written with clock times.
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
	format, err := newTimeFormat("월(11:00~12:15)", r.hours)
	if err != nil {
		return err
	}
	got, err := askSNU(ctx, r)
	if err != nil {
		return err
	}
	for rec, err := range got.table(layout{formats: []spreadsheet.Format{spreadsheet.XLS}, columns: snuColumns}) {
		if err != nil {
			return err
		}
		if err := addSNU(r.list, format, rec); err != nil {
			return err
		}
	}
	return nil
}

func addSNU(l *list, format *timeFormat, rec record) error {
	row := "row " + strconv.Itoa(rec.row)
	if status := rec.text("status"); status == "폐강" {
		return l.skip(row, "cancelled by the school: "+status, rec.describe())
	}
	lec := &lecturespb.Lecture{
		Identifier:     identifier(rec.text("code"), rec.text("section")),
		Name:           rec.text("title"),
		Subtitle:       rec.text("subtitle"),
		Professor:      known(rec.text("professor")),
		CurriculumType: rec.text("category"),
		Category:       addNew(make([]string, 0, 4), rec.text("category"), rec.text("college"), rec.text("department"), grade(rec.text("year"))),
	}
	var err error
	if lec.Credit, err = numberAt(rec.text("credit"), 1); err != nil {
		return l.leave(row, "credit "+err.Error(), rec.describe())
	}
	// Hours are a comment of the school's that no client shows: an odd one does not cost the lecture.
	lecture, _ := numberAt(rec.text("lecture"), 1)
	lab, _ := numberAt(rec.text("lab"), 1)
	lec.HoursPerWeek = lecture + lab
	if lec.Times, err = format.cells(rec.raw("times"), rec.raw("room"), "/"); err != nil {
		return l.leave(row, err.Error(), rec.describe())
	}
	// The marks stand before the remark from a certain day of the season on; the column of the language is there all the time.
	if rec.text("language") == "영어" || strings.Contains(rec.raw("remark"), "ⓔ") {
		addTag(lec, english)
	}
	return l.add(row, lec)
}

// grade is the year of study for which a lecture is meant, "" when for all.
func grade(s string) string {
	if s == "0" || s == "전체" {
		return ""
	}
	return known(s)
}

// identifier is course code and section; a blank section leaves the code.
func identifier(code, section string) string {
	if code == "" || section == "" {
		return code
	}
	return code + "-" + section
}

// askSNU sends the one request that answers the whole list.
func askSNU(ctx context.Context, r *request) (answer, error) {
	address, err := r.expand(r.option("url", "https://sugang.snu.ac.kr"))
	if err != nil {
		return answer{}, err
	}
	u, err := parseURL("url", address)
	if err != nil {
		return answer{}, err
	}
	how := r.option("request", map[bool]string{true: "plain", false: "current"}[u.Scheme == "file"])
	if how == "plain" {
		return r.source.get(ctx, u)
	}
	term, err := r.term([4]string{
		"U000200001U000300001", "U000200001U000300002", "U000200002U000300001", "U000200002U000300002",
	})
	if err != nil {
		return answer{}, err
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
	if how == "2013" {
		u = at(u, "/sugang/cc/cc100excel.action")
		return r.source.post(ctx, u, formType, []byte(query.Encode()))
	}
	u = at(u, "/sugang/cc/cc100InterfaceExcel.action")
	query.Set("srchLanguage", "ko")
	for key, values := range u.Query() {
		query[key] = values
	}
	u.RawQuery = query.Encode()
	return r.source.get(ctx, u)
}

const (
	formType = "application/x-www-form-urlencoded; charset=UTF-8"
	jsonType = "application/json; charset=UTF-8"
)

// at is a page of a site, unless the address names a page already.
func at(u *url.URL, path string) *url.URL {
	page := *u
	if page.Path == "" || page.Path == "/" {
		page.Path = path
	}
	return &page
}
