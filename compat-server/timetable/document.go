package timetable

import (
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Timetable of a user.
type Timetable struct {
	// ID has ten characters of a client's choice, or 32 hex digits.
	ID, UserID, Title string
	// SemesterPath is the path of the semester's document from the root of the database.
	SemesterPath string
	// Lectures in the order in which they were added; never nil.
	Lectures []Lecture
}

// Lecture in a timetable. Its URL is always empty: timetables have none.
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

// addedLecture is a lecture and when it was added.
type addedLecture struct {
	Lecture
	at time.Time
}

func readLecture(doc *firestore.DocumentSnapshot) addedLecture {
	l, at := schema.ReadLecture(doc)
	return addedLecture{Lecture{doc.Ref.ID, l}, at}
}
