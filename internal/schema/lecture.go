package schema

import (
	"cmp"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
)

const lectures = "lectures"

// Bounds of a lecture: characters of texts, entries of lists. They hold in course lists and in timetables,
// so that every lecture of a list can be added to a timetable. firestore.rules cannot loop over a list, and
// a request may evaluate a limited number of expressions: the lists of maps are as long as that allows.
const (
	MaxIdentifier = 100
	MaxTitle      = 300
	MaxProfessor  = 500
	MaxCredit     = 100
	MaxTimes      = 12
	MaxWeekday    = 6 // Sunday
	MaxRoom       = 200
	MaxCategories = 20
	MaxCategory   = 200
	MaxMetas      = 8
	MaxMetaName   = 200
	MaxURL        = 2000
)

// MetaTag is the only type of a meta: clients support no other.
const MetaTag = "tag"

// Lecture is one section of a course: an entry of a course list, and without URL the document
// users/{uid}/timetables/{timetableId}/lectures/{lectureId}.
//
// Clients in the field copy a lecture from the list into a timetable as it is, and a missing or null
// value makes that write fail. So an entry of a list has every key, with a value of its type. A field
// that lists do not have is optional, with omitempty in both tags.
type Lecture struct {
	// Identifier is course code and section, unique within its list.
	Identifier string `firestore:"identifier" json:"identifier"`
	Title      string `firestore:"title" json:"title"`
	Professor  string `firestore:"professor" json:"professor"`
	// Credit is in credit points, 0 if the school does not say.
	Credit   float64       `firestore:"credit" json:"credit"`
	Times    []LectureTime `firestore:"times" json:"times"`
	Category []string      `firestore:"category" json:"category"`
	Metas    []LectureMeta `firestore:"metas" json:"metas"`
	// URL of the syllabus, "" if there is none.
	URL string `firestore:"-" json:"url"`
}

// LectureTime is one meeting a week. Weekday counts from Monday = 0 to Sunday = 6. TimeBegin and TimeEnd
// are minutes after midnight, Asia/Seoul. Times omits a meeting whose time is not known.
type LectureTime struct {
	Weekday   int    `firestore:"weekday" json:"weekday"`
	TimeBegin int    `firestore:"timeBegin" json:"timeBegin"`
	TimeEnd   int    `firestore:"timeEnd" json:"timeEnd"`
	Room      string `firestore:"room" json:"room"`
}

// CompareTimes orders meetings by when and where they are.
func CompareTimes(a, b LectureTime) int {
	return cmp.Or(a.Weekday-b.Weekday, a.TimeBegin-b.TimeBegin, a.TimeEnd-b.TimeEnd, cmp.Compare(a.Room, b.Room))
}

// LectureMeta is a mark on a lecture. Type is always [MetaTag].
type LectureMeta struct {
	Type string `firestore:"type" json:"type"`
	Name string `firestore:"name" json:"name"`
}

// Tag makes the mark that clients show next to a lecture, for instance 영강.
func Tag(name string) LectureMeta { return LectureMeta{Type: MetaTag, Name: name} }

// LectureDocument describes [Lecture] in a timetable.
var LectureDocument = Document{Path: TimetablePath + "/lectures/{lectureId}", Writer: Owner, Fields: []Field{
	{Name: "identifier", Type: Text, Max: MaxIdentifier},
	{Name: FieldTitle, Type: Text, Max: MaxTitle},
	{Name: "professor", Type: Text, Max: MaxProfessor},
	{Name: "credit", Type: Number, Max: MaxCredit},
	{Name: "times", Type: List, Max: MaxTimes, Entry: &Field{Type: Map, Fields: []Field{
		{Name: "weekday", Type: Integer, Max: MaxWeekday},
		{Name: "timeBegin", Type: Integer, Max: MinutesPerDay}, // always less than timeEnd
		{Name: "timeEnd", Type: Integer, Max: MinutesPerDay},
		{Name: "room", Type: Text, Max: MaxRoom},
	}}},
	{Name: "category", Type: List, Max: MaxCategories, Entry: &Field{Type: Text, Max: MaxCategory}},
	{Name: "metas", Type: List, Max: MaxMetas, Entry: &Field{Type: Map, Fields: []Field{
		{Name: "type", Type: Text, OneOf: []string{MetaTag}},
		{Name: "name", Type: Text, Max: MaxMetaName},
	}}},
	{Name: FieldCreatedAt, Type: Timestamp, Fixed: true},
	{Name: FieldUpdatedAt, Type: Timestamp},
}}

