package deletion

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// batch is how many lectures go in one transaction. Few timetables have more than twenty, so nearly all take one; and a
// transaction that clients wait for stays short.
const batch = 100

// Timetable is where a user's timetable is, or was.
func Timetable(client *firestore.Client, uid, id string) *firestore.DocumentRef {
	return client.Collection("users").Doc(uid).Collection("timetables").Doc(id)
}

// ErrLives says that a timetable exists, so that its lectures belong to somebody.
var ErrLives = errors.New("the timetable exists")

// Lectures removes the lectures of a timetable that was deleted, and says how many. It leaves them alone, with [ErrLives],
// when a timetable stands there again: the client chooses the id, and an event may come late.
//
// Each batch looks for the timetable in its own transaction, which locks the place: nobody can put a timetable there
// between the look and the deletion. A lecture cannot be added meanwhile either, as rules want its timetable to exist.
//
// Billed, with n lectures: n + 1 reads and n deletes; 1 read when there is none.
func (s *Service) Lectures(ctx context.Context, timetable *firestore.DocumentRef) (removed int, err error) {
	return s.lectures(ctx, timetable, func(tx *firestore.Transaction, _ bool) error {
		snap, err := tx.Get(timetable)
		if status.Code(err) != codes.NotFound && err != nil {
			return err
		}
		if snap.Exists() {
			return ErrLives
		}
		return nil
	})
}

// timetable removes a timetable with its lectures, whether it exists or not. The last batch takes the timetable with it, so
// that the function which hears of that finds nothing to do.
//
// Billed, with n lectures: n reads, 1 at least, and n + 1 deletes.
func (s *Service) timetable(ctx context.Context, timetable *firestore.DocumentRef) (removed int, err error) {
	return s.lectures(ctx, timetable, func(tx *firestore.Transaction, last bool) error {
		if !last {
			return nil
		}
		return tx.Delete(timetable)
	})
}

// lectures removes a timetable's lectures batch by batch. first is called in each batch's transaction before it deletes,
// and told whether it is the last one.
func (s *Service) lectures(ctx context.Context, timetable *firestore.DocumentRef, first func(tx *firestore.Transaction, last bool) error) (removed int, err error) {
	query := timetable.Collection("lectures").Select().Limit(batch) // names are enough
	for {
		found := 0
		err := s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			docs, err := tx.Documents(query).GetAll()
			if err != nil {
				return err
			}
			found = len(docs)
			if err := first(tx, found < batch); err != nil {
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
			return removed, fmt.Errorf("remove the lectures of %s: %w", path(timetable), err)
		}
		removed += found
		if found < batch {
			return removed, nil
		}
	}
}
