package share

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/internal/schema"
)

// ErrNotFound means that there is nothing to show: no such user or timetable, a private one, or an account
// that is blocked or about to be deleted. Readers must not learn which.
var ErrNotFound = errors.New("no such public timetable")

// semesterAge is how old the kept copy of a semester may be. Its dates change a few times in its life.
const semesterAge = 10 * time.Minute

// maxSemesters bounds the semesters that are kept.
const maxSemesters = 1000

// Reader reads public timetables. It is safe for concurrent use.
type Reader struct {
	client *firestore.Client
	now    func() time.Time

	mu        sync.Mutex
	semesters map[string]keptSemester // by path
}

type keptSemester struct {
	schema.Semester
	read time.Time
}

// NewReader returns a reader.
func NewReader(client *firestore.Client, now func() time.Time) *Reader {
	return &Reader{client: client, now: now, semesters: map[string]keptSemester{}}
}

// Read reads a public timetable by the username of its owner and its ID. The error wraps [ErrNotFound] if
// others may not see it.
//
// Billed: 2 reads, of the user and the timetable, 1 for each lecture or 1 if there are none, and 1 for the
// semester every ten minutes. An account that is hidden has no user document (internal/deletion), so that
// finding the user is the check, too; that is why it is not kept in memory.
func (r *Reader) Read(ctx context.Context, username, timetableID string) (*Timetable, error) {
	if !schema.IsID(username) || !schema.IsID(timetableID) {
		return nil, ErrNotFound
	}
	user, err := only(schema.UserWithName(r.client, username).Documents(ctx))
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	ref := schema.TimetableRef(user.Ref, timetableID)
	docs, err := r.client.GetAll(ctx, []*firestore.DocumentRef{ref})
	if err != nil {
		return nil, fmt.Errorf("read timetable %s: %w", timetableID, err)
	}
	document := schema.Timetable{}
	if docs[0].Exists() {
		document = schema.ReadTimetable(docs[0])
	}
	if document.Visibility != schema.Public {
		return nil, ErrNotFound
	}
	t := &Timetable{
		UID: user.Ref.ID, Username: schema.UsernameOf(user), ID: timetableID, Title: document.Title, UpdatedAt: document.UpdatedAt,
	}
	if t.Semester, err = r.semester(ctx, document.Semester); err != nil {
		return nil, err
	}
	// Of the semester only what is shown: its document changes whenever the school's list is checked.
	sem, version := &t.Semester, sha256.New()
	fmt.Fprintf(version, "%q %d %d %q %q %q %q %q", t.Username, docs[0].UpdateTime.UnixNano(),
		sem.Year, sem.Term, sem.FirstDay, sem.LastDay, sem.Holidays, sem.ClassDays)
	lectures, err := schema.Lectures(ref).Limit(MaxMeetings).Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("read lectures of timetable %s: %w", timetableID, err)
	}
	for _, doc := range lectures {
		fmt.Fprintf(version, " %q %d", doc.Ref.ID, doc.UpdateTime.UnixNano())
	}
	t.Lectures = inOrder(lectures)
	t.Version = hex.EncodeToString(version.Sum(nil)[:16])
	return t, nil
}

// only returns the first document of a query.
func only(documents *firestore.DocumentIterator) (*firestore.DocumentSnapshot, error) {
	defer documents.Stop()
	doc, err := documents.Next()
	if errors.Is(err, iterator.Done) {
		return nil, ErrNotFound
	}
	return doc, err
}

// inOrder converts the documents of lectures, in the order in which they were added.
func inOrder(docs []*firestore.DocumentSnapshot) []Lecture {
	type added struct {
		Lecture
		at time.Time
	}
	list := make([]added, len(docs))
	for i, doc := range docs {
		lecture, at := schema.ReadLecture(doc)
		_, updated := schema.CreatedAndUpdated(doc.Data())
		list[i] = added{Lecture{Lecture: lecture, ID: doc.Ref.ID, UpdatedAt: updated}, at}
	}
	slices.SortFunc(list, func(a, b added) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.ID, b.ID)) })
	lectures := make([]Lecture, len(list))
	for i, l := range list {
		lectures[i] = l.Lecture
	}
	return lectures
}

// semester returns a semester, empty if the reference is not to one: the owner wrote it.
func (r *Reader) semester(ctx context.Context, ref *firestore.DocumentRef) (schema.Semester, error) {
	if ref == nil {
		return schema.Semester{}, nil
	}
	path := schema.Path(ref)
	if _, _, ok := schema.SplitSemesterPath(path); !ok {
		return schema.Semester{}, nil
	}
	now := r.now()
	r.mu.Lock()
	kept, ok := r.semesters[path]
	r.mu.Unlock()
	if ok && now.Sub(kept.read) < semesterAge {
		return kept.Semester, nil
	}
	docs, err := r.client.GetAll(ctx, []*firestore.DocumentRef{ref})
	if err != nil {
		return schema.Semester{}, fmt.Errorf("read %s: %w", path, err)
	}
	kept = keptSemester{read: now}
	if docs[0].Exists() {
		kept.Semester = schema.ReadSemester(docs[0])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.semesters) >= maxSemesters {
		clear(r.semesters)
	}
	r.semesters[path] = kept
	return kept.Semester, nil
}
