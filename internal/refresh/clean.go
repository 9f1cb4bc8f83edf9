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

// leftoverAge is the age at which an unpublished object counts as the leftover of a killed run. A live
// run publishes its object within seconds. One that took longer would find its object gone and upload
// it again.
const leftoverAge = time.Hour

// clean deletes the semester's unreferenced objects. It lists them as condemned in the record, deletes
// them, and removes them from the record, so if it is killed the next run continues. It deletes only
// the condemned generation, so an object that was recreated in the meantime survives.
func (s *Service) clean(ctx context.Context, t target) error {
	found, err := s.leftovers(ctx, t)
	if err != nil {
		return err
	}
	record, err := ReadRecord(ctx, s.firestore, t.school.ID, t.semester.ID)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(o Object) bool { return isKept(&record, o) })
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
	return s.forget(ctx, t, condemned)
}

// leftovers lists the semester's objects older than leftoverAge.
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

// isKept reports whether an object is one of the record's published lists.
func isKept(r *Record, o Object) bool {
	return slices.ContainsFunc(r.Published, func(p Published) bool { return p.Object == o })
}

// condemn adds found to the record's condemned objects and returns all condemned objects.
func (s *Service) condemn(ctx context.Context, t target, found []Object) ([]Object, error) {
	var condemned []Object
	err := s.update(ctx, t, func(r *Record) bool {
		before := len(r.Condemned)
		for _, o := range found {
			if !isKept(r, o) && !slices.Contains(r.Condemned, o) {
				r.Condemned = append(r.Condemned, o)
			}
		}
		condemned = slices.Clone(r.Condemned)
		return len(r.Condemned) > before
	})
	return condemned, err
}

// forget removes deleted objects from the record.
func (s *Service) forget(ctx context.Context, t target, deleted []Object) error {
	return s.update(ctx, t, func(r *Record) bool {
		before := len(r.Condemned)
		r.Condemned = slices.DeleteFunc(r.Condemned, func(o Object) bool { return slices.Contains(deleted, o) })
		return len(r.Condemned) < before
	})
}

// update changes the record's condemned objects in a transaction. It writes only if change returns true.
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
