package courses

import (
	"context"
	"encoding/json"
	"strconv"

	"heek.kr/heektime/internal/lecturespb"
)

// gaon reads Gaon University's course search, which responds with a JSON array of objects.
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

// gaonRow is the part of a row that becomes a lecture.
type gaonRow struct {
	Code      jsonText `json:"code"`
	Section   jsonText `json:"section"`
	Title     jsonText `json:"title"`
	Professor jsonText `json:"professor"`
	Credit    jsonText `json:"credit"`
	Times     jsonText `json:"times"`
}

func readGaon(ctx context.Context, r *request) error {
	// 1. Read the options before sending anything to the school.
	u, err := parseURL("url", r.option("url", "https://courses.gaon.example"))
	if err != nil {
		return err
	}
	term, err := r.term([4]string{"1", "S", "2", "W"})
	if err != nil {
		return err
	}
	format, err := newTimeFormat("월(3-4) 강의실", r.periods)
	if err != nil {
		return err
	}
	// 2. Fetch the list.
	u = u.JoinPath("api/lectures")
	u.RawQuery = "year=" + strconv.Itoa(r.year) + "&term=" + term + "&campus=" + r.option("campus", "main")
	res, err := r.fetcher.get(ctx, u)
	if err != nil {
		return err
	}
	// 3. Find the rows in the response.
	var rows []json.RawMessage
	if err := res.decodeJSON(&rows); err != nil {
		return err
	}
	// 4. Add or reject every row. A response without these fields is not the list.
	fields := []string{"code", "section", "title", "times"}
	return readJSONRows(r, res, rows, fields, func(name string, row *gaonRow) error {
		return addGaonRow(r.list, format, name, row)
	})
}

func addGaonRow(l *listBuilder, format *timeFormat, name string, row *gaonRow) error {
	lec := &lecturespb.Lecture{
		Identifier: joinIdentifier(row.Code.clean(), row.Section.clean()),
		Name:       row.Title.clean(),
		Professor:  dropPlaceholder(row.Professor.clean()),
	}
	var err error
	if lec.Credit, err = creditAt(row.Credit.clean(), 1); err != nil {
		return l.reject(name, err.Error(), describe(lec))
	}
	meetings, err := format.parse(string(row.Times))
	if err != nil {
		return l.reject(name, err.Error(), describe(lec))
	}
	lec.Times = assignRooms(meetings, nil)
	return l.add(name, lec)
}
