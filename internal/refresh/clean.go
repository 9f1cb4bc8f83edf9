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

// clean deletes the semester's unreferenced objects, and makes the deltas to the published list that are
// missing.
//
// It lists lists as condemned in the record, deletes them, and removes them from the record, so if it is
// killed the next run continues. It deletes only the condemned generation, so an object that was recreated
// in the meantime survives. Deltas need no such care: a client does without, and the next run makes them
// again.
func (s *Service) clean(ctx context.Context, t target) error {
	objects, err := s.objects(ctx, t)
	if err != nil {
		return err
	}
	record, err := ReadRecord(ctx, s.firestore, t.school.ID, t.semester.ID)
	if err != nil {
		return err
	}
	if err := s.cleanDeltas(ctx, &record, objects); err != nil {
		return err
	}
	var found []Object
	for _, attrs := range objects {
		o := Object{Name: attrs.Name, Generation: attrs.Generation}
		if _, _, isDelta := schema.SplitDeltaName(attrs.Name); !isDelta && s.isOld(attrs) && !isKept(&record, o) {
			found = append(found, o)
		}
	}
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

// objects lists the semester's objects.
func (s *Service) objects(ctx context.Context, t target) ([]*storage.ObjectAttrs, error) {
	query := &storage.Query{Prefix: schema.SemesterPrefix(t.school.ID, t.semester.ID)}
	if err := query.SetAttrSelection([]string{"Name", "Generation", "Created"}); err != nil {
		return nil, fmt.Errorf("list objects: %w", err)
	}
	var found []*storage.ObjectAttrs
	for it := s.bucket.Objects(ctx, query); ; {
		attrs, err := it.Next()
		if errors.Is(err, iterator.Done) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list gs://%s/%s: %w", s.bucketName, query.Prefix, err)
		}
		found = append(found, attrs)
	}
}

func (s *Service) isOld(attrs *storage.ObjectAttrs) bool {
	return s.now().Sub(attrs.Created) > leftoverAge
}

// cleanDeltas deletes old deltas from or to a list that is not kept, so that at most 12 remain, and makes
// those to the published list that are missing. Usually there is nothing to do and nothing is read.
func (s *Service) cleanDeltas(ctx context.Context, r *Record, objects []*storage.ObjectAttrs) error {
	there := map[string]bool{}
	for _, attrs := range objects {
		there[attrs.Name] = true
	}
	kept := map[string]bool{}
	for _, p := range r.Published {
		kept[p.Name] = true
	}
	for _, attrs := range objects {
		from, to, isDelta := schema.SplitDeltaName(attrs.Name)
		if !isDelta || kept[from] && kept[to] || !s.isOld(attrs) {
			continue
		}
		if err := s.delete(ctx, Object{Name: attrs.Name, Generation: attrs.Generation}); err != nil {
			return err
		}
	}
	var body []byte // the published list
	for _, p := range predecessors(r, hashOfPublished(r)) {
		published := r.Published[0]
		if there[schema.DeltaName(p.Name, published.Name)] || !there[p.Name] || !there[published.Name] {
			continue
		}
		if body == nil {
			var err error
			if body, err = s.load(ctx, published); err != nil {
				return ignoreMissing(err)
			}
		}
		from, err := s.load(ctx, p)
		if err == nil {
			_, err = s.storeDelta(ctx, p.Name, from, published.Name, body)
		}
		if ignoreMissing(err) != nil {
			return err
		}
	}
	return nil
}

// ignoreMissing returns err unless it says that an object is gone: no delta leads from or to such a list.
func ignoreMissing(err error) error {
	if errors.Is(err, errNoObject) {
		return nil
	}
	return err
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
