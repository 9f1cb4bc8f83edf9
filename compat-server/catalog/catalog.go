// Package catalog knows the schools and their semesters by the names that old apps have for them, and where they stand in
// Firestore. All of it is read at once and kept for a while, since every call needs it and it changes a few times a year.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"golang.org/x/sync/singleflight"

	"heek.kr/heektime/internal/schema"
)

// MaxAge is how long an instance believes what it read. A new semester is seen that much later, a new course list, too.
const MaxAge = 5 * time.Minute

// readAgain is how soon a semester that is missing is looked for once more: it may be new.
const readAgain = time.Minute

// readTime bounds one reading.
const readTime = 10 * time.Second

// maxDocuments bounds a reading: 20 semesters of 100 schools. It is also what the most expensive call bills.
const maxDocuments = 2000

// Catalog reads schools and semesters. It is safe for concurrent use.
type Catalog struct {
	client *firestore.Client
	now    func() time.Time
	log    *slog.Logger
	flight singleflight.Group

	mu   sync.Mutex
	kept *Snapshot
}

// New makes a catalog, which has read nothing yet; all is required.
func New(client *firestore.Client, now func() time.Time, log *slog.Logger) (*Catalog, error) {
	if client == nil || now == nil || log == nil {
		return nil, errors.New("a catalog needs a Firestore client, a clock and a logger")
	}
	return &Catalog{client: client, now: now, log: log}, nil
}

// Snapshot is everything as it was read at one time. It never changes.
type Snapshot struct {
	// Schools by name.
	Schools    []*School
	bySemester map[string]*Semester
	byPath     map[string]*Semester
	byID       map[string]*School // by Firestore's
	at         time.Time
}

// Semester by the id that old apps have; nil when there is none.
func (s *Snapshot) Semester(id string) *Semester { return s.bySemester[id] }

// At is the semester of a document, by its path from the root of the database, "schools/…/semesters/…"; nil when there is none.
func (s *Snapshot) At(path string) *Semester { return s.byPath[path] }

// Get is what is known now. Billed, at most once in [MaxAge]: a read for each school and each semester. When Firestore does not
// answer, what was read last is good for longer.
func (c *Catalog) Get(ctx context.Context) (*Snapshot, error) { return c.within(ctx, MaxAge) }

// Find is a semester by the id that old apps have; nil when there is none.
func (c *Catalog) Find(ctx context.Context, id string) (*Semester, error) {
	semester, _, err := c.find(ctx, func(s *Snapshot) *Semester { return s.Semester(id) })
	return semester, err
}

// FindAt is the semester of a document, by its path; nil when there is none.
func (c *Catalog) FindAt(ctx context.Context, path string) (*Semester, error) {
	semester, _, err := c.find(ctx, func(s *Snapshot) *Semester { return s.At(path) })
	return semester, err
}

// OfTimetable is the semester that a timetable refers to, by its path. One that is gone is made of its path, so that the
// timetable is not lost to its owner.
func (c *Catalog) OfTimetable(ctx context.Context, path string) (*Semester, error) {
	semester, s, err := c.find(ctx, func(s *Snapshot) *Semester { return s.At(path) })
	if semester == nil && err == nil {
		semester = s.unknown(path)
	}
	return semester, err
}

// find looks in what is known, and once more in what is newer.
func (c *Catalog) find(ctx context.Context, in func(*Snapshot) *Semester) (*Semester, *Snapshot, error) {
	s, err := c.Get(ctx)
	if err != nil {
		return nil, nil, err
	}
	if found := in(s); found != nil {
		return found, s, nil
	}
	if s, err = c.within(ctx, readAgain); err != nil {
		return nil, nil, err
	}
	return in(s), s, nil
}

func (c *Catalog) within(ctx context.Context, age time.Duration) (*Snapshot, error) {
	c.mu.Lock()
	kept := c.kept
	c.mu.Unlock()
	if kept != nil && c.now().Sub(kept.at) < age {
		return kept, nil
	}
	// Who asks first may hang up; the others still want it.
	reading := c.flight.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
		defer cancel()
		return c.read(ctx)
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the schools: %w", context.Cause(ctx))
	case result := <-reading:
		if result.Err == nil {
			return result.Val.(*Snapshot), nil
		}
		if kept != nil {
			c.log.WarnContext(ctx, "the schools are those of before", "error", result.Err.Error())
			return kept, nil
		}
		return nil, result.Err
	}
}

func (c *Catalog) read(ctx context.Context) (*Snapshot, error) {
	at := c.now()
	var schools, semesters []*firestore.DocumentSnapshot
	var errs [2]error
	var wg sync.WaitGroup
	wg.Go(func() { schools, errs[0] = schema.Schools(c.client).Limit(maxDocuments).Documents(ctx).GetAll() })
	wg.Go(func() { semesters, errs[1] = schema.AllSemesters(c.client).Limit(maxDocuments).Documents(ctx).GetAll() })
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("read schools and semesters: %w", err)
	}
	s := snapshot(schools, semesters)
	s.at = at
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = s
	return s, nil
}
