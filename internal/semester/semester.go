// Package semester holds the words for a part of the academic year and a school's class hours.
package semester

import (
	"fmt"
	"regexp"
)

// ID names a semester within its school: the year and the month the term starts, "2022-0900".
// IDs sort by time.
type ID string

var idPattern = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])[0-9]{2}$`)

// Validate refuses an id that would not sort by time.
func (id ID) Validate() error {
	if !idPattern.MatchString(string(id)) {
		return fmt.Errorf("semester id %q is not of the form YYYY-MM00, for instance 2022-0900", string(id))
	}
	return nil
}

// Period is one class hour of a school. TimeBegin and TimeEnd are minutes after midnight, Asia/Seoul.
type Period struct {
	Period    int `firestore:"period" json:"period"`
	TimeBegin int `firestore:"timeBegin" json:"timeBegin"`
	TimeEnd   int `firestore:"timeEnd" json:"timeEnd"`
}

// Status says whether a semester is offered to users.
type Status string

const (
	// Normal semesters are offered to users.
	Normal Status = "normal"
	// Hidden semesters are refreshed but not listed by clients.
	Hidden Status = "hidden"
)
