package share

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// semesterAge is how old the kept copy of a semester may be. Its dates and list change a few times in its life.
const semesterAge = 10 * time.Minute

// maxSemesters bounds the semesters that are kept.
const maxSemesters = 1000

// Semesters reads the documents of semesters, and keeps them for some minutes. It is safe for concurrent use.
type Semesters struct {
	client *firestore.Client
	now    func() time.Time

	mu   sync.Mutex
	kept map[string]keptSemester // by path
}

type keptSemester struct {
	schema.Semester
	read time.Time
}

// NewSemesters returns a reader of semesters.
func NewSemesters(client *firestore.Client, now func() time.Time) *Semesters {
	return &Semesters{client: client, now: now, kept: map[string]keptSemester{}}
}

// Get returns a semester, empty if the reference is not to one: the owner of a timetable wrote it.
//
// Billed: 1 read every ten minutes.
func (s *Semesters) Get(ctx context.Context, ref *firestore.DocumentRef) (schema.Semester, error) {
	if ref == nil {
		return schema.Semester{}, nil
	}
	path := schema.Path(ref)
	if _, _, ok := schema.SplitSemesterPath(path); !ok {
		return schema.Semester{}, nil
	}
	now := s.now()
	s.mu.Lock()
	kept, ok := s.kept[path]
	s.mu.Unlock()
	if ok && now.Sub(kept.read) < semesterAge {
		return kept.Semester, nil
	}
	docs, err := s.client.GetAll(ctx, []*firestore.DocumentRef{ref})
	if err != nil {
		return schema.Semester{}, fmt.Errorf("read %s: %w", path, err)
	}
	kept = keptSemester{read: now}
	if docs[0].Exists() {
		kept.Semester = schema.ReadSemester(docs[0])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= maxSemesters {
		clear(s.kept)
	}
	s.kept[path] = kept
	return kept.Semester, nil
}
