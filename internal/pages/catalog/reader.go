package catalog

import (
	"bytes"
	"container/list"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"heek.kr/heektime/internal/liststore"
	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/schema"
)

const (
	// maxKept bounds the JSON of the lists in memory, in which they take about twice as much.
	maxKept = 32 << 20
	// loadEvery and maxLoads bound how often an instance loads a list, which costs a request and some hundred
	// kilobytes between regions: one who requests the pages of old semesters in turn must not make it load all day.
	loadEvery = 15 * time.Second
	maxLoads  = 30
	// loadTimeout bounds the loading of one list.
	loadTimeout = 20 * time.Second
	// overviewAge is how old the list of all semesters may be.
	overviewAge = time.Hour
	// maxSemesters bounds the list of all semesters.
	maxSemesters = 2000
)

// ErrBusy means that too many lists were loaded lately.
var ErrBusy = errors.New("too many course lists are being loaded")

// Reader reads semesters and their lists. It is safe for concurrent use.
type Reader struct {
	client    *firestore.Client
	semesters *share.Semesters
	lists     liststore.Read
	now       func() time.Time
	loads     *rate.Limiter
	flight    singleflight.Group

	mu       sync.Mutex
	kept     map[string]*list.Element // of recent, by address
	recent   *list.List               // of *keptList, the one that was shown last first
	size     int                      // of JSON in kept, in bytes
	overview []Semester
	listed   time.Time // when overview was read
}

type keptList struct {
	address string
	bytes   int
	*Catalog
}

// NewReader returns a reader.
func NewReader(client *firestore.Client, semesters *share.Semesters, lists liststore.Read, now func() time.Time) *Reader {
	return &Reader{
		client: client, semesters: semesters, lists: lists, now: now, loads: rate.NewLimiter(rate.Every(loadEvery), maxLoads),
		kept: map[string]*list.Element{}, recent: list.New(),
	}
}

// Semester returns a semester. The error wraps [share.ErrNotFound] if it is not offered or has no list.
//
// Billed: 1 read every ten minutes.
func (r *Reader) Semester(ctx context.Context, school string, id schema.SemesterID) (*Semester, error) {
	if !schema.IsID(school) || id.Validate() != nil {
		return nil, share.ErrNotFound
	}
	s, err := r.semesters.Get(ctx, schema.SemesterRef(r.client, school, id))
	if err != nil {
		return nil, err
	}
	if !isShown(s) {
		return nil, share.ErrNotFound
	}
	return &Semester{School: school, ID: id, Semester: s}, nil
}

func isShown(s schema.Semester) bool {
	return s.Status == schema.StatusNormal && strings.HasPrefix(s.LecturesURL, "gs://")
}

// All returns all semesters with a list, by school, the latest first.
//
// Billed: 1 read for each semester every hour.
func (r *Reader) All(ctx context.Context) ([]Semester, error) {
	r.mu.Lock()
	all, listed := r.overview, r.listed
	r.mu.Unlock()
	if !listed.IsZero() && r.now().Sub(listed) < overviewAge {
		return all, nil
	}
	read, err, _ := r.flight.Do("", func() (any, error) { return r.readAll(context.WithoutCancel(ctx)) })
	if err != nil {
		return nil, err
	}
	return read.([]Semester), nil
}

func (r *Reader) readAll(ctx context.Context) ([]Semester, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	docs, err := schema.AllSemesters(r.client).Limit(maxSemesters).Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("list the semesters: %w", err)
	}
	all := []Semester{}
	for i := len(docs) - 1; i >= 0; i-- {
		school, id, ok := schema.SplitSemesterPath(schema.Path(docs[i].Ref))
		if s := schema.ReadSemester(docs[i]); ok && id.Validate() == nil && isShown(s) {
			all = append(all, Semester{School: school, ID: id, Semester: s})
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.overview, r.listed = all, r.now()
	return all, nil
}

// Catalog returns the course list of a semester: from memory, if it was shown lately.
func (r *Reader) Catalog(ctx context.Context, s *Semester) (*Catalog, error) {
	r.mu.Lock()
	if e := r.kept[s.LecturesURL]; e != nil {
		r.recent.MoveToFront(e)
		r.mu.Unlock()
		return e.Value.(*keptList).Catalog, nil
	}
	r.mu.Unlock()
	// The first caller may disconnect while others still wait for the result.
	loading := r.flight.DoChan(s.LecturesURL, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		return r.load(ctx, s.LecturesURL)
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the course list: %w", context.Cause(ctx))
	case result := <-loading:
		if result.Err != nil {
			return nil, fmt.Errorf("load the course list of %s %s: %w", s.School, s.ID, result.Err)
		}
		return result.Val.(*Catalog), nil
	}
}

func (r *Reader) load(ctx context.Context, address string) (*Catalog, error) {
	if !r.loads.AllowN(r.now(), 1) {
		return nil, ErrBusy
	}
	body, err := r.lists(ctx, liststore.Name(address))
	if err != nil {
		return nil, err
	}
	courses, err := schema.DecodeCourseList(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	c := New(courses)
	r.keep(&keptList{address: address, bytes: len(body), Catalog: c})
	return c, nil
}

// keep keeps a list, and forgets those that were shown longest ago.
func (r *Reader) keep(k *keptList) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept[k.address] != nil {
		return
	}
	r.kept[k.address] = r.recent.PushFront(k)
	for r.size += k.bytes; r.size > maxKept; {
		oldest := r.recent.Remove(r.recent.Back()).(*keptList)
		delete(r.kept, oldest.address)
		r.size -= oldest.bytes
	}
}
