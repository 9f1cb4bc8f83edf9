package schema

import (
	"fmt"

	"cloud.google.com/go/civil"
)

// Date is a day of the calendar, "2026-03-02".
type Date string

// Validate rejects what is not a day of the calendar.
func (d Date) Validate() error {
	if _, ok := d.Civil(); !ok {
		return fmt.Errorf("%q is not a date of the form 2026-03-02", string(d))
	}
	return nil
}

// Civil parses the date.
func (d Date) Civil() (date civil.Date, ok bool) {
	date, err := civil.ParseDate(string(d))
	return date, err == nil && Date(date.String()) == d
}
