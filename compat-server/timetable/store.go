// Package timetable reads and writes timetables for old apps, in the documents that new clients read and write, and in the
// shapes that firestore.rules demands of those.
package timetable

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/schema"
)

var (
	// ErrNoTimetable says that a user has no such timetable.
	ErrNoTimetable = errors.New("no such timetable")
	// ErrNoLecture says that a timetable has no such lecture.
	ErrNoLecture = errors.New("no such lecture")
)

// Store reads and writes timetables. It is safe for concurrent use.
type Store struct {
	client *firestore.Client
	log    *slog.Logger
}

// New makes a store; all is required.
func New(client *firestore.Client, log *slog.Logger) (*Store, error) {
	if client == nil || log == nil {
		return nil, errors.New("a store of timetables needs a Firestore client and a logger")
	}
	return &Store{client, log}, nil
}

// Create makes an empty public timetable, as old apps know no other. The semester's document must exist. Billed: 1 write.
func (s *Store) Create(ctx context.Context, uid, title, semesterPath string) (Timetable, error) {
	id := make([]byte, 16)
	rand.Read(id)
	t := Timetable{ID: hex.EncodeToString(id), UserID: uid, Title: title, SemesterPath: semesterPath, Lectures: []Lecture{}}
	_, err := s.timetable(uid, t.ID).Create(ctx, schema.Timetable{
		Title: title, Visibility: schema.Public, Semester: s.client.Doc(semesterPath),
	})
	if err != nil {
		return Timetable{}, fmt.Errorf("create timetable %s: %w", t.ID, err)
	}
	return t, nil
}

// Add puts a lecture into a timetable of its owner, and gives the timetable as well, without its lectures. The error may be
// [ErrNoTimetable]. Billed: 1 read, 1 write.
//
// The timetable is read in the transaction that writes: deleted meanwhile, it would leave a lecture behind that nobody deletes.
func (s *Store) Add(ctx context.Context, uid, timetableID string, l schema.Lecture) (Timetable, Lecture, error) {
	if !schema.IsID(timetableID) {
		return Timetable{}, Lecture{}, ErrNoTimetable
	}
	var t Timetable
	parent := s.timetable(uid, timetableID)
	ref := schema.Lectures(parent).NewDoc()
	err := s.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		doc, err := tx.Get(parent)
		if err != nil {
			return err
		}
		t = readTimetable(doc)
		return tx.Create(ref, l.NewFields())
	})
	switch {
	case status.Code(err) == codes.NotFound:
		return Timetable{}, Lecture{}, ErrNoTimetable
	case err != nil:
		return Timetable{}, Lecture{}, fmt.Errorf("add a lecture to timetable %s: %w", timetableID, err)
	}
	return t, Lecture{ref.ID, l}, nil
}

// Put replaces a lecture in a timetable of its owner, and gives the timetable as well, without its lectures. The error may be
// [ErrNoTimetable] or [ErrNoLecture]. Billed: 2 reads, 1 write.
func (s *Store) Put(ctx context.Context, uid, timetableID, lectureID string, l schema.Lecture) (Timetable, Lecture, error) {
	switch {
	case !schema.IsID(timetableID):
		return Timetable{}, Lecture{}, ErrNoTimetable
	case !schema.IsID(lectureID):
		return Timetable{}, Lecture{}, ErrNoLecture
	}
	var t Timetable
	parent := s.timetable(uid, timetableID)
	ref := schema.LectureRef(parent, lectureID)
	err := s.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		docs, err := tx.GetAll([]*firestore.DocumentRef{parent, ref})
		switch {
		case err != nil:
			return err
		case !docs[0].Exists():
			return ErrNoTimetable
		case !docs[1].Exists():
			return ErrNoLecture
		}
		t = readTimetable(docs[0])
		return tx.Update(ref, l.Updates())
	})
	switch {
	case errors.Is(err, ErrNoTimetable), errors.Is(err, ErrNoLecture):
		return Timetable{}, Lecture{}, err
	case err != nil:
		return Timetable{}, Lecture{}, fmt.Errorf("replace lecture %s of timetable %s: %w", lectureID, timetableID, err)
	}
	return t, Lecture{ref.ID, l}, nil
}

// Delete removes a lecture from a timetable of its owner. One that is gone already is what was wanted. The error may be
// [ErrNoTimetable]. Billed: 1 read, 1 delete.
func (s *Store) Delete(ctx context.Context, uid, timetableID, lectureID string) error {
	if !schema.IsID(timetableID) {
		return ErrNoTimetable
	}
	parent := s.timetable(uid, timetableID)
	switch _, err := parent.Get(ctx); {
	case status.Code(err) == codes.NotFound:
		return ErrNoTimetable
	case err != nil:
		return fmt.Errorf("read timetable %s: %w", timetableID, err)
	}
	if !schema.IsID(lectureID) {
		return nil
	}
	if _, err := schema.LectureRef(parent, lectureID).Delete(ctx); err != nil {
		return fmt.Errorf("delete lecture %s of timetable %s: %w", lectureID, timetableID, err)
	}
	return nil
}

func (s *Store) timetable(uid, id string) *firestore.DocumentRef {
	return schema.TimetableRef(schema.UserRef(s.client, uid), id)
}
