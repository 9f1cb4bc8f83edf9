package schema

import (
	"time"

	"cloud.google.com/go/firestore"
)

const views = "views"

// MaxViewsPage is how many days of views a client may list at a time.
const MaxViewsPage = 31

// Field names of the views of a day. When they expire is [FieldExpires].
const (
	FieldViews   = "views"
	FieldViewers = "viewers"
)

// Views is users/{uid}/timetables/{timetableId}/views/{day}: how often the page of a shared timetable was viewed on
// a day in Seoul. Servers add to it; nothing says who the viewers were.
type Views struct {
	// Views counts how often the page was viewed, Viewers by about how many.
	Views   int `firestore:"views"`
	Viewers int `firestore:"viewers"`
	// Expires is when Firestore may delete the document.
	Expires time.Time `firestore:"expires"`
}

// ViewsDocument describes [Views]. Its ID is the day, as in [Date].
var ViewsDocument = Document{Path: TimetablePath + "/views/{day}", Writer: Servers, MaxPage: MaxViewsPage, Fields: []Field{
	{Name: FieldViews, Type: Integer},
	{Name: FieldViewers, Type: Integer},
	{Name: FieldExpires, Type: Timestamp},
}}

// ViewsOf is the collection of a timetable's views.
func ViewsOf(timetable *firestore.DocumentRef) *firestore.CollectionRef {
	return below(timetable, views)
}

// ViewsBelow queries the views of all timetables of a user.
func ViewsBelow(client *firestore.Client, user *firestore.DocumentRef) firestore.Query {
	// The names in the collection of timetables, and the first name after them.
	first, end := Timetables(user).Doc("!").Collection(views).Doc("!"), user.Collection(timetables+"0").Doc("0")
	return client.CollectionGroup(views).Where(firestore.DocumentID, ">=", first).Where(firestore.DocumentID, "<", end)
}

// ViewsRef returns the document of a timetable's views on a day.
func ViewsRef(timetable *firestore.DocumentRef, day Date) *firestore.DocumentRef {
	return child(ViewsOf(timetable), string(day))
}

// AddedTo returns the fields with which the document grows by v, to merge.
func (v Views) AddedTo() map[string]any {
	return map[string]any{FieldViews: firestore.Increment(v.Views), FieldViewers: firestore.Increment(v.Viewers), FieldExpires: v.Expires}
}

// ReadViews reads the document. A field of another type reads as if it were absent.
func ReadViews(doc *firestore.DocumentSnapshot) (v Views) {
	fill(doc.Data(), &v)
	return v
}
