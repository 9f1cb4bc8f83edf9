package conversion

import (
	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/migration/legacydb"
)

// Converter converts rows to documents and back. Except for [Names] it never changes, and it is safe for
// concurrent use.
type Converter struct {
	client  *firestore.Client
	mapping *legacydb.Mapping
	names   *Names
}

// Config has what a [Converter] needs. All fields are required.
type Config struct {
	// Client only makes references.
	Client  *firestore.Client
	Mapping *legacydb.Mapping
	// Schools and Semesters are all of them.
	Schools   []legacydb.School
	Semesters []legacydb.Semester
	// Names has all users.
	Names *Names
}

// New returns a converter.
func New(cfg Config) *Converter {
	panic("TODO")
}

// Names returns the names of all users.
func (c *Converter) Names() *Names { return c.names }

// School converts a school. The document is nil if the row was left out.
func (c *Converter) School(row legacydb.School) (*Document, []Finding) {
	panic("TODO")
}

// Semester converts a semester. The document is nil if the row was left out.
func (c *Converter) Semester(row legacydb.Semester) (*Document, []Finding) {
	panic("TODO")
}

// User converts a user, who must be in [Names] as they are. The result is nil if the row was left out.
func (c *Converter) User(row legacydb.User) (*UserDocuments, []Finding) {
	panic("TODO")
}

// Timetable converts a timetable. The document is nil if the row was left out.
func (c *Converter) Timetable(row legacydb.Timetable) (*Document, []Finding) {
	panic("TODO")
}

// Lecture converts a lecture. The document is nil if the row was left out.
func (c *Converter) Lecture(row legacydb.Lecture) (*Document, []Finding) {
	panic("TODO")
}

// SemesterRef returns the document of a semester by its old id, whether or not it has a row. ok is false
// if the id means nothing.
func (c *Converter) SemesterRef(oldID string) (ref *firestore.DocumentRef, ok bool) {
	panic("TODO")
}

// UserRef, TimetableRef and LectureRef return where the document of a row is, nil if it cannot have one.
// They need no row, only keys, for rows that are gone.

// UserRef returns the document of the user with a key.
func (c *Converter) UserRef(user string) *firestore.DocumentRef {
	panic("TODO")
}

// TimetableRef returns the document of a timetable.
func (c *Converter) TimetableRef(user, timetable string) *firestore.DocumentRef {
	panic("TODO")
}

// LectureRef returns the document of a lecture.
func (c *Converter) LectureRef(user, timetable, lecture string) *firestore.DocumentRef {
	panic("TODO")
}
