// Package catalog maps the school and semester IDs of old apps to Firestore documents. It reads all
// schools and semesters together and caches them, because every call needs them and they change
// only a few times a year.
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

// MaxAge is how long an instance caches the catalog, and so the longest delay before old apps see a
// new semester or course list.
const MaxAge = 5 * time.Minute

// maxAgeOnMiss replaces MaxAge when a requested semester is missing: it may be new.
const maxAgeOnMiss = time.Minute

// readTimeout bounds one read of the catalog.
const readTimeout = 10 * time.Second

// maxDocuments limits each of the two queries: 100 schools with 20 semesters each.
const maxDocuments = 2000

// Catalog reads schools and semesters. It is safe for concurrent use.
type Catalog struct {
	client *firestore.Client
	now    func() time.Time
	log    *slog.Logger
	flight singleflight.Group

	mu     sync.Mutex
	cached *Snapshot
}

// New returns an empty catalog, which reads Firestore on first use. All arguments are required.
func New(client *firestore.Client, now func() time.Time, log *slog.Logger) (*Catalog, error) {
	if client == nil || now == nil || log == nil {
		return nil, errors.New("a catalog needs a Firestore client, a clock and a logger")
	}
	return &Catalog{client: client, now: now, log: log}, nil
}

// Snapshot is an immutable copy of the catalog.
type Snapshot struct {
	// Schools, sorted by name.
	Schools    []*School
	bySemester map[string]*Semester
	byPath     map[string]*Semester
	byID       map[string]*School // by Firestore document ID
	readAt     time.Time
}

// Semester returns the semester with an old app's ID, or nil.
func (s *Snapshot) Semester(id string) *Semester { return s.bySemester[id] }

// At returns the semester at a document path relative to the database root,
// "schools/…/semesters/…", or nil.
func (s *Snapshot) At(path string) *Semester { return s.byPath[path] }

// Get returns the current snapshot. While Firestore is unavailable it returns an older one. Billed,
// at most once per [MaxAge]: one read for each school and each semester.
func (c *Catalog) Get(ctx context.Context) (*Snapshot, error) { return c.noOlderThan(ctx, MaxAge) }

// Find returns the semester with an old app's ID, or nil.
func (c *Catalog) Find(ctx context.Context, id string) (*Semester, error) {
	semester, _, err := c.find(ctx, func(s *Snapshot) *Semester { return s.Semester(id) })
	return semester, err
}

// FindAt returns the semester at a document path, or nil.
func (c *Catalog) FindAt(ctx context.Context, path string) (*Semester, error) {
	semester, _, err := c.find(ctx, func(s *Snapshot) *Semester { return s.At(path) })
	return semester, err
}

// OfTimetable returns the semester at the path that a timetable references. If the semester has
// been deleted, it returns a placeholder derived from the path, so that the timetable's owner does
// not lose it.
func (c *Catalog) OfTimetable(ctx context.Context, path string) (*Semester, error) {
	semester, s, err := c.find(ctx, func(s *Snapshot) *Semester { return s.At(path) })
	if semester == nil && err == nil {
		semester = s.placeholder(path)
	}
	return semester, err
}

// find looks a semester up in the cached snapshot and, if it is missing, in a newer one.
func (c *Catalog) find(ctx context.Context, lookUp func(*Snapshot) *Semester) (*Semester, *Snapshot, error) {
	s, err := c.Get(ctx)
	if err != nil {
		return nil, nil, err
	}
	if found := lookUp(s); found != nil {
		return found, s, nil
	}
	if s, err = c.noOlderThan(ctx, maxAgeOnMiss); err != nil {
		return nil, nil, err
	}
	return lookUp(s), s, nil
}

func (c *Catalog) noOlderThan(ctx context.Context, age time.Duration) (*Snapshot, error) {
	c.mu.Lock()
	cached := c.cached
	c.mu.Unlock()
	if cached != nil && c.now().Sub(cached.readAt) < age {
		return cached, nil
	}
	// The first caller may disconnect while others still wait for the result.
	reading := c.flight.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		return c.read(ctx)
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for schools and semesters: %w", context.Cause(ctx))
	case result := <-reading:
		if result.Err == nil {
			return result.Val.(*Snapshot), nil
		}
		if cached != nil {
			c.log.WarnContext(ctx, "serving a stale catalog", "error", result.Err.Error())
			return cached, nil
		}
		return nil, result.Err
	}
}

func (c *Catalog) read(ctx context.Context) (*Snapshot, error) {
	readAt := c.now()
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
	s.readAt = readAt
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cached = s
	return s, nil
}
