package deletion

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// BatchSize is how many lectures one transaction removes. Few timetables have more than twenty, so
// one transaction is nearly always enough, and clients never wait long for its locks.
const BatchSize = 100

// ErrTimetableExists means that lectures were kept because their timetable exists.
var ErrTimetableExists = errors.New("the timetable exists")

// RemoveLectures removes the lectures of a deleted timetable and returns how many it removed. If the
// timetable exists again, it stops with [ErrTimetableExists]: clients choose the ids, and events may
// be late.
//
// Each transaction reads the timetable, which locks it: nobody can create it before the transaction
// commits. Nobody can add a lecture either, because the rules require its timetable to exist.
//
// Billed for n lectures: n + 1 reads and n deletes; 1 read if there are none.
func (s *Service) RemoveLectures(ctx context.Context, uid, id string) (removed int, err error) {
	for {
		n, more, err := s.RemoveLectureBatch(ctx, uid, id)
		removed += n
		if err != nil || !more {
			return removed, err
		}
	}
}

// RemoveViews removes the counts of views of a deleted timetable, like [Service.RemoveLectures].
//
// Billed for n days: n + 1 reads and n deletes; 1 read if there are none.
func (s *Service) RemoveViews(ctx context.Context, uid, id string) (removed int, err error) {
	refs, err := s.documents(uid)
	if err != nil {
		return 0, err
	}
	timetable := schema.TimetableRef(refs.user, id)
	for {
		n, more, err := s.removeBatch(ctx, timetable, schema.ViewsOf(timetable).Select(), unlessExists(timetable))
		removed += n
		if err != nil || !more {
			return removed, err
		}
	}
}

// removeAllViews removes the counts of views of all timetables of a user.
//
// Billed for n days: n reads, but at least 1, and n deletes.
func (s *Service) removeAllViews(ctx context.Context, user *firestore.DocumentRef) error {
	for {
		_, more, err := s.removeBatch(ctx, user, schema.ViewsBelow(s.firestore, user), func(*firestore.Transaction, int) error { return nil })
		if err != nil || !more {
			return err
		}
	}
}

// RemoveLectureBatch is [Service.RemoveLectures] for the first [BatchSize] lectures. It reports
// whether there may be more.
func (s *Service) RemoveLectureBatch(ctx context.Context, uid, id string) (removed int, more bool, err error) {
	refs, err := s.documents(uid)
	if err != nil {
		return 0, false, err
	}
	timetable := schema.TimetableRef(refs.user, id)
	if timetable == nil {
		return 0, false, fmt.Errorf("%q is not the id of a timetable", id)
	}
	return s.removeBatch(ctx, timetable, schema.Lectures(timetable).Select(), unlessExists(timetable))
}

// unlessExists returns what a transaction does before it removes something below a timetable.
func unlessExists(timetable *firestore.DocumentRef) func(*firestore.Transaction, int) error {
	return func(tx *firestore.Transaction, found int) error {
		if found == 0 {
			return nil
		}
		docs, err := tx.GetAll([]*firestore.DocumentRef{timetable})
		if err == nil && docs[0].Exists() {
			err = ErrTimetableExists
		}
		return err
	}
}

// removeTimetable removes a timetable and its lectures, whether or not the timetable exists. The last
// transaction removes the timetable too, so the function that its event calls has nothing to do.
//
// After each batch it reports it to batch, which returns whether to continue. complete is false if
// something is left.
//
// Billed for n lectures: n reads, but at least 1, and n + 1 deletes.
func (s *Service) removeTimetable(
	ctx context.Context, timetable *firestore.DocumentRef, batch func(removed int) bool,
) (complete bool, err error) {
	for {
		n, more, err := s.removeBatch(ctx, timetable, schema.Lectures(timetable).Select(), func(tx *firestore.Transaction, found int) error {
			if found == BatchSize {
				return nil
			}
			return tx.Delete(timetable)
		})
		if err != nil {
			return false, err
		}
		if ok := batch(n); !more || !ok {
			return !more, nil
		}
	}
}

// removeBatch removes up to [BatchSize] documents of a query, which are below the given document, in one transaction.
// Before the first deletion, the transaction calls before with the number of documents that it found.
func (s *Service) removeBatch(
	ctx context.Context, below *firestore.DocumentRef, query firestore.Query, before func(tx *firestore.Transaction, found int) error,
) (removed int, more bool, err error) {
	query = query.Limit(BatchSize)
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		docs, err := tx.Documents(query).GetAll()
		if err != nil {
			return err
		}
		removed = len(docs)
		if err := before(tx, removed); err != nil {
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
		return 0, false, fmt.Errorf("remove what is below %s: %w", schema.Path(below), err)
	}
	return removed, removed == BatchSize, nil
}
