package share

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/internal/schema"
)

// ErrNotFound means that there is nothing to show: no such user or timetable, a private one, or an account
// that is blocked or about to be deleted. Readers must not learn which.
var ErrNotFound = errors.New("no such public timetable")

// Reader reads public timetables. It is safe for concurrent use.
type Reader struct {
	client    *firestore.Client
	semesters *Semesters
}

// NewReader returns a reader.
func NewReader(client *firestore.Client, semesters *Semesters) *Reader {
	return &Reader{client: client, semesters: semesters}
}

// Read reads a public timetable by the username of its owner and its ID. The error wraps [ErrNotFound] if
// others may not see it.
//
// Billed: 2 reads, of the user and the timetable, 1 for each lecture or 1 if there are none, and 1 for the
// semester every ten minutes. An account that is hidden has no user document (internal/deletion), so that
// finding the user is the check, too; that is why it is not kept in memory.
func (r *Reader) Read(ctx context.Context, username, timetableID string) (*Timetable, error) {
	user, doc, err := r.find(ctx, username, timetableID)
	if err != nil {
		return nil, err
	}
	return r.read(ctx, user, doc)
}

// ReadLatest reads a user's public timetable of the latest semester: of several the one that was created last.
//
// Billed: like [Reader.Read].
func (r *Reader) ReadLatest(ctx context.Context, username string) (*Timetable, error) {
	user, err := r.user(ctx, username)
	if err != nil {
		return nil, err
	}
	doc, err := only(schema.LatestTimetables(user.Ref, true).Limit(1).Documents(ctx))
	if err != nil {
		return nil, fmt.Errorf("find the latest timetable: %w", err)
	}
	return r.read(ctx, user, doc)
}

// Owner returns the owner of a public timetable. The error wraps [ErrNotFound] if others may not see it.
//
// Billed: 2 reads.
func (r *Reader) Owner(ctx context.Context, username, timetableID string) (uid string, err error) {
	user, _, err := r.find(ctx, username, timetableID)
	if err != nil {
		return "", err
	}
	return user.Ref.ID, nil
}

// user finds a user by name.
func (r *Reader) user(ctx context.Context, username string) (*firestore.DocumentSnapshot, error) {
	if !schema.IsID(username) {
		return nil, ErrNotFound
	}
	user, err := only(schema.UserWithName(r.client, username).Documents(ctx))
	if err != nil {
		return nil, fmt.Errorf("find user: %w", err)
	}
	return user, nil
}

// find finds a public timetable and its owner.
func (r *Reader) find(ctx context.Context, username, timetableID string) (user, timetable *firestore.DocumentSnapshot, err error) {
	if !schema.IsID(timetableID) {
		return nil, nil, ErrNotFound
	}
	if user, err = r.user(ctx, username); err != nil {
		return nil, nil, err
	}
	docs, err := r.client.GetAll(ctx, []*firestore.DocumentRef{schema.TimetableRef(user.Ref, timetableID)})
	if err != nil {
		return nil, nil, fmt.Errorf("read timetable %s: %w", timetableID, err)
	}
	if !docs[0].Exists() || schema.ReadTimetable(docs[0]).Visibility != schema.Public {
		return nil, nil, ErrNotFound
	}
	return user, docs[0], nil
}

// read reads the rest of a public timetable.
func (r *Reader) read(ctx context.Context, user, doc *firestore.DocumentSnapshot) (_ *Timetable, err error) {
	document := schema.ReadTimetable(doc)
	t := &Timetable{
		UID: user.Ref.ID, Username: schema.UsernameOf(user), ID: doc.Ref.ID, Title: document.Title, UpdatedAt: document.UpdatedAt,
	}
	if t.Semester, err = r.semesters.Get(ctx, document.Semester); err != nil {
		return nil, err
	}
	// Of the semester only what is shown: its document changes whenever the school's list is checked.
	sem, version := &t.Semester, sha256.New()
	fmt.Fprintf(version, "%q %d %d %q %q %q %q %q", t.Username, doc.UpdateTime.UnixNano(),
		sem.Year, sem.Term, sem.FirstDay, sem.LastDay, sem.Holidays, sem.ClassDays)
	lectures, err := schema.Lectures(doc.Ref).Limit(MaxMeetings).Documents(ctx).GetAll()
	if err != nil {
		return nil, fmt.Errorf("read lectures of timetable %s: %w", t.ID, err)
	}
	for _, lecture := range lectures {
		fmt.Fprintf(version, " %q %d", lecture.Ref.ID, lecture.UpdateTime.UnixNano())
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
	stored := make([]schema.StoredLecture, len(docs))
	for i, doc := range docs {
		stored[i] = schema.ReadLecture(doc)
	}
	slices.SortFunc(stored, schema.StoredLecture.CompareAdded)
	lectures := make([]Lecture, len(stored))
	for i, l := range stored {
		lectures[i] = Lecture{Lecture: l.Lecture, ID: l.ID, UpdatedAt: l.UpdatedAt}
	}
	return lectures
}
