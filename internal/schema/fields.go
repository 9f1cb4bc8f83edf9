package schema

import "time"

// The functions of this file are for moving data from and to another database. Writers of new documents
// use those that let Firestore set the timestamps.

// Field names of a lecture, in addition to those that a timetable has.
const (
	FieldIdentifier = "identifier"
	FieldProfessor  = "professor"
	FieldCredit     = "credit"
	FieldTimes      = "times"
	FieldCategory   = "category"
	FieldMetas      = "metas"
	// FieldURL is in course lists only.
	FieldURL = "url"
)

// Fields returns the fields of a school's document.
func (s School) Fields() map[string]any { return fieldsOf(s) }

// Fields returns the fields of a semester's document.
func (s Semester) Fields() map[string]any { return fieldsOf(s) }

// Fields returns the fields of a user's document. Firestore sets timestamps that are zero.
func (u User) Fields() map[string]any { return fieldsOf(u) }

// Fields returns the fields of a timetable's document. Firestore sets timestamps that are zero.
func (t Timetable) Fields() map[string]any { return fieldsOf(t) }

// Fields returns the fields of a lecture's document with its timestamps.
func (l Lecture) Fields(createdAt, updatedAt time.Time) map[string]any {
	fields := fieldsOf(l)
	fields[FieldCreatedAt], fields[FieldUpdatedAt] = createdAt, updatedAt
	return fields
}

// Fields returns the fields of a credential's document that is not locked.
func (c Credential) Fields() map[string]any { return fieldsOf(c) }

// UserOf converts the fields of a user's document. A field of another type reads as if it were absent.
func UserOf(fields map[string]any) (u User) {
	fill(fields, &u)
	return u
}

// TimetableOf converts the fields of a timetable's document like [UserOf].
func TimetableOf(fields map[string]any) (t Timetable) {
	fill(fields, &t)
	return t
}

// CreatedAndUpdated returns the timestamps of a document that has them, zero if a field has another type.
func CreatedAndUpdated(fields map[string]any) (createdAt, updatedAt time.Time) {
	createdAt, _ = fields[FieldCreatedAt].(time.Time)
	updatedAt, _ = fields[FieldUpdatedAt].(time.Time)
	return createdAt, updatedAt
}

// Fits reports whether a value of a field has its type and is within its bounds.
func (f Field) Fits(value any) bool {
	var c documentCheck
	c.value(f.Name, &f, value)
	return len(c.faults) == 0
}
