package courses

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// korea reads Korea University's course search, which answers JSON once a page of it gave a cookie.
//
// Options:
//
//	url         the site, default https://sugang.korea.ac.kr; or a file: address of a saved answer
//	request     current (default), or data for the site as it was until the middle of 2026; both answers are read
//	campus      1 Seoul (default), 2 Sejong
//	level       undergraduate (default), graduate
//	grad        the code of the school of study, default 0136 (undergraduate)
//	division    00 major, 01 liberal arts, …; default all
//	college, department, group   codes of the search; default all
//
// The request's periods are used; without them the campus's own of 2026.
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

// koreaAnswer is both answers: since 2026 code and rows with names in capitals, before that data with small ones.
type koreaAnswer struct {
	Code    text              `json:"code"`
	Message text              `json:"message"`
	Msg     text              `json:"msg"`
	Rows    []json.RawMessage `json:"rows"`
	Data    []json.RawMessage `json:"data"`
}

type koreaRow struct {
	Code       text `json:"cour_cd"`
	Section    text `json:"cour_cls"`
	Title      text `json:"cour_nm"`
	Kind       text `json:"isu_nm"`
	Credit     text `json:"credit"`
	Professor  text `json:"prof_nm"`
	Department text `json:"department"`
	Times      text `json:"time_room"`
}

func readKorea(ctx context.Context, r *request) error {
	campus := r.option("campus", "1")
	hours := r.hours
	if len(hours) == 0 {
		hours = koreaHours(campus)
	}
	format, err := newTimeFormat("월(1-2) 강의실", hours)
	if err != nil {
		return err
	}
	got, err := askKorea(ctx, r, campus)
	if err != nil {
		return err
	}
	var body koreaAnswer
	if err := got.decodeJSON(&body); err != nil {
		return err
	}
	if body.Code != "" && body.Code != "200" {
		return unknownShape("%s answered code %s: %s", got.from, clip(string(body.Code), 20), clip(clean(string(body.Message+" "+body.Msg)), 200))
	}
	if body.Rows == nil && body.Data == nil {
		return unknownShape("%s answered neither rows nor data but %s", got.from, keys(got.data))
	}
	rows := append(body.Rows, body.Data...)
	if len(rows) > 0 && !has(rows[0], "cour_cd", "cour_cls", "cour_nm", "credit", "time_room") {
		return unknownShape("%s has rows of another shape; the first has %s", got.from, keys(rows[0]))
	}
	for i, raw := range rows {
		name := "row " + strconv.Itoa(i+1)
		var row koreaRow
		err := json.Unmarshal(raw, &row)
		if err != nil {
			err = r.list.leave(name, "is no object of texts", string(raw))
		} else {
			err = addKorea(r.list, format, name, &row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func addKorea(l *list, format *timeFormat, name string, row *koreaRow) error {
	title := row.Title.clean()
	marked := strings.Contains(title, "("+english+")")
	if marked {
		title = clean(strings.ReplaceAll(title, "("+english+")", " "))
	}
	lec := &lecturespb.Lecture{
		Identifier:     identifier(row.Code.clean(), row.Section.clean()),
		Name:           title,
		Professor:      known(row.Professor.clean()),
		CurriculumType: row.Kind.clean(),
		Category:       addNew(nil, row.Department.clean(), row.Kind.clean()),
	}
	if marked {
		addTag(lec, english)
	}
	// 3(3): credits and hours a week; the hours may be missing.
	var err error
	if lec.Credit, err = numberAt(row.Credit.clean(), 1); err != nil {
		return l.leave(name, "credit "+err.Error(), describe(lec))
	}
	lec.HoursPerWeek, _ = numberAt(row.Credit.clean(), 2)
	meetings, err := format.parse(string(row.Times))
	if err != nil {
		return l.leave(name, err.Error(), describe(lec))
	}
	lec.Times = place(meetings, nil)
	return l.add(name, lec)
}

func askKorea(ctx context.Context, r *request, campus string) (answer, error) {
	u, err := parseURL("url", r.option("url", "https://sugang.korea.ac.kr"))
	if err != nil {
		return answer{}, err
	}
	if u.Scheme == "file" {
		return r.source.get(ctx, u)
	}
	term, err := r.term([4]string{"1R", "1S", "2R", "2W"})
	if err != nil {
		return answer{}, err
	}
	form := url.Values{
		"pYear": {strconv.Itoa(r.year)}, "pTerm": {term}, "pCampus": {campus}, "pGradCd": {r.option("grad", "0136")},
		"pCourDiv": {r.option("division", "")}, "pCol": {r.option("college", "")}, "pDept": {r.option("department", "")},
		"pGroupCd": {r.option("group", "")},
	}
	for _, key := range []string{"pCredit", "pDay", "pStartTime", "pEndTime", "pProf", "pCourCd", "pCourNm", "pCourCls"} {
		form.Set(key, "")
	}
	search := "lectHakbu"
	if r.option("level", "undergraduate") == "graduate" {
		search = "lectGrad"
	}
	first, list := u.JoinPath("p/v/lectList"), u.JoinPath("d/v", search)
	first.RawQuery = "lang=ko"
	if r.option("request", "current") == "data" {
		first, list = u.JoinPath("/"), u.JoinPath("view")
		list.RawQuery = url.Values{"attribute": {search + "Data"}}.Encode()
	}
	if err := r.source.visit(ctx, first); err != nil {
		return answer{}, err
	}
	return r.source.post(ctx, list, formType, []byte(form.Encode()))
}

// koreaHours are the campuses' periods.
func koreaHours(campus string) classHours {
	if campus == "2" {
		return hourly(15)
	}
	hours := hourly(10)
	delete(hours, 0)
	for n := 1; n <= 6; n++ { // 75 minutes, every hour and a half
		begin := 9*60 + (n-1)*90
		hours[n] = span{begin, begin + 75}
	}
	for n := 7; n <= 10; n++ {
		begin := (11 + n) * 60
		hours[n] = span{begin, begin + 50}
	}
	return hours
}
