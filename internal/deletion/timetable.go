package deletion

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Batch is how many lectures go in one transaction. Few timetables have more than twenty, so nearly all take one; and a
// transaction that clients wait for stays short.
const Batch = 100

// ErrLives says that a timetable exists, so that its lectures belong to somebody.
var ErrLives = errors.New("the timetable exists")

// Lectures removes the lectures of a user's timetable that was deleted, and says how many. It leaves them alone, with [ErrLives],
// when a timetable stands there again: the client chooses the id, and an event may come late.
//
// Each batch looks for the timetable in its own transaction, which locks the place: nobody can put a timetable there
// between the look and the deletion. A lecture cannot be added meanwhile either, as rules want its timetable to exist.
//
// Billed, with n lectures: n + 1 reads and n deletes; 1 read when there is none.
func (s *Service) Lectures(ctx context.Context, uid, id string) (removed int, err error) {
	for {
		n, more, err := s.LectureBatch(ctx, uid, id)
		removed += n
		if err != nil || !more {
			return removed, err
		}
	}
}

// LectureBatch is the first [Batch] of [Service.Lectures], and says whether there may be more.
func (s *Service) LectureBatch(ctx context.Context, uid, id string) (removed int, more bool, err error) {
	at, err := s.documents(uid)
	if err != nil {
		return 0, false, err
	}
	timetable := schema.TimetableRef(at.user, id)
	if timetable == nil {
		return 0, false, fmt.Errorf("%q is not the id of a timetable", id)
	}
	return s.batch(ctx, timetable, func(tx *firestore.Transaction, found int) error {
		if found == 0 {
			return nil
		}
		docs, err := tx.GetAll([]*firestore.DocumentRef{timetable})
		if err == nil && docs[0].Exists() {
			err = ErrLives
		}
		return err
	})
}

// timetable removes a timetable with its lectures, whether it exists or not. The last batch takes the timetable with it, so
// that the function which hears of that finds nothing to do.
//
// Billed, with n lectures: n reads, 1 at least, and n + 1 deletes.
func (s *Service) timetable(ctx context.Context, timetable *firestore.DocumentRef) (removed int, err error) {
	for {
		n, more, err := s.batch(ctx, timetable, func(tx *firestore.Transaction, found int) error {
			if found == Batch {
				return nil
			}
			return tx.Delete(timetable)
		})
		removed += n
		if err != nil || !more {
			return removed, err
		}
	}
}

// batch removes up to [Batch] lectures. first is called in the transaction before, with how many they are.
func (s *Service) batch(ctx context.Context, timetable *firestore.DocumentRef, first func(tx *firestore.Transaction, found int) error) (removed int, more bool, err error) {
	query := schema.Lectures(timetable).Select().Limit(Batch) // names are enough
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		docs, err := tx.Documents(query).GetAll()
		if err != nil {
			return err
		}
		removed = len(docs)
		if err := first(tx, removed); err != nil {
			return err
		}
		for _, doc := range docs {
			if err := tx.Delete(doc.Ref); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, false, fmt.Errorf("remove the lectures of %s: %w", schema.Path(timetable), err)
	}
	return removed, removed == Batch, nil
}
