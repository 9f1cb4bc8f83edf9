// Package lecture is one lecture as it stands in a semester's course list, and the list as the bytes that clients load.
//
// Clients in the field copy a lecture from the list into a timetable as it stands, and a missing or null value
// makes that write fail on the client. So a lecture always has every key, with a value of its type.
package lecture

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// Lecture is one section of a course. Identifier is course code and section, unique within its list.
// Credit is in credit points, 0 where the school says nothing. URL is the syllabus, "" where there is none.
type Lecture struct {
	Identifier string   `json:"identifier"`
	Title      string   `json:"title"`
	Professor  string   `json:"professor"`
	Credit     float64  `json:"credit"`
	Times      []Time   `json:"times"`
	Category   []string `json:"category"`
	Metas      []Meta   `json:"metas"`
	URL        string   `json:"url"`
}

// Time is one meeting a week. Weekday counts from Monday = 0 to Sunday = 6; TimeBegin and TimeEnd are minutes
// after midnight, Asia/Seoul. A meeting whose time is not known is left out of Times.
type Time struct {
	Weekday   int    `json:"weekday"`
	TimeBegin int    `json:"timeBegin"`
	TimeEnd   int    `json:"timeEnd"`
	Room      string `json:"room"`
}

// Meta is a mark on a lecture. Type is always "tag"; clients know no other.
type Meta struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

// Tag makes the mark that clients show beside a lecture, for instance 영강.
func Tag(name string) Meta { return Meta{Type: "tag", Name: name} }

// Bounds of a lecture. Lengths are in characters. They are the bounds that firestore.rules puts on a lecture in a timetable,
// so that whatever stands in a list can be added to one.
const (
	MaxIdentifier   = 100
	MaxTitle        = 300
	MaxProfessor    = 500
	MaxCredit       = 100
	MaxTimes        = 50
	MaxRoom         = 200
	MaxCategory     = 20 // entries
	MaxCategoryName = 200
	MaxMetas        = 50
	MaxTag          = 200
	MaxURL          = 2000
)

// Validate says what is wrong with l as an entry of a course list, nil if nothing is.
func (l *Lecture) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	text := func(what, s string, bound int) {
		check(utf8.ValidString(s), "%s is not UTF-8", what)
		check(utf8.RuneCountInString(s) <= bound, "%s is longer than %d characters", what, bound)
	}
	check(l.Identifier != "", "identifier is empty")
	text("identifier", l.Identifier, MaxIdentifier)
	text("title", l.Title, MaxTitle)
	text("professor", l.Professor, MaxProfessor)
	text("url", l.URL, MaxURL)
	check(!math.IsNaN(l.Credit) && l.Credit >= 0 && l.Credit <= MaxCredit, "credit %v is not between 0 and %d", l.Credit, MaxCredit)
	check(len(l.Times) <= MaxTimes, "more than %d times", MaxTimes)
	for i, t := range l.Times {
		check(t.Weekday >= 0 && t.Weekday <= 6, "times[%d]: weekday %d is not between 0 (Monday) and 6", i, t.Weekday)
		check(t.TimeBegin >= 0 && t.TimeBegin < t.TimeEnd && t.TimeEnd <= 24*60, "times[%d]: %d to %d is no span of minutes within a day", i, t.TimeBegin, t.TimeEnd)
		text(fmt.Sprintf("times[%d].room", i), t.Room, MaxRoom)
	}
	check(len(l.Category) <= MaxCategory, "more than %d categories", MaxCategory)
	for i, c := range l.Category {
		text(fmt.Sprintf("category[%d]", i), c, MaxCategoryName)
	}
	check(len(l.Metas) <= MaxMetas, "more than %d metas", MaxMetas)
	for i, m := range l.Metas {
		check(m.Type == "tag", "metas[%d]: type %q is not tag", i, m.Type)
		text(fmt.Sprintf("metas[%d].name", i), m.Name, MaxTag)
	}
	return errors.Join(errs...)
}
