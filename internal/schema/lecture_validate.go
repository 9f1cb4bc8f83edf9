package schema

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// Validate returns everything that is wrong with l as an entry of a course list, nil if nothing is.
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
		if t.Weekday < 0 || t.Weekday > MaxWeekday {
			c.fail("times[%d]: weekday %d is not between 0 (Monday) and %d", i, t.Weekday, MaxWeekday)
		}
		if t.TimeBegin < 0 || t.TimeBegin >= t.TimeEnd || t.TimeEnd > MinutesPerDay {
			c.fail("times[%d]: %d to %d is not a span of minutes within a day", i, t.TimeBegin, t.TimeEnd)
		}
		c.text("room of times", i, t.Room, MaxRoom)
	}
	c.that(len(l.Category) <= MaxCategories, "too many categories")
	for i, name := range l.Category {
		c.text("category", i, name, MaxCategory)
	}
	c.that(len(l.Metas) <= MaxMetas, "too many metas")
	for i, m := range l.Metas {
		if m.Type != MetaTag {
			c.fail("metas[%d]: type %q is not %s", i, m.Type, MetaTag)
		}
		c.text("name of metas", i, m.Name, MaxMetaName)
	}
	return errors.Join(c.errs...)
}

// checks collects errors. It formats a message only on failure: lists are checked lecture by lecture, all day.
type checks struct{ errs []error }

func (c *checks) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

func (c *checks) that(ok bool, otherwise string) {
	if !ok {
		c.errs = append(c.errs, errors.New(otherwise))
	}
}

// text checks one string. i is its index in a list named what, -1 if what is not a list.
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
