package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

const timetables = "timetables"

// Bounds of timetables.
const (
	MaxTimetableTitle = 300 // characters
	// MaxTimetablePage is how many timetables a client may list at a time.
	MaxTimetablePage = 20
	// TimetableIDLength is the length in characters of the ids that clients choose, LegacyTimetableIDLength
	// the length in hexadecimal digits of those from the old system.
	TimetableIDLength       = 10
	LegacyTimetableIDLength = 32
)

// Visibility says who may read a timetable.
type Visibility string

// The visibilities.
const (
	Public  Visibility = "public"
	Private Visibility = "private"
)

// Field names of a timetable. A lecture has a title, too.
const (
	FieldTitle      = "title"
	FieldVisibility = "visibility"
	FieldSemester   = "semester"
)

// Timetable is users/{uid}/timetables/{timetableId}.
type Timetable struct {
	Title      string                 `firestore:"title"`
	Visibility Visibility             `firestore:"visibility"`
	Semester   *firestore.DocumentRef `firestore:"semester"`
	CreatedAt  time.Time              `firestore:"createdAt,serverTimestamp"`
	UpdatedAt  time.Time              `firestore:"updatedAt,serverTimestamp"`
}

// TimetablePath is where timetables are, for triggers.
const TimetablePath = "users/{uid}/timetables/{timetableId}"

// TimetableDocument describes [Timetable].
var TimetableDocument = Document{
	Path: TimetablePath, Writer: Owner, MaxPage: MaxTimetablePage, IDLengths: []int{TimetableIDLength, LegacyTimetableIDLength},
	Fields: timetableFields,
}

var timetableFields = []Field{
	{Name: FieldTitle, Type: Text, Max: MaxTimetableTitle},
	{Name: FieldVisibility, Type: Text, OneOf: []string{string(Public), string(Private)}},
	{Name: FieldSemester, Type: Reference, Fixed: true, Target: SemesterDocument.Path},
	{Name: FieldCreatedAt, Type: Timestamp, Fixed: true},
	{Name: FieldUpdatedAt, Type: Timestamp},
}

// Timetables is the collection of a user's timetables.
func Timetables(user *firestore.DocumentRef) *firestore.CollectionRef { return below(user, timetables) }

// TimetableRef returns the document of a timetable, nil if no document can have the id.
func TimetableRef(user *firestore.DocumentRef, id string) *firestore.DocumentRef {
	return child(Timetables(user), id)
}

// LatestTimetables queries a user's timetables as clients list them: the latest semester first. Others
// than the owner see only public ones.
func LatestTimetables(user *firestore.DocumentRef, forOthers bool) firestore.Query {
	query := Timetables(user).OrderBy(FieldSemester, firestore.Desc).OrderBy(FieldCreatedAt, firestore.Desc)
	if forOthers {
		query = query.Where(FieldVisibility, "==", string(Public))
	}
	return query
}

// TimetablePattern is the path pattern of a trigger for every timetable.
const TimetablePattern = UserPattern + "/timetables/{timetable}"

// SplitTimetablePath returns the ids of a timetable's document, given the segments of its path.
func SplitTimetablePath(segments []string) (uid, id string, ok bool) {
	if len(segments) != 4 || segments[0] != users || segments[2] != timetables {
		return "", "", false
	}
	return segments[1], segments[3], true
}

// ReadTimetable reads a timetable's document. A field of another type reads as if it were absent.
func ReadTimetable(doc *firestore.DocumentSnapshot) Timetable {
	var t Timetable
	fill(doc.Data(), &t)
	return t
}
