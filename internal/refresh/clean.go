package refresh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/internal/schema"
)

// leftoverAge is how old an object must be to be taken for the left-over of a run that died. A run that is alive publishes
// what it stores within seconds; one that took longer would find its object gone, and store it again.
const leftoverAge = time.Hour

// clean deletes the semester's objects that nothing points to: first it condemns them in the record, then it deletes them,
// then it strikes them from the record. Killed in between, the next run goes on where it stopped. Only the generation that
// was condemned is deleted, so an object that was created anew meanwhile stays.
func (s *Service) clean(ctx context.Context, t target) error {
	found, err := s.leftovers(ctx, t)
	if err != nil {
		return err
	}
	record, err := ReadRecord(ctx, s.firestore, t.school.ID, t.semester.ID)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(o Object) bool { return keeps(&record, o) })
	if len(found) == 0 && len(record.Condemned) == 0 {
		return nil
	}
	condemned, err := s.condemn(ctx, t, found)
	if err != nil {
		return err
	}
	for _, o := range condemned {
		if err := s.delete(ctx, o); err != nil {
			return err
		}
	}
	return s.strike(ctx, t, condemned)
}

// leftovers lists the semester's objects that are old enough.
func (s *Service) leftovers(ctx context.Context, t target) ([]Object, error) {
	query := &storage.Query{Prefix: schema.SemesterPrefix(t.school.ID, t.semester.ID)}
	if err := query.SetAttrSelection([]string{"Name", "Generation", "Created"}); err != nil {
		return nil, fmt.Errorf("list objects: %w", err)
	}
	var found []Object
	for it := s.bucket.Objects(ctx, query); ; {
		attrs, err := it.Next()
		if errors.Is(err, iterator.Done) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list gs://%s/%s: %w", s.bucketName, query.Prefix, err)
		}
		if s.now().Sub(attrs.Created) > leftoverAge {
			found = append(found, Object{Name: attrs.Name, Generation: attrs.Generation})
		}
	}
}

// keeps reports whether an object is published, or was a moment ago.
func keeps(r *Record, o Object) bool {
	return slices.ContainsFunc(r.Published, func(p Published) bool { return p.Object == o })
}

// condemn adds what was found to the record's condemned objects and returns all of them.
func (s *Service) condemn(ctx context.Context, t target, found []Object) ([]Object, error) {
	var condemned []Object
	err := s.update(ctx, t, func(r *Record) bool {
		before := len(r.Condemned)
		for _, o := range found {
			if !keeps(r, o) && !slices.Contains(r.Condemned, o) {
				r.Condemned = append(r.Condemned, o)
			}
		}
		condemned = slices.Clone(r.Condemned)
		return len(r.Condemned) > before
	})
	return condemned, err
}

// strike removes objects that are deleted from the record.
func (s *Service) strike(ctx context.Context, t target, deleted []Object) error {
	return s.update(ctx, t, func(r *Record) bool {
		before := len(r.Condemned)
		r.Condemned = slices.DeleteFunc(r.Condemned, func(o Object) bool { return slices.Contains(deleted, o) })
		return len(r.Condemned) < before
	})
}

// update changes the record's condemned objects in a transaction. change reports whether there is anything to write.
func (s *Service) update(ctx context.Context, t target, change func(*Record) bool) error {
	err := s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		var r Record
		snap, err := tx.Get(t.record)
		if _, err := schema.Decode(t.record, snap, err, &r); err != nil {
			return err
		}
		if !change(&r) {
			return nil
		}
		return tx.Set(t.record, map[string]any{schema.FieldCondemned: r.Condemned}, firestore.MergeAll)
	})
	if err != nil {
		return fmt.Errorf("clean up %s %s: %w", t.school.ID, t.semester.ID, err)
	}
	return nil
}
