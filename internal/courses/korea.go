package courses

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// korea reads Korea University's course search, which responds with JSON to clients that have the
// cookie of its search page.
//
// Options:
//
//	url         the site, default https://sugang.korea.ac.kr; or the file: URL of a saved response
//	request     current (default), or data for the site until mid-2026; both responses are read
//	campus      1 Seoul (default), 2 Sejong
//	level       undergraduate (default), graduate
//	grad        code of the graduate or undergraduate school, default 0136 (undergraduate)
//	division    00 major, 01 liberal arts, …; default all
//	college, department, group   codes of the search; default all
//
// If the request has no periods, those of the campus in 2026 are used.
func korea() adapter {
	return adapter{
		name: "korea",
		options: []option{
			{key: "url"},
			{key: "request", values: []string{"current", "data"}},
			{key: "campus", values: []string{"1", "2"}},
			{key: "level", values: []string{"undergraduate", "graduate"}},
			{key: "grad"}, {key: "division"}, {key: "college"}, {key: "department"}, {key: "group"},
		},
		read: readKorea,
	}
}

// koreaResponse covers both versions of the site: code and rows, with field names in upper case,
// since 2026; data, with names in lower case, before.
type koreaResponse struct {
	Code    jsonText          `json:"code"`
	Message jsonText          `json:"message"`
	Msg     jsonText          `json:"msg"`
	Rows    []json.RawMessage `json:"rows"`
	Data    []json.RawMessage `json:"data"`
}

type koreaRow struct {
	Code       jsonText `json:"cour_cd"`
	Section    jsonText `json:"cour_cls"`
	Title      jsonText `json:"cour_nm"`
	Kind       jsonText `json:"isu_nm"`
	Credit     jsonText `json:"credit"`
	Professor  jsonText `json:"prof_nm"`
	Department jsonText `json:"department"`
	Times      jsonText `json:"time_room"`
}

func readKorea(ctx context.Context, r *request) error {
	campus := r.option("campus", "1")
	periods := r.periods
	if len(periods) == 0 {
		periods = koreaPeriods(campus)
	}
	format, err := newTimeFormat("월(1-2) 강의실", periods)
	if err != nil {
		return err
	}
	res, err := fetchKorea(ctx, r, campus)
	if err != nil {
		return err
	}
	var body koreaResponse
	if err := res.decodeJSON(&body); err != nil {
		return err
	}
	if body.Code != "" && body.Code != "200" {
		return unexpected("%s responded with code %s: %s", res.origin,
			truncate(string(body.Code), 20), truncate(cleanText(string(body.Message+" "+body.Msg)), 200))
	}
	if body.Rows == nil && body.Data == nil {
		return unexpected("%s sent JSON without rows or data; it has the fields %s", res.origin, fieldNames(res.data))
	}
	rows := append(body.Rows, body.Data...)
	fields := []string{"cour_cd", "cour_cls", "cour_nm", "credit", "time_room"}
	return readJSONRows(r, res, rows, fields, func(name string, row *koreaRow) error {
		return addKoreaRow(r.list, format, name, row)
	})
}

func addKoreaRow(l *listBuilder, format *timeFormat, name string, row *koreaRow) error {
	title := row.Title.clean()
	isEnglish := strings.Contains(title, "("+tagEnglish+")")
	if isEnglish {
		title = cleanText(strings.ReplaceAll(title, "("+tagEnglish+")", " "))
	}
	lec := &lecturespb.Lecture{
		Identifier:     joinIdentifier(row.Code.clean(), row.Section.clean()),
		Name:           title,
		Professor:      dropPlaceholder(row.Professor.clean()),
		CurriculumType: row.Kind.clean(),
		Category:       appendUnique(nil, row.Department.clean(), row.Kind.clean()),
	}
	if isEnglish {
		addTag(lec, tagEnglish)
	}
	// 3(3): credits and hours per week. The hours may be missing.
	var err error
	if lec.Credit, err = creditAt(row.Credit.clean(), 1); err != nil {
		return l.reject(name, err.Error(), describe(lec))
	}
	lec.HoursPerWeek, _ = numberAt(row.Credit.clean(), 2)
	meetings, err := format.parse(string(row.Times))
	if err != nil {
		return l.reject(name, err.Error(), describe(lec))
	}
	lec.Times = assignRooms(meetings, nil)
	return l.add(name, lec)
}

// fetchKorea visits the search page for its cookie and then posts the search.
func fetchKorea(ctx context.Context, r *request, campus string) (response, error) {
	u, err := parseURL("url", r.option("url", "https://sugang.korea.ac.kr"))
	if err != nil {
		return response{}, err
	}
	if u.Scheme == "file" {
		return r.fetcher.get(ctx, u)
	}
	term, err := r.term([4]string{"1R", "1S", "2R", "2W"})
	if err != nil {
		return response{}, err
	}
	form := url.Values{
		"pYear": {strconv.Itoa(r.year)}, "pTerm": {term}, "pCampus": {campus}, "pGradCd": {r.option("grad", "0136")},
		"pCourDiv": {r.option("division", "")}, "pCol": {r.option("college", "")}, "pDept": {r.option("department", "")},
		"pGroupCd": {r.option("group", "")},
	}
	for _, key := range []string{"pCredit", "pDay", "pStartTime", "pEndTime", "pProf", "pCourCd", "pCourNm", "pCourCls"} {
		form.Set(key, "")
	}
	path := "lectHakbu"
	if r.option("level", "undergraduate") == "graduate" {
		path = "lectGrad"
	}
	page, search := u.JoinPath("p/v/lectList"), u.JoinPath("d/v", path)
	page.RawQuery = "lang=ko"
	if r.option("request", "current") == "data" {
		page, search = u.JoinPath("/"), u.JoinPath("view")
		search.RawQuery = url.Values{"attribute": {path + "Data"}}.Encode()
	}
	if err := r.fetcher.visit(ctx, page); err != nil {
		return response{}, err
	}
	return r.fetcher.post(ctx, search, contentTypeForm, []byte(form.Encode()))
}

// koreaPeriods returns the periods of a campus.
func koreaPeriods(campus string) periodTable {
	if campus == "2" {
		return hourlyPeriods(15)
	}
	table := hourlyPeriods(10)
	delete(table, 0)
	for n := 1; n <= 6; n++ { // 75 minutes, every hour and a half
		begin := 9*60 + (n-1)*90
		table[n] = span{begin, begin + 75}
	}
	for n := 7; n <= 10; n++ {
		begin := (11 + n) * 60
		table[n] = span{begin, begin + 50}
	}
	return table
}
