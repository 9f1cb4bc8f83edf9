package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// legacyIDs maps Firestore IDs to the old IDs of the schools in the old system. Old apps store
// these IDs, so they must work even before the refresh service has copied them from the school file
// into the schools' documents.
var legacyIDs = map[string]string{
	"고려대학교-서울": "korea_univ_anam",
	"고려대학교-세종": "korea_univ_sejong",
	"중앙대학교-서울": "chungang_univ_seoul",
}

// School is a school as old apps see it.
type School struct {
	// ID is the school's legacyId, or its Firestore ID if it has none.
	ID, Name string
	// Semesters that are not hidden, latest first.
	Semesters []*Semester
}

// Semester is a semester as old apps see it.
type Semester struct {
	// ID is unique across all schools: "korea_univ_anam/2022-2학기".
	ID   string
	Year int
	Term string
	// Path is the document's path relative to the database root.
	Path string
	// Periods are the school's class hours.
	Periods []schema.Period
	// ListURL is the gs:// URL of the course list, "" before the first refresh.
	ListURL string
	// ListChangedAt is when that list was published, zero if the document does not say.
	ListChangedAt time.Time
	School        *School
}

func snapshot(schools, semesters []*firestore.DocumentSnapshot) *Snapshot {
	s := &Snapshot{bySemester: map[string]*Semester{}, byPath: map[string]*Semester{}, byID: map[string]*School{}}
	for _, doc := range schools {
		stored := schema.ReadSchool(doc)
		school := &School{ID: cmp.Or(stored.LegacyID, legacyIDs[doc.Ref.ID], doc.Ref.ID), Name: cmp.Or(stored.Name, doc.Ref.ID)}
		s.byID[doc.Ref.ID] = school
		s.Schools = append(s.Schools, school)
	}
	slices.SortFunc(s.Schools, func(a, b *School) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	// If two semesters would have the same ID, the later one in the year gets an ID with its
	// Firestore ID.
	slices.SortFunc(semesters, func(a, b *firestore.DocumentSnapshot) int { return strings.Compare(a.Ref.ID, b.Ref.ID) })
	for _, doc := range semesters {
		school := s.byID[doc.Ref.Parent.Parent.ID]
		if school == nil {
			continue // no app lists a school that has no document
		}
		stored := schema.ReadSemester(doc)
		sem := &Semester{
			Year: stored.Year, Term: string(stored.Term), Path: schema.Path(doc.Ref), Periods: stored.Periods,
			ListURL: stored.LecturesURL, ListChangedAt: stored.ListChangedAt, School: school,
		}
		sem.ID = fmt.Sprintf("%s/%d-%s", school.ID, sem.Year, sem.Term)
		if s.bySemester[sem.ID] != nil || sem.Term == "" {
			sem.ID = school.ID + "/" + doc.Ref.ID
		}
		s.bySemester[sem.ID] = sem
		s.byPath[sem.Path] = sem
		if stored.Status == schema.StatusNormal {
			school.Semesters = append(school.Semesters, sem)
		}
	}
	for _, school := range s.Schools {
		slices.Reverse(school.Semesters)
	}
	return s
}

// placeholder returns a stand-in for a semester whose document has been deleted.
func (s *Snapshot) placeholder(path string) *Semester {
	schoolID, id, _ := schema.SplitSemesterPath(path)
	school := s.byID[schoolID]
	if school == nil {
		school = &School{ID: schoolID, Name: schoolID}
	}
	sem := &Semester{ID: school.ID + "/" + string(id), Path: path, School: school}
	fmt.Sscanf(string(id), "%4d", &sem.Year)
	return sem
}

// Span returns the first and last period of a time range. ok is false if the range does not cover
// whole periods.
func (s *Semester) Span(begin, end int) (from, to int, ok bool) {
	for _, first := range s.Periods {
		if first.TimeBegin != begin {
			continue
		}
		for _, last := range s.Periods {
			if last.TimeEnd == end && last.TimeBegin >= begin {
				return first.Period, last.Period, true
			}
		}
	}
	return 0, 0, false
}
