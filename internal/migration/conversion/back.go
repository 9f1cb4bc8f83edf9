package conversion

import "heek.kr/heektime/internal/migration/legacydb"

// Aside is what a document has that has no place in the old database: fields by name. It is empty if
// the row holds all of the document.
type Aside map[string]any

// UserRow, TimetableRow and LectureRow convert a document back to a row. current is the row that the old
// database has, nil if it has none. A field of the document that is what current converts to leaves the
// column as it is: a title of 500 characters stays in the old database although its document has only 300 of
// them, unless it was changed there. So converting a row and back returns the same row.
//
// The row is nil if the document has no place as a whole, for instance a private timetable; then the aside has all of
// its fields.

// UserRow converts users/{uid}. The password stays as it is.
func (c *Converter) UserRow(doc Document, current *legacydb.User) (*legacydb.User, Aside) {
	panic("TODO")
}

// TimetableRow converts a timetable's document.
func (c *Converter) TimetableRow(doc Document, current *legacydb.Timetable) (*legacydb.Timetable, Aside) {
	panic("TODO")
}

// LectureRow converts a lecture's document. It cannot know whether the timetable is private.
func (c *Converter) LectureRow(doc Document, current *legacydb.Lecture) (*legacydb.Lecture, Aside) {
	panic("TODO")
}

// UserKey, TimetableKey and LectureKey return the key of a document's row: the document's id if the old
// database can have it, otherwise a digest of its path, a UUID of version 5 or 32 hexadecimal digits.

// UserKey returns the key of a user's row.
func UserKey(path string) string {
	panic("TODO")
}

// TimetableKey returns the key of a timetable's row.
func TimetableKey(path string) string {
	panic("TODO")
}

// LectureKey returns the key of a lecture's row.
func LectureKey(path string) string {
	panic("TODO")
}
