package sweeper

import (
	"context"
	"errors"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/internal/schema"
)

const (
	runBatch = 100
	// ttlTime is twice as long as Firestore's time to live may take to delete a document.
	//
	// Source: https://firebase.google.com/docs/firestore/ttl
	ttlTime = 48 * time.Hour
)

// refreshStep removes expired records of refreshes. There are only dozens of semesters, so it is a single
// step, which can stop after each semester.
func (r *run) refreshStep(ctx context.Context) (done bool, err error) {
	return true, r.each(ctx, schema.RefreshedSchools(r.firestore).DocumentRefs(ctx), func(school *firestore.DocumentRef) error {
		return r.each(ctx, schema.Refreshes(school).DocumentRefs(ctx), func(semester *firestore.DocumentRef) error {
			key := school.ID + "/" + semester.ID // documents are listed in byte order of their names
			if key <= r.at.Token {
				return nil
			}
			if err := r.removeExpired(ctx, semester); err != nil {
				return err
			}
			r.at.Token = key
			return nil
		})
	})
}

// each calls do for each document of a collection.
func (r *run) each(ctx context.Context, refs *firestore.DocumentRefIterator, do func(*firestore.DocumentRef) error) error {
	for {
		if err := r.need(1); err != nil {
			return err
		}
		ref, err := refs.Next()
		r.billed(1)
		if errors.Is(err, iterator.Done) {
			return nil
		}
		if err == nil {
			err = do(ref)
		}
		if err != nil {
			return err
		}
	}
}

// removeExpired removes one batch of a semester's expired records. Ids begin with the slot of the
// refresh, so the oldest come first; the field expires is not indexed. It reads one record first,
// because usually none has expired.
func (r *run) removeExpired(ctx context.Context, semester *firestore.DocumentRef) error {
	if err := r.need(1 + 2*runBatch); err != nil {
		return err
	}
	oldest := schema.OldestRuns(semester)
	for _, limit := range []int{1, runBatch} {
		docs, err := oldest.Limit(limit).Documents(ctx).GetAll()
		r.billed(max(1, len(docs)))
		if err != nil {
			return err
		}
		r.report.Looked += len(docs)
		if len(docs) == 0 || !r.expired(docs[0]) {
			return nil
		}
		if limit == 1 {
			continue
		}
		removed := 0
		for _, doc := range docs {
			if !r.expired(doc) {
				continue
			}
			r.billed(1)
			if _, err := doc.Ref.Delete(ctx); err != nil {
				return err
			}
			removed++
		}
		r.repaired(ctx, &r.report.Runs, removed, "expired records of refreshes", schema.Path(semester))
	}
	return nil
}

func (r *run) expired(doc *firestore.DocumentSnapshot) bool {
	at, ok := schema.ExpiryOf(doc)
	return ok && r.now().Sub(at) > ttlTime
}
