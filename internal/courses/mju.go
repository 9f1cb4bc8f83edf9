package courses

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// mjuJSON reads the rows of Myongji University's registration site, saved as JSON: an array of objects. The live site wants a
// student's login, so there is no request to it.
//
// Options:
//
//	url  where the file is; {year} and {term} in it are replaced
//	terms  the words for spring, summer, fall and winter, for {term}; default 1 S 2 W
func mjuJSON() adapter {
	return adapter{
		name:    "mju-json",
		options: []option{{key: "url", required: true}, {key: "terms"}},
		read:    readMJU,
	}
}

// mjuRow is the part of a row that is read. Counts of registered students and baskets change all day and are not.
type mjuRow struct {
	Code       text `json:"curinum"`
	Section    text `json:"coursecls"`
	Title      text `json:"curinm"`
	Professor  text `json:"profnm"`
	Credit     text `json:"cdtnum"`
	Hours      text `json:"cdttime"`
	Group      text `json:"groupcd"`
	Department text `json:"deptnm"`
	Campus     text `json:"campusdiv"`
	Grade      text `json:"comyear"`
	Times      text `json:"lecttime"`
	Online     text `json:"internetyn"`
	Remark     text `json:"curicontent"`
}

func readMJU(ctx context.Context, r *request) error {
	format, err := newTimeFormat("월09:00~10:50(강의실) | 월09:00~10:50", r.hours)
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
	got, err := r.source.get(ctx, u)
	if err != nil {
		return err
	}
	var rows []json.RawMessage
	if err := got.decodeJSON(&rows); err != nil {
		return err
	}
	if len(rows) > 0 && !has(rows[0], "curinum", "coursecls", "curinm", "lecttime", "cdtnum", "profnm") {
		return unknownShape("%s has rows of another shape; the first has %s", got.from, keys(rows[0]))
	}
	for i, raw := range rows {
		name := "element " + strconv.Itoa(i+1)
		var row mjuRow
		err := json.Unmarshal(raw, &row)
		if err != nil {
			err = r.list.leave(name, "is no object of texts", string(raw))
		} else {
			err = addMJU(r.list, format, name, &row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func addMJU(l *list, format *timeFormat, name string, row *mjuRow) error {
	lec := &lecturespb.Lecture{
		Identifier:     identifier(row.Code.clean(), row.Section.clean()),
		Name:           row.Title.clean(),
		Professor:      known(row.Professor.clean()),
		CurriculumType: row.Group.clean(),
		Category:       addNew(make([]string, 0, 4), mjuCampus(row.Campus.clean()), row.Department.clean(), row.Group.clean()),
	}
	if n := row.Grade.clean(); n != "" && n != "0" {
		lec.Category = addNew(lec.Category, n+"학년")
	}
	var err error
	if lec.Credit, lec.HoursPerWeek, err = credits(row.Credit.clean(), 1, row.Hours.clean(), 1); err != nil {
		return l.leave(name, err.Error(), describe(lec))
	}
	meetings, err := format.parse(string(row.Times))
	if err != nil {
		return l.leave(name, err.Error(), describe(lec))
	}
	lec.Times = place(meetings, nil)
	if row.Online == "Y" {
		addTag(lec, "온라인")
	}
	if remark := row.Remark.clean(); strings.Contains(remark, "어강의(영어)") {
		addTag(lec, english) // 외국어강의(영어), 원어강의(영어)
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
