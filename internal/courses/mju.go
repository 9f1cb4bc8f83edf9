package courses

import (
	"context"
	"encoding/json"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// mjuJSON reads the rows of Myongji University's registration site, saved as JSON: an array of
// objects. It reads saved files only, because the live site requires a student's login.
//
// Options:
//
//	url    URL of the file; {year} and {term} are replaced
//	terms  the words for spring, summer, fall and winter, for {term}; default 1 S 2 W
func mjuJSON() adapter {
	return adapter{
		name:    "mju-json",
		options: []option{{key: "url", required: true}, {key: "terms"}},
		read:    readMJU,
	}
}

// mjuRow is the part of a row that becomes a lecture. The counts of students, which change all day,
// are not part of it.
type mjuRow struct {
	Code       jsonText `json:"curinum"`
	Section    jsonText `json:"coursecls"`
	Title      jsonText `json:"curinm"`
	Professor  jsonText `json:"profnm"`
	Credit     jsonText `json:"cdtnum"`
	Hours      jsonText `json:"cdttime"`
	Group      jsonText `json:"groupcd"`
	Department jsonText `json:"deptnm"`
	Campus     jsonText `json:"campusdiv"`
	Year       jsonText `json:"comyear"`
	Times      jsonText `json:"lecttime"`
	Online     jsonText `json:"internetyn"`
	Remark     jsonText `json:"curicontent"`
}

func readMJU(ctx context.Context, r *request) error {
	format, err := newTimeFormat("월09:00~10:50(강의실) | 월09:00~10:50", r.periods)
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
	var rows []json.RawMessage
	if err := res.decodeJSON(&rows); err != nil {
		return err
	}
	fields := []string{"curinum", "coursecls", "curinm", "lecttime", "cdtnum", "profnm"}
	return readJSONRows(r, res, rows, fields, func(name string, row *mjuRow) error {
		return addMJURow(r.list, format, name, row)
	})
}

func addMJURow(l *listBuilder, format *timeFormat, name string, row *mjuRow) error {
	lec := &lecturespb.Lecture{
		Identifier:     joinIdentifier(row.Code.clean(), row.Section.clean()),
		Name:           row.Title.clean(),
		Professor:      dropPlaceholder(row.Professor.clean()),
		CurriculumType: row.Group.clean(),
		Category: appendUnique(make([]string, 0, 4),
			mjuCampus(row.Campus.clean()), row.Department.clean(), row.Group.clean()),
	}
	if n := row.Year.clean(); n != "" && n != "0" {
		lec.Category = appendUnique(lec.Category, n+"학년")
	}
	var err error
	if lec.Credit, lec.HoursPerWeek, err = creditAndHours(row.Credit.clean(), 1, row.Hours.clean(), 1); err != nil {
		return l.reject(name, err.Error(), describe(lec))
	}
	meetings, err := format.parse(string(row.Times))
	if err != nil {
		return l.reject(name, err.Error(), describe(lec))
	}
	lec.Times = assignRooms(meetings, nil)
	if row.Online == "Y" {
		addTag(lec, "온라인")
	}
	if remark := row.Remark.clean(); strings.Contains(remark, "어강의(영어)") {
		addTag(lec, tagEnglish) // 외국어강의(영어), 원어강의(영어)
	}
	return l.add(name, lec)
}

func mjuCampus(code string) string {
	switch code {
	case "10":
		return "자연캠퍼스"
	case "20":
		return "인문캠퍼스"
	}
	return code
}
