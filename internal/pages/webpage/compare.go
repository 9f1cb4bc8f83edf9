package webpage

import (
	"fmt"
	"net/url"
	"strings"

	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/week"
)

// ComparePath is the path of the page of common free times.
const ComparePath = "/compare"

// comparePage shows when several people are free.
type comparePage struct {
	*head
	Heading string
	People  []person
	// Missing are the names for which there is nothing to see.
	Missing []string
	// Mixed is whether the timetables are of several semesters.
	Mixed bool
	Week  weekView
	Free  []freeDay
}

type person struct{ Username, Title, Semester, URL string }

type freeDay struct{ Name, Times string }

// Compare renders the page of the common free time of several timetables. names are those of the address, in its
// order, and missing those of which others may see nothing.
func Compare(timetables []*share.Timetable, names, missing []string, l share.Language, origin string) (Page, error) {
	p := &comparePage{head: &head{language: l}}
	p.Heading = p.T("함께 비는 시간", "Common free time")
	var people []string
	for _, t := range timetables {
		one := person{
			Username: share.Clean(t.Username), Title: share.Clean(t.Title), Semester: share.Clean(share.SemesterName(t.Semester, l)),
			URL: TimetablePath(t.Username, t.ID) + "/",
		}
		if one.Title == "" {
			one.Title = p.T("시간표", "Timetable")
		}
		p.Mixed = p.Mixed || one.Semester != share.Clean(share.SemesterName(timetables[0].Semester, l))
		p.People = append(p.People, one)
		people = append(people, "@"+one.Username)
	}
	for _, name := range missing {
		p.Missing = append(p.Missing, share.Clean(name))
	}
	p.setFree(timetables)
	p.Title = p.Heading + " · " + strings.Join(people, ", ")
	p.Description = p.describe()
	var escaped []string
	for _, name := range names {
		escaped = append(escaped, url.QueryEscape(name))
	}
	p.Canonical = origin + ComparePath + "?u=" + strings.Join(escaped, ",")
	p.Languages = languageLinks(p.Canonical, "&", l)
	return render("compare", p.head, p)
}

// setFree fills the week and the table.
func (p *comparePage) setFree(timetables []*share.Timetable) {
	days, first, last := week.Free(timetables)
	var rules strings.Builder
	fmt.Fprintf(&rules, "#week{--hours:%d}", (last-first)/60)
	for h := first / 60; h < last/60; h++ {
		p.Week.Hours = append(p.Week.Hours, h)
	}
	n := 0
	for day, spans := range days {
		column := dayColumn{Name: week.DayName(day, p.language)}
		var times []string
		for _, s := range spans {
			text := clock(s.Begin) + "–" + clock(s.End)
			times = append(times, text)
			column.Blocks = append(column.Blocks, block{ID: n, Color: freeColor, Title: text})
			fmt.Fprintf(&rules, "#b%d{top:%s;height:%s;left:0;width:100%%}", n, percent(s.Begin-first, last-first), percent(s.End-s.Begin, last-first))
			n++
		}
		p.Week.Days = append(p.Week.Days, column)
		if times == nil {
			times = []string{p.T("없음", "none")}
		}
		p.Free = append(p.Free, freeDay{Name: column.Name, Times: strings.Join(times, ", ")})
	}
	p.setStyle(rules.String())
}

// freeColor is the colour of free times: the mint of lectures.
const freeColor = 5

// describe lists the free times.
func (p *comparePage) describe() string {
	var days []string
	for _, d := range p.Free {
		days = append(days, d.Name+" "+d.Times)
	}
	return strings.Join(days, " · ")
}
