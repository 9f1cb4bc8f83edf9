package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// known are the old ids of the schools that the old system had, by Firestore's. Apps in the field keep them, so they are the same
// before the refresh service has brought them from the school file into the schools' documents.
var known = map[string]string{
	"고려대학교-서울": "korea_univ_anam",
	"고려대학교-세종": "korea_univ_sejong",
	"중앙대학교-서울": "chungang_univ_seoul",
}

// School as old apps see it.
type School struct {
	// ID is the old one, which the refresh service brings from the school file into the school's document, or Firestore's for a
	// school that had none.
	ID, Name string
	// Semesters that are offered to users, the latest first.
	Semesters []*Semester
}

// Semester as old apps see it.
type Semester struct {
	// ID is unique over all schools: "korea_univ_anam/2022-2학기".
	ID   string
	Year int
	Term string
	// Path of its document from the root of the database.
	Path string
	// Periods are the school's class hours.
	Periods []schema.Period
	// ListURL is the gs:// address of its course list, "" before the first refresh.
	ListURL string
	School  *School
}

func snapshot(schools, semesters []*firestore.DocumentSnapshot) *Snapshot {
	s := &Snapshot{bySemester: map[string]*Semester{}, byPath: map[string]*Semester{}, byID: map[string]*School{}}
	for _, doc := range schools {
		stored := schema.ReadSchool(doc)
		school := &School{ID: cmp.Or(stored.LegacyID, known[doc.Ref.ID], doc.Ref.ID), Name: cmp.Or(stored.Name, doc.Ref.ID)}
		s.byID[doc.Ref.ID] = school
		s.Schools = append(s.Schools, school)
	}
	slices.SortFunc(s.Schools, func(a, b *School) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	// The latest first; of two that would have the same id, the later one in the year has Firestore's in it.
	slices.SortFunc(semesters, func(a, b *firestore.DocumentSnapshot) int { return strings.Compare(a.Ref.ID, b.Ref.ID) })
	for _, doc := range semesters {
		school := s.byID[doc.Ref.Parent.Parent.ID]
		if school == nil {
			continue // a school without its own document is not listed anywhere
		}
		stored := schema.ReadSemester(doc)
		sem := &Semester{
			Year: stored.Year, Term: string(stored.Term), Path: schema.Path(doc.Ref), Periods: stored.Periods,
			ListURL: stored.LecturesURL, School: school,
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

// unknown stands for a semester whose document is gone.
func (s *Snapshot) unknown(path string) *Semester {
	schoolID, id, _ := schema.SplitSemesterPath(path)
	school := s.byID[schoolID]
	if school == nil {
		school = &School{ID: schoolID, Name: schoolID}
	}
	sem := &Semester{ID: school.ID + "/" + string(id), Path: path, School: school}
	fmt.Sscanf(string(id), "%4d", &sem.Year)
	return sem
}

// Span says from which to which period a time lasts. ok is false when it does not fall on whole periods.
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
