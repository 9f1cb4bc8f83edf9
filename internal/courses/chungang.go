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

// chungAng reads Chung-Ang University's course search, which responds with JSON.
//
// Options:
//
//	url      the site, default https://mportal.cau.ac.kr; or the file: URL of a saved response
//	campus   1 Seoul (default), 2 Anseong
//	course   code of the degree program, default 1
//	college  code of a college, default 00000: all
//
// Some meetings are written in periods, so the request needs the school's periods.
func chungAng() adapter {
	return adapter{
		name:    "chungang",
		options: []option{{key: "url"}, {key: "campus"}, {key: "course"}, {key: "college"}},
		read:    readChungAng,
	}
}

type chungAngRow struct {
	College    jsonText `json:"colgnm"`
	Department jsonText `json:"sustnm"`
	Year       jsonText `json:"shyr"`
	Kind       jsonText `json:"pobtnm"`
	Identifier jsonText `json:"sbjtclss"`
	Title      jsonText `json:"clssnm"`
	Credit     jsonText `json:"pnt"`
	Professor  jsonText `json:"profnm"`
	Times      jsonText `json:"ltbdrm"`
	Remark     jsonText `json:"remk"`
}

func readChungAng(ctx context.Context, r *request) error {
	format, err := newTimeFormat("월(15:00~16:15) | 월3,4 | 월15:00~16:15", r.periods)
	if err != nil {
		return err
	}
	res, err := fetchChungAng(ctx, r)
	if err != nil {
		return err
	}
	var body struct {
		Rows []json.RawMessage `json:"selectSust"`
	}
	if err := res.decodeJSON(&body); err != nil {
		return err
	}
	if body.Rows == nil {
		return unexpected("%s sent JSON without selectSust; it has the fields %s", res.origin, fieldNames(res.data))
	}
	fields := []string{"sbjtclss", "clssnm", "pnt", "ltbdrm"}
	return readJSONRows(r, res, body.Rows, fields, func(name string, row *chungAngRow) error {
		return addChungAngRow(r.list, format, name, row)
	})
}

func addChungAngRow(l *listBuilder, format *timeFormat, name string, row *chungAngRow) error {
	lec := &lecturespb.Lecture{
		Identifier:     row.Identifier.clean(),
		Name:           row.Title.clean(),
		Professor:      dropPlaceholder(row.Professor.clean()),
		CurriculumType: row.Kind.clean(),
	}
	for _, part := range strings.Split(cleanLines(string(row.College)), "\n") {
		lec.Category = appendUnique(lec.Category, part)
	}
	lec.Category = appendUnique(lec.Category, row.Department.clean(), row.Kind.clean())
	if n := row.Year.clean(); len(n) == 1 && n >= "1" && n <= "6" {
		lec.Category = appendUnique(lec.Category, n+"학년")
	}
	var err error
	if lec.Credit, lec.HoursPerWeek, err = creditAndHours(row.Credit.clean(), 1, row.Credit.clean(), 2); err != nil {
		return l.reject(name, err.Error(), describe(lec))
	}
	if lec.Times, err = parseChungAngTimes(format, string(row.Times)); err != nil {
		return l.reject(name, err.Error(), describe(lec))
	}
	if strings.Contains(row.Remark.clean(), "영어강의") {
		addTag(lec, tagEnglish)
	}
	return l.add(name, lec)
}

var (
	// timeAfterRoom matches where a time follows the kind of a room without a separator:
	// 803호 <강의실>월3,4.
	timeAfterRoom = regexp.MustCompile(`>\s*\(?([월화수목금토일])`)
	// roomKind matches the kind in angle brackets after a room.
	roomKind = regexp.MustCompile(`\s*<[^<>]*>`)
	// timePrefix matches the beginning of a part that is a time.
	timePrefix = regexp.MustCompile(`^\(?[월화수목금토일][월화수목금토일,]*\s*\(?[0-9]`)
)

// parseChungAngTimes parses a cell with both times and rooms, which are in any order and separated by
// / or line breaks: "310관(310관) 803호 <강의실> / 월3,4 / 수3". Every room applies to every time.
func parseChungAngTimes(format *timeFormat, cell string) ([]*lecturespb.Lecture_LectureTime, error) {
	// cleanLines unescapes a second time, because some line breaks are escaped: &lt;br&gt;.
	cell = cleanLines(html.UnescapeString(cell))
	cell = timeAfterRoom.ReplaceAllString(cell, ">/$1")
	var meetings []meeting
	var room string
	for _, part := range splitCell(cell, "/") {
		if !timePrefix.MatchString(part) {
			name := dropPlaceholder(cleanText(roomKind.ReplaceAllString(part, "")))
			if err := format.checkRoom(name); err != nil {
				return nil, err
			}
			room = joinRooms(room, name)
			continue
		}
		if strings.Count(part, ")") > strings.Count(part, "(") {
			part = strings.TrimSuffix(part, ")")
		}
		parsed, err := format.parse(strings.TrimPrefix(part, "("))
		if err != nil {
			return nil, err
		}
		meetings = append(meetings, parsed...)
	}
	return assignRooms(meetings, []string{room}), nil
}

func fetchChungAng(ctx context.Context, r *request) (response, error) {
	u, err := parseURL("url", r.option("url", "https://mportal.cau.ac.kr"))
	if err != nil {
		return response{}, err
	}
	if u.Scheme == "file" {
		return r.fetcher.get(ctx, u)
	}
	term, err := r.term([4]string{"1", "S", "2", "W"})
	if err != nil {
		return response{}, err
	}
	college, searchBy := r.option("college", "00000"), "ELSE"
	if college == "00000" {
		searchBy = college
	}
	course := r.option("course", "1")
	body, err := json.Marshal(map[string]string{
		"year": strconv.Itoa(r.year), "shtm": term, "campfg": r.option("campus", "1"), "course": course, "gb": course,
		"colgcd": college, "sust": "", "search_gb": searchBy, "kornm": "",
	})
	if err != nil {
		return response{}, err
	}
	return r.fetcher.post(ctx, u.JoinPath("std/usk/sUskSif001/selectSbjt.ajax"), contentTypeJSON, body)
}