// Lectures is the collection of a timetable's lectures.
func Lectures(timetable *firestore.DocumentRef) *firestore.CollectionRef {
	return below(timetable, lectures)
}

// LectureRef returns the document of a lecture, nil if no document can have the id.
func LectureRef(timetable *firestore.DocumentRef, id string) *firestore.DocumentRef {
	return child(Lectures(timetable), id)
}

// NewestLecture queries the lecture that was added to a timetable last.
func NewestLecture(timetable *firestore.DocumentRef) firestore.Query {
	return Lectures(timetable).OrderBy(FieldCreatedAt, firestore.Desc).Limit(1)
}

// LecturesThrough queries the lectures of all timetables up to and including the given one. Callers
// add where the range starts. Lectures of one timetable follow each other, as do those of one user.
func LecturesThrough(client *firestore.Client, timetable *firestore.DocumentRef) firestore.Query {
	// The first name after everything in the collection.
	end := timetable.Collection(lectures + "0").Doc("0")
	return client.CollectionGroup(lectures).Where(firestore.DocumentID, "<", end)
}

// NewFields returns the fields of a new lecture in a timetable. Firestore sets both timestamps.
func (l Lecture) NewFields() map[string]any {
	fields := fieldsOf(l)
	fields[FieldCreatedAt], fields[FieldUpdatedAt] = firestore.ServerTimestamp, firestore.ServerTimestamp
	return fields
}

// Updates returns the updates that replace a lecture in a timetable. createdAt, optional fields that l
// does not have, and fields that servers may have added stay.
func (l Lecture) Updates() []firestore.Update {
	updates := []firestore.Update{{Path: FieldUpdatedAt, Value: firestore.ServerTimestamp}}
	for name, value := range fieldsOf(l) {
		updates = append(updates, firestore.Update{Path: name, Value: value})
	}
	return updates
}

// LectureOf converts the fields of a lecture in a timetable. It skips what has another type, a time that
// ends before it begins, and a tag without a name.
func LectureOf(fields map[string]any) Lecture {
	var l Lecture
	fill(fields, &l)
	l.Times = slices.DeleteFunc(l.Times, func(t LectureTime) bool { return t.TimeBegin >= t.TimeEnd })
	l.Metas = slices.DeleteFunc(l.Metas, func(m LectureMeta) bool { return m.Type != MetaTag || m.Name == "" })
	return l
}

// StoredLecture is a lecture in a timetable.
type StoredLecture struct {
	Lecture
	ID string
	// AddedAt is when it was added, UpdatedAt when it was last changed, zero if the document does not say.
	AddedAt, UpdatedAt time.Time
}

// ReadLecture reads a lecture's document like [LectureOf].
func ReadLecture(doc *firestore.DocumentSnapshot) StoredLecture {
	data := doc.Data()
	added, updated := CreatedAndUpdated(data)
	if _, ok := data[FieldCreatedAt].(time.Time); !ok {
		added = doc.CreateTime
	}
	return StoredLecture{LectureOf(data), doc.Ref.ID, added, updated}
}

// CompareAdded compares lectures by the order in which they were added.
func (l StoredLecture) CompareAdded(other StoredLecture) int {
	return cmp.Or(l.AddedAt.Compare(other.AddedAt), cmp.Compare(l.ID, other.ID))
}

// Complete gives every list of l a value: JSON would write a nil one as null.
func (l Lecture) Complete() Lecture {
	if l.Times == nil {
		l.Times = []LectureTime{}
	}
	if l.Category == nil {
		l.Category = []string{}
	}
	if l.Metas == nil {
		l.Metas = []LectureMeta{}
	}
	return l
}
