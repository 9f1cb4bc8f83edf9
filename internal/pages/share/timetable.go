// Package share holds what the pages service shows of a timetable to others. [Timetable] is a value without
// clients and references, from which [heek.kr/heektime/internal/pages/picture] draws and
// [heek.kr/heektime/internal/pages/calendar] writes. [Reader] reads it from Firestore, if others may see it.
package share

import (
	"time"

	"heek.kr/heektime/internal/schema"
)

// Timetable is a public timetable.
type Timetable struct {
	// UID is the account of the owner, Username the name under which others find it.
	UID      string
	Username string
	ID       string
	Title    string
	// UpdatedAt is when the owner last changed the timetable itself. Each lecture has a time of its own.
	UpdatedAt time.Time
	Semester  schema.Semester
	// Lectures are in the order in which the owner added them.
	Lectures []Lecture
	// Version changes when anything that is shown changes. It has no other meaning.
	Version string
}

// Lecture is a lecture of a timetable.
type Lecture struct {
	schema.Lecture
	ID        string
	UpdatedAt time.Time
}
