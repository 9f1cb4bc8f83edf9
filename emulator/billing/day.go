package billing

import (
	"fmt"
	"time"
	_ "time/tzdata" // machines that run a test may have no time zones
)

// pacific is the time zone of Google's bills: free quotas start again at its midnight.
//
// Source: https://firebase.google.com/docs/firestore/quotas ("reset around midnight Pacific time")
var pacific = func() *time.Location {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil { // cannot happen: the zone is part of the program
		panic(err)
	}
	return zone
}()

// Date is a day in Pacific time, as 2026-11-29.
type Date string

// DateOf returns the day of a time.
func DateOf(t time.Time) Date { return Date(t.In(pacific).Format(time.DateOnly)) }

// Month returns the day's month, as 2026-11.
func (d Date) Month() Month { return Month(d[:min(len(d), len("2026-11"))]) }

// bounds returns when the day begins and when the next one does. A day has 23 or 25 hours when the clocks
// change.
func (d Date) bounds() (from, to time.Time) {
	t, err := time.ParseInLocation(time.DateOnly, string(d), pacific)
	if err != nil {
		return time.Time{}, time.Time{}
	}
	return t, time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, pacific)
}

// check rejects what is not a day.
func (d Date) check() error {
	if t, err := time.Parse(time.DateOnly, string(d)); err != nil || t.Format(time.DateOnly) != string(d) {
		return fmt.Errorf("%q is not a day such as 2026-11-29", string(d))
	}
	return nil
}

// Month is a month in Pacific time, as 2026-11.
type Month string

// MonthOf returns the month of a time.
func MonthOf(t time.Time) Month { return DateOf(t).Month() }

// ParseMonth parses a month such as 2026-11.
func ParseMonth(text string) (Month, error) {
	if t, err := time.Parse("2006-01", text); err != nil || t.Format("2006-01") != text {
		return "", fmt.Errorf("%q is not a month such as 2026-11", text)
	}
	return Month(text), nil
}

// Bounds returns when the month begins and when the next one does.
func (m Month) Bounds() (from, to time.Time) {
	t, err := time.ParseInLocation("2006-01", string(m), pacific)
	if err != nil {
		return time.Time{}, time.Time{}
	}
	return t, time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, pacific)
}

// dates returns the month's days.
func (m Month) dates() []Date {
	from, to := m.Bounds()
	var all []Date
	for t := from; t.Before(to); t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, pacific) {
		all = append(all, DateOf(t))
	}
	return all
}

// seconds returns the month's length.
func (m Month) seconds() int64 {
	from, to := m.Bounds()
	return int64(to.Sub(from) / time.Second)
}
