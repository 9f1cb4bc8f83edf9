package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"
)

const semesters = "semesters"

// SemesterID names a semester within its school by year and month of its start: "2022-0900". Ids sort by
// time.
type SemesterID string

var semesterID = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])[0-9]{2}$`)

// Validate rejects an id that would not sort by time.
func (id SemesterID) Validate() error {
	if !semesterID.MatchString(string(id)) {
		return fmt.Errorf("semester id %q is not of the form YYYY-MM00, for instance 2022-0900", string(id))
	}
	return nil
}

// nearMonths is how far from its first month a semester is of interest: lists appear some months before.
const nearMonths = 5

// IsNear reports whether the semester's lectures take place around a time: it begins in the five months after it,
// or began in the five before.
func (id SemesterID) IsNear(at time.Time) bool {
	if id.Validate() != nil {
		return false
	}
	start, err := time.Parse("2006-01", string(id[:len("2006-01")]))
	if err != nil {
		return false
	}
	months := (start.Year()-at.Year())*12 + int(start.Month()) - int(at.Month())
	return -nearMonths <= months && months <= nearMonths
}

// SemesterStatus says whether a semester is offered to users.
type SemesterStatus string

// The statuses of a semester.
const (
	// StatusNormal semesters are offered to users.
	StatusNormal SemesterStatus = "normal"
	// StatusHidden semesters are refreshed, but clients do not list them.
	StatusHidden SemesterStatus = "hidden"
)

// Field names of a semester.
const (
	FieldYear        = "year"
	FieldTerm        = "term"
	FieldPeriods     = "periods"
	FieldStatus      = "status"
	FieldLecturesURL = "lecturesUrl"
	// FieldListChangedAt and FieldListCheckedAt are timestamps. Clients of 2026 and earlier ignore them.
	FieldListChangedAt = "listChangedAt"
	FieldListCheckedAt = "listCheckedAt"
	// FieldFirstDay, FieldLastDay, FieldHolidays and FieldClassDays are dates.
	FieldFirstDay  = "firstDay"
	FieldLastDay   = "lastDay"
	FieldHolidays  = "holidays"
	FieldClassDays = "classDays"
)

// Semester is schools/{schoolId}/semesters/{semesterId}.
type Semester struct {
	Year    int            `firestore:"year"`
	Term    Term           `firestore:"term"`
	Periods []Period       `firestore:"periods"`
	Status  SemesterStatus `firestore:"status"`
	// LecturesURL is the gs:// address of the course list, "" before the first refresh.
	LecturesURL string `firestore:"lecturesUrl,omitempty"`
	// ListChangedAt is when the list at LecturesURL was published.
	ListChangedAt time.Time `firestore:"listChangedAt,omitempty"`
	// ListCheckedAt is when the school last offered exactly this list, as far as the document says: checks
	// that change nothing are recorded once a day, because every client that listens is billed a read.
	ListCheckedAt time.Time `firestore:"listCheckedAt,omitempty"`
	// FirstDay and LastDay are the first and last day of classes, "" if the school file does not say.
	FirstDay Date `firestore:"firstDay,omitempty"`
	LastDay  Date `firestore:"lastDay,omitempty"`
	// Holidays are the days without classes in addition to public holidays, ClassDays the public holidays
	// with classes.
	Holidays  []Date `firestore:"holidays,omitempty"`
	ClassDays []Date `firestore:"classDays,omitempty"`
}

// MaxSemesterDates bounds the dates that a semester lists.
const MaxSemesterDates = 100

// datePattern is what a [Date] looks like.
const datePattern = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

// SemesterDocument describes [Semester].
var SemesterDocument = Document{Path: "schools/{schoolId}/semesters/{semesterId}", Writer: Servers, Fields: []Field{
	{Name: FieldYear, Type: Integer},
	{Name: FieldTerm, Type: Text, OneOf: termNames()},
	{Name: FieldPeriods, Type: List, Entry: &Field{Type: Map, Fields: []Field{
		{Name: "period", Type: Integer},
		{Name: "timeBegin", Type: Integer, Max: MinutesPerDay},
		{Name: "timeEnd", Type: Integer, Max: MinutesPerDay},
	}}},
	{Name: FieldStatus, Type: Text, OneOf: []string{string(StatusNormal), string(StatusHidden)}},
	{Name: FieldLecturesURL, Type: Text, Optional: true},
	{Name: FieldListChangedAt, Type: Timestamp, Optional: true},
	{Name: FieldListCheckedAt, Type: Timestamp, Optional: true},
	{Name: FieldFirstDay, Type: Text, Pattern: datePattern, Optional: true},
	{Name: FieldLastDay, Type: Text, Pattern: datePattern, Optional: true},
	{Name: FieldHolidays, Type: List, Max: MaxSemesterDates, Entry: &Field{Type: Text, Pattern: datePattern}, Optional: true},
	{Name: FieldClassDays, Type: List, Max: MaxSemesterDates, Entry: &Field{Type: Text, Pattern: datePattern}, Optional: true},
}}

// Semesters is the collection of a school's semesters.
func Semesters(school *firestore.DocumentRef) *firestore.CollectionRef {
	return below(school, semesters)
}

// SemesterRef returns the document of a semester, nil if no document can have the ids.
func SemesterRef(client *firestore.Client, schoolID string, id SemesterID) *firestore.DocumentRef {
	return child(Semesters(SchoolRef(client, schoolID)), string(id))
}

// SemesterPath returns the path of a semester's document from the root of the database.
func SemesterPath(schoolID string, id SemesterID) string {
	return schools + "/" + schoolID + "/" + semesters + "/" + string(id)
}

// SplitSemesterPath is the reverse of [SemesterPath].
func SplitSemesterPath(path string) (schoolID string, id SemesterID, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) != 4 || parts[0] != schools || parts[2] != semesters {
		return "", "", false
	}
	return parts[1], SemesterID(parts[3]), true
}

// AllSemesters queries the semesters of all schools.
//
// The refresh service keeps its records in collections of the same name. The range of names excludes
// them: no school id sorts before "!". A range of names needs no composite index.
func AllSemesters(client *firestore.Client) firestore.Query {
	return client.CollectionGroup(semesters).
		Where(firestore.DocumentID, ">=", client.Doc(schools+"/!")).
		Where(firestore.DocumentID, "<", client.Doc(schools+"0/0"))
}

// Equal reports whether two documents have the same fields.
func (s Semester) Equal(other Semester) bool {
	return s.Year == other.Year && s.Term == other.Term && s.Status == other.Status && s.LecturesURL == other.LecturesURL &&
		s.ListChangedAt.Equal(other.ListChangedAt) && s.ListCheckedAt.Equal(other.ListCheckedAt) && slices.Equal(s.Periods, other.Periods) &&
		s.FirstDay == other.FirstDay && s.LastDay == other.LastDay &&
		slices.Equal(s.Holidays, other.Holidays) && slices.Equal(s.ClassDays, other.ClassDays)
}

// MergeFields returns the fields to merge into the semester's document, so that fields which later servers
// add stay. A semester without a course list has no lecturesUrl, and one without dates loses those that the
// document has.
func (s Semester) MergeFields() map[string]any {
	fields := fieldsOf(s)
	for name, empty := range map[string]bool{
		FieldFirstDay: s.FirstDay == "", FieldLastDay: s.LastDay == "",
		FieldHolidays: len(s.Holidays) == 0, FieldClassDays: len(s.ClassDays) == 0,
	} {
		if empty {
			fields[name] = firestore.Delete
		}
	}
	return fields
}

// ReadSemester reads a semester's document. A field of another type reads as if it were absent, and an
// incomplete period is skipped.
func ReadSemester(doc *firestore.DocumentSnapshot) Semester {
	var s Semester
	data := doc.Data()
	fill(data, &s)
	s.Periods = []Period{}
	entries, _ := data[FieldPeriods].([]any)
	for _, entry := range entries {
		var p Period
		if fields, ok := entry.(map[string]any); ok && fill(fields, &p) {
			s.Periods = append(s.Periods, p)
		}
	}
	return s
}
