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
	var c checks
	c.that(l.Identifier != "", "identifier is empty")
	c.text("identifier", -1, l.Identifier, MaxIdentifier)
	c.text("title", -1, l.Title, MaxTitle)
	c.text("professor", -1, l.Professor, MaxProfessor)
	c.text("url", -1, l.URL, MaxURL)
	if math.IsNaN(l.Credit) || l.Credit < 0 || l.Credit > MaxCredit {
		c.fail("credit %v is not between 0 and %d", l.Credit, MaxCredit)
	}
	c.that(len(l.Times) <= MaxTimes, "too many times")
	for i, t := range l.Times {
		if t.Weekday < 0 || t.Weekday > 6 {
			c.fail("times[%d]: weekday %d is not between 0 (Monday) and 6", i, t.Weekday)
		}
		if t.TimeBegin < 0 || t.TimeBegin >= t.TimeEnd || t.TimeEnd > 24*60 {
			c.fail("times[%d]: %d to %d is no span of minutes within a day", i, t.TimeBegin, t.TimeEnd)
		}
		c.text("room of times", i, t.Room, MaxRoom)
	}
	c.that(len(l.Category) <= MaxCategory, "too many categories")
	for i, name := range l.Category {
		c.text("category", i, name, MaxCategoryName)
	}
	c.that(len(l.Metas) <= MaxMetas, "too many metas")
	for i, m := range l.Metas {
		if m.Type != "tag" {
			c.fail("metas[%d]: type %q is not tag", i, m.Type)
		}
		c.text("name of metas", i, m.Name, MaxTag)
	}
	return errors.Join(c.errs...)
}

// checks collects what is wrong. A message is put together only then: a list is checked lecture by lecture, all day.
type checks struct{ errs []error }

func (c *checks) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

func (c *checks) that(ok bool, otherwise string) {
	if !ok {
		c.errs = append(c.errs, errors.New(otherwise))
	}
}

// text checks one string; i is its place in what, -1 when what is no list.
func (c *checks) text(what string, i int, s string, most int) {
	valid := utf8.ValidString(s)
	// A string has at least as many bytes as characters.
	if valid && (len(s) <= most || utf8.RuneCountInString(s) <= most) {
		return
	}
	if i >= 0 {
		what = fmt.Sprintf("%s[%d]", what, i)
	}
	if !valid {
		c.fail("%s is not UTF-8", what)
		return
	}
	c.fail("%s is longer than %d characters", what, most)
}
