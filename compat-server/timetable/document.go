package timetable

import (
	"math"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/document"
	"heek.kr/heektime/internal/lecture"
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
	lecture.Lecture
}

// fields of a lecture as firestore.rules demands them, but the times of writing.
func fields(l lecture.Lecture) map[string]any {
	times := make([]any, len(l.Times))
	for i, t := range l.Times {
		times[i] = map[string]any{"weekday": t.Weekday, "timeBegin": t.TimeBegin, "timeEnd": t.TimeEnd, "room": t.Room}
	}
	metas := make([]any, len(l.Metas))
	for i, m := range l.Metas {
		metas[i] = map[string]any{"type": m.Type, "name": m.Name}
	}
	return map[string]any{
		"identifier": l.Identifier, "title": l.Title, "professor": l.Professor, "credit": l.Credit,
		"times": times, "category": l.Category, "metas": metas, "updatedAt": firestore.ServerTimestamp,
	}
}

// The rules look at the first entries of lists only, and fields were written by clients of many versions. So whatever is not
// of its type reads as if it were not there, and no document makes a call fail.

func readTimetable(doc *firestore.DocumentSnapshot) Timetable {
	data := doc.Data()
	t := Timetable{ID: doc.Ref.ID, UserID: doc.Ref.Parent.Parent.ID, Lectures: []Lecture{}}
	t.Title, _ = data["title"].(string)
	if ref, ok := data["semester"].(*firestore.DocumentRef); ok && ref != nil {
		t.SemesterPath = document.Path(ref)
	}
	return t
}

// addedLecture is a lecture with the time at which it was added.
type addedLecture struct {
	Lecture
	at time.Time
}

func readLecture(doc *firestore.DocumentSnapshot) addedLecture {
	data := doc.Data()
	l := addedLecture{Lecture: Lecture{ID: doc.Ref.ID}, at: doc.CreateTime}
	if at, ok := data["createdAt"].(time.Time); ok {
		l.at = at
	}
	l.Identifier, _ = data["identifier"].(string)
	l.Title, _ = data["title"].(string)
	l.Professor, _ = data["professor"].(string)
	l.Credit = number(data["credit"])
	l.Times, l.Category, l.Metas = []lecture.Time{}, []string{}, []lecture.Meta{}
	for _, entry := range list(data["times"]) {
		fields, ok := entry.(map[string]any)
		if !ok {
			continue
		}
		t := lecture.Time{
			Weekday: int(number(fields["weekday"])), TimeBegin: int(number(fields["timeBegin"])), TimeEnd: int(number(fields["timeEnd"])),
		}
		t.Room, _ = fields["room"].(string)
		if t.TimeBegin < t.TimeEnd {
			l.Times = append(l.Times, t)
		}
	}
	for _, entry := range list(data["category"]) {
		if name, ok := entry.(string); ok {
			l.Category = append(l.Category, name)
		}
	}
	for _, entry := range list(data["metas"]) {
		fields, _ := entry.(map[string]any)
		name, ok := fields["name"].(string)
		if kind, _ := fields["type"].(string); ok && kind == lecture.Tag("").Type {
			l.Metas = append(l.Metas, lecture.Tag(name))
		}
	}
	return l
}

func list(value any) []any {
	entries, _ := value.([]any)
	return entries
}

// number is a number of either kind; 0 for everything else, and for what JSON cannot say.
func number(value any) float64 {
	switch n := value.(type) {
	case int64:
		return float64(n)
	case float64:
		if !math.IsNaN(n) && !math.IsInf(n, 0) {
			return n
		}
	}
	return 0
}
