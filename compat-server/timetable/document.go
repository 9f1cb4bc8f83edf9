package timetable

import (
	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Timetable is a user's timetable.
type Timetable struct {
	// ID is ten characters chosen by a new client, or 32 hex digits.
	ID, UserID, Title string
	// SemesterPath is the path of the semester's document relative to the database root.
	SemesterPath string
	// Lectures in the order they were added; never nil.
	Lectures []Lecture
}

// Lecture is a lecture in a timetable. Its URL is always empty, because timetables do not store
// URLs.
type Lecture struct {
	ID string
	schema.Lecture
}

func readTimetable(doc *firestore.DocumentSnapshot) Timetable {
	stored := schema.ReadTimetable(doc)
	t := Timetable{ID: doc.Ref.ID, UserID: doc.Ref.Parent.Parent.ID, Title: stored.Title, Lectures: []Lecture{}}
	if stored.Semester != nil {
		t.SemesterPath = schema.Path(stored.Semester)
	}
	return t
}
