package courses

import (
	"context"
	"encoding/json"
	"strconv"

	"heek.kr/heektime/internal/lecturespb"
)

// gaon reads Gaon University's course search, which answers an array of JSON objects.
//
// Options:
//
//	url     the site, default https://courses.gaon.example
//	campus  main (default) or east
func gaon() adapter {
	return adapter{
		name:    "gaon",
		options: []option{{key: "url"}, {key: "campus", values: []string{"main", "east"}}},
		read:    readGaon,
	}
}

type gaonRow struct {
	Code      text `json:"code"`
	Section   text `json:"section"`
	Title     text `json:"title"`
	Professor text `json:"professor"`
	Credit    text `json:"credit"`
	Times     text `json:"times"`
}

func readGaon(ctx context.Context, r *request) error {
	// 1. Read the options, before the school is asked.
	u, err := parseURL("url", r.option("url", "https://courses.gaon.example"))
	if err != nil {
		return err
	}
	term, err := r.term([4]string{"1", "S", "2", "W"})
	if err != nil {
		return err
	}
	format, err := newTimeFormat("월(3-4) 강의실", r.hours)
	if err != nil {
		return err
	}
	// 2. Ask once.
	u = u.JoinPath("api/lectures")
	u.RawQuery = "year=" + strconv.Itoa(r.year) + "&term=" + term + "&campus=" + r.option("campus", "main")
	got, err := r.source.get(ctx, u)
	if err != nil {
		return err
	}
	// 3. Refuse what is not the list.
	var rows []json.RawMessage
	if err := got.decodeJSON(&rows); err != nil {
		return err
	}
	if len(rows) > 0 && !has(rows[0], "code", "section", "title", "times") {
		return unknownShape("%s has rows of another shape; the first has %s", got.from, keys(rows[0]))
	}
	// 4. Every row is added or left out.
	for i, raw := range rows {
		name := "row " + strconv.Itoa(i+1)
		var row gaonRow
		err := json.Unmarshal(raw, &row)
		if err != nil {
			err = r.list.leave(name, "is no object of texts", string(raw))
		} else {
			err = addGaon(r.list, format, name, &row)
		}
		if err != nil {
			return err // the list is too long
		}
	}
	return nil
}

func addGaon(l *list, format *timeFormat, name string, row *gaonRow) error {
	lec := &lecturespb.Lecture{
		Identifier: identifier(row.Code.clean(), row.Section.clean()),
		Name:       row.Title.clean(),
		Professor:  known(row.Professor.clean()),
	}
	var err error
	if lec.Credit, err = numberAt(row.Credit.clean(), 1); err != nil {
		return l.leave(name, "credit "+err.Error(), describe(lec))
	}
	meetings, err := format.parse(string(row.Times))
	if err != nil {
		return l.leave(name, err.Error(), describe(lec))
	}
	lec.Times = place(meetings, nil)
	return l.add(name, lec)
}
