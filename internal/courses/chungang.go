package courses

import (
	"context"
	"encoding/json"
	"html"
	"regexp"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// chungAng reads Chung-Ang University's course search, which answers JSON.
//
// Options:
//
//	url      the site, default https://mportal.cau.ac.kr; or a file: address of a saved answer
//	campus   1 Seoul (default), 2 Anseong
//	course   the code of the course of study, default 1
//	college  a college's code, default 00000: all
//
// Meetings may be written in periods, which the request must have then.
func chungAng() adapter {
	return adapter{
		name:    "chungang",
		options: []option{{key: "url"}, {key: "campus"}, {key: "course"}, {key: "college"}},
		read:    readChungAng,
	}
}

type chungAngRow struct {
	College    text `json:"colgnm"`
	Department text `json:"sustnm"`
	Grade      text `json:"shyr"`
	Kind       text `json:"pobtnm"`
	Identifier text `json:"sbjtclss"`
	Title      text `json:"clssnm"`
	Credit     text `json:"pnt"`
	Professor  text `json:"profnm"`
	Times      text `json:"ltbdrm"`
	Remark     text `json:"remk"`
}

func readChungAng(ctx context.Context, r *request) error {
	format, err := newTimeFormat("월(15:00~16:15) | 월3,4 | 월15:00~16:15", r.hours)
	if err != nil {
		return err
	}
	got, err := askChungAng(ctx, r)
	if err != nil {
		return err
	}
	var body struct {
		Rows []json.RawMessage `json:"selectSust"`
	}
	if err := got.decodeJSON(&body); err != nil {
		return err
	}
	if body.Rows == nil {
		return unknownShape("%s answered no selectSust but %s", got.from, keys(got.data))
	}
	if len(body.Rows) > 0 && !has(body.Rows[0], "sbjtclss", "clssnm", "pnt", "ltbdrm") {
		return unknownShape("%s has rows of another shape; the first has %s", got.from, keys(body.Rows[0]))
	}
	for i, raw := range body.Rows {
		name := "row " + strconv.Itoa(i+1)
		var row chungAngRow
		err := json.Unmarshal(raw, &row)
		if err != nil {
			err = r.list.leave(name, "is no object of texts", string(raw))
		} else {
			err = addChungAng(r.list, format, name, &row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func addChungAng(l *list, format *timeFormat, name string, row *chungAngRow) error {
	lec := &lecturespb.Lecture{
		Identifier:     row.Identifier.clean(),
		Name:           row.Title.clean(),
		Professor:      known(row.Professor.clean()),
		CurriculumType: row.Kind.clean(),
	}
	for _, part := range strings.Split(lines(string(row.College)), "\n") {
		lec.Category = addNew(lec.Category, part)
	}
	lec.Category = addNew(lec.Category, row.Department.clean(), row.Kind.clean())
	if n := row.Grade.clean(); len(n) == 1 && n >= "1" && n <= "6" {
		lec.Category = addNew(lec.Category, n+"학년")
	}
	var err error
	if lec.Credit, lec.HoursPerWeek, err = credits(row.Credit.clean(), 1, row.Credit.clean(), 2); err != nil {
		return l.leave(name, err.Error(), describe(lec))
	}
	if lec.Times, err = chungAngTimes(format, string(row.Times)); err != nil {
		return l.leave(name, err.Error(), describe(lec))
	}
	if strings.Contains(row.Remark.clean(), "영어강의") {
		addTag(lec, english)
	}
	return l.add(name, lec)
}

var (
	// afterRoom is where times begin right behind the kind of a room: 803호 <강의실>월3,4.
	afterRoom = regexp.MustCompile(`>\s*\(?([월화수목금토일])`)
	// kindOfRoom is what stands in angle brackets behind a room.
	kindOfRoom = regexp.MustCompile(`\s*<[^<>]*>`)
	// timeLike is how a part begins that must be a time.
	timeLike = regexp.MustCompile(`^\(?[월화수목금토일][월화수목금토일,]*\s*\(?[0-9]`)
)

// chungAngTimes takes times and rooms out of the one string in which they stand, in any order, with / or line breaks
// between: "310관(310관) 803호 <강의실> / 월3,4 / 수3". The rooms belong to all the times.
func chungAngTimes(format *timeFormat, cell string) ([]*lecturespb.Lecture_LectureTime, error) {
	// Entities are resolved twice: a line break comes as &lt;br&gt; too.
	cell = lines(html.UnescapeString(cell))
	cell = afterRoom.ReplaceAllString(cell, ">/$1")
	var meetings []meeting
	var room string
	for _, part := range splitCell(cell, "/") {
		if !timeLike.MatchString(part) {
			room = joinRooms(room, known(clean(kindOfRoom.ReplaceAllString(part, ""))))
			continue
		}
		if strings.Count(part, ")") > strings.Count(part, "(") {
			part = strings.TrimSuffix(part, ")")
		}
		of, err := format.parse(strings.TrimPrefix(part, "("))
		if err != nil {
			return nil, err
		}
		meetings = append(meetings, of...)
	}
	return place(meetings, []string{room}), nil
}

func askChungAng(ctx context.Context, r *request) (answer, error) {
	u, err := parseURL("url", r.option("url", "https://mportal.cau.ac.kr"))
	if err != nil {
		return answer{}, err
	}
	if u.Scheme == "file" {
		return r.source.get(ctx, u)
	}
	term, err := r.term([4]string{"1", "S", "2", "W"})
	if err != nil {
		return answer{}, err
	}
	college, by := r.option("college", "00000"), "ELSE"
	if college == "00000" {
		by = college
	}
	course := r.option("course", "1")
	body, err := json.Marshal(map[string]string{
		"year": strconv.Itoa(r.year), "shtm": term, "campfg": r.option("campus", "1"), "course": course, "gb": course,
		"colgcd": college, "sust": "", "search_gb": by, "kornm": "",
	})
	if err != nil {
		return answer{}, err
	}
	return r.source.post(ctx, u.JoinPath("std/usk/sUskSif001/selectSbjt.ajax"), jsonType, body)
}
