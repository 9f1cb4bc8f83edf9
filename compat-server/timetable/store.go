// Package timetable reads and writes timetables for old apps. It uses the same documents as new
// clients and writes them in the form that firestore.rules requires of clients.
package timetable

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"

	"cloud.google.com/go/firestore"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/schema"
)

var (
	// ErrNoTimetable reports that the user does not have the timetable.
	ErrNoTimetable = errors.New("no such timetable")
	// ErrNoLecture reports that the timetable does not have the lecture.
	ErrNoLecture = errors.New("no such lecture")
)

// Store reads and writes timetables. It is safe for concurrent use.
type Store struct {
	client *firestore.Client
	log    *slog.Logger
}

// New returns a store. All arguments are required.
func New(client *firestore.Client, log *slog.Logger) (*Store, error) {
	if client == nil || log == nil {
		return nil, errors.New("a timetable store needs a Firestore client and a logger")
	}
	return &Store{client, log}, nil
}

// Create makes an empty timetable. It is public, because old apps have no private timetables. The
// semester's document must exist. Billed: 1 write.
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

// Add adds a lecture to a user's timetable and returns the timetable, without its lectures, and the
// lecture. The error may be [ErrNoTimetable]. Billed: 1 read, 1 write.
//
// The transaction reads the timetable because, if it were deleted concurrently, nothing would ever
// delete the added lecture.
func (s *Store) Add(ctx context.Context, uid, timetableID string, l schema.Lecture) (Timetable, Lecture, error) {
	if !schema.IsID(timetableID) {
		return Timetable{}, Lecture{}, ErrNoTimetable
	}
	var t Timetable
	parent := s.timetable(uid, timetableID)
	// A UUID, as in the old database, so that the lecture has a place there if timetables move back.
	ref := schema.LectureRef(parent, uuid.NewString())
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

// Put replaces a lecture in a user's timetable and returns the timetable, without its lectures, and
// the lecture. The error may be [ErrNoTimetable] or [ErrNoLecture]. Billed: 2 reads, 1 write.
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

// Delete deletes a lecture from a user's timetable. Deleting a lecture that does not exist
// succeeds. The error may be [ErrNoTimetable]. Billed: 1 read, 1 delete.
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
