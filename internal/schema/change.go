package schema

import (
	"fmt"
	"time"

	"cloud.google.com/go/firestore"
)

const changes = "changes"

// Bounds of a change. Over a few days some 200 lectures of a large university change, in an hour a handful. A
// client that asks what changed since last time loads up to a page of changes.
const (
	// MaxChangePage is how many changes a client may list at a time.
	MaxChangePage = 20
	// MaxChangeLectures and MaxChangeBytes, as JSON, bound the lectures of one change.
	MaxChangeLectures = 100
	MaxChangeBytes    = 50_000
)

// Field names of a change. The list before is [FieldFrom].
const (
	FieldAt          = "at"
	FieldTo          = "to"
	FieldDelta       = "delta"
	FieldBefore      = "before"
	FieldAfter       = "after"
	FieldComplete    = "complete"
	FieldLectureList = "lectures"
)

// Change is schools/{schoolId}/semesters/{semesterId}/changes/{changeId}: how a published course list
// differs from the one before. The transaction that publishes a list writes it, so every list has one.
type Change struct {
	// At is when the list was published. Of two changes of a semester, the later one has the later time.
	At time.Time `firestore:"at" json:"at"`
	// From and To are the gs:// addresses of the lists. From is "" for the first list, and if the list
	// before could not be read.
	From string `firestore:"from,omitempty" json:"from,omitempty"`
	To   string `firestore:"to" json:"to"`
	// Delta is the gs:// address of the delta between them, "" if there is none. It is deleted with either
	// of the lists, long before the change expires.
	Delta string `firestore:"delta,omitempty" json:"delta,omitempty"`
	// Before and After are how many lectures the lists have.
	Before int `firestore:"before" json:"before"`
	After  int `firestore:"after" json:"after"`
	// Added, Removed, Changed and Moved count lectures. They are 0 if only the wording changed.
	Added   int `firestore:"added" json:"added"`
	Removed int `firestore:"removed" json:"removed"`
	Changed int `firestore:"changed" json:"changed"`
	Moved   int `firestore:"moved" json:"moved"`
	// Complete means that Lectures has all of them. Otherwise there are too many, and it is empty.
	Complete bool            `firestore:"complete" json:"complete"`
	Lectures []LectureChange `firestore:"lectures" json:"lectures"`
	// Expires is when Firestore may delete the document.
	Expires time.Time `firestore:"expires" json:"-"`
}

// ChangeKind is what became of a lecture.
type ChangeKind string

// The kinds of changes.
const (
	LectureAdded   ChangeKind = "added"
	LectureRemoved ChangeKind = "removed"
	LectureChanged ChangeKind = "changed"
	// LectureMoved lectures have another identifier, and are otherwise the same.
	LectureMoved ChangeKind = "moved"
)

// LectureChange is how one lecture differs between two course lists.
type LectureChange struct {
	Kind ChangeKind `firestore:"kind" json:"kind"`
	// Identifier and Title are those in the newer list, of a removed lecture those in the older one.
	Identifier string `firestore:"identifier" json:"identifier"`
	Title      string `firestore:"title" json:"title"`
	// Repeats is how many changes of the lecture were published in the 24 hours before this one, at most
	// [MaxRepeats]. Notifications stop at the second repetition: some schools flip a field back and forth.
	Repeats int `firestore:"repeats" json:"repeats"`
	// Before and After have the fields that differ, as in a course list: all fields of a lecture that was
	// removed or added, and the identifier of one that moved.
	Before map[string]any `firestore:"before" json:"before"`
	After  map[string]any `firestore:"after" json:"after"`
}

// MaxRepeats is where [LectureChange].Repeats stops counting.
const MaxRepeats = 3

// ChangeDocument describes [Change].
var ChangeDocument = Document{Path: SemesterDocument.Path + "/changes/{changeId}", Writer: Servers, MaxPage: MaxChangePage, Fields: []Field{
	{Name: FieldAt, Type: Timestamp},
	{Name: FieldFrom, Type: Text, Optional: true},
	{Name: FieldTo, Type: Text},
	{Name: FieldDelta, Type: Text, Optional: true},
	{Name: FieldBefore, Type: Integer},
	{Name: FieldAfter, Type: Integer},
	{Name: string(LectureAdded), Type: Integer},
	{Name: string(LectureRemoved), Type: Integer},
	{Name: string(LectureChanged), Type: Integer},
	{Name: string(LectureMoved), Type: Integer},
	{Name: FieldComplete, Type: Bool},
	{Name: FieldLectureList, Type: List, Max: MaxChangeLectures, Entry: &Field{Type: Map, Fields: []Field{
		{Name: "kind", Type: Text, OneOf: []string{string(LectureAdded), string(LectureRemoved), string(LectureChanged), string(LectureMoved)}},
		{Name: FieldIdentifier, Type: Text, Max: MaxIdentifier},
		{Name: FieldTitle, Type: Text, Max: MaxTitle},
		{Name: "repeats", Type: Integer, Max: MaxRepeats},
		{Name: FieldBefore, Type: Map},
		{Name: FieldAfter, Type: Map},
	}}},
	{Name: FieldExpires, Type: Timestamp},
}}

// Changes is the collection of a semester's changes.
func Changes(semester *firestore.DocumentRef) *firestore.CollectionRef {
	return below(semester, changes)
}

// ChangeRef returns the document of a change. Ids sort by time. hash is that of the published list.
func ChangeRef(semester *firestore.DocumentRef, at time.Time, hash string) *firestore.DocumentRef {
	return child(Changes(semester), fmt.Sprintf("%d-%.8s", at.UnixMicro(), hash))
}

// RecentChange is a lecture that changed lately.
type RecentChange struct {
	Identifier string `firestore:"identifier"`
	// Times of its last changes, at most [MaxRepeats], the newest last.
	Times []time.Time `firestore:"times"`
}

// ListFields returns the fields of a lecture in a course list.
func (l Lecture) ListFields() map[string]any {
	fields := fieldsOf(l)
	fields[FieldURL] = l.URL
	return fields
}
