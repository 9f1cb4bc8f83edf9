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
	// ttlTime is what time to live may take, twice: https://firebase.google.com/docs/firestore/ttl
	ttlTime = 48 * time.Hour
)

// refreshStep looks for records of runs that have expired, semester by semester. There are some dozens of semesters, so it
// is one step, which can be broken off behind each.
func (r *run) refreshStep(ctx context.Context) (done bool, err error) {
	return true, r.each(ctx, schema.RefreshedSchools(r.firestore).DocumentRefs(ctx), func(school *firestore.DocumentRef) error {
		return r.each(ctx, schema.Refreshes(school).DocumentRefs(ctx), func(semester *firestore.DocumentRef) error {
			key := school.ID + "/" + semester.ID // names come in the order of their bytes
			if key <= r.at.Token {
				return nil
			}
			if err := r.expiredRuns(ctx, semester); err != nil {
				return err
			}
			r.at.Token = key
			return nil
		})
	})
}

// each calls do with each document of a collection.
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

// expiredRuns removes records, a batch of a semester's in each run of the sweeper. Their ids begin with their slot, so the
// oldest come first: expires itself is not indexed.
func (r *run) expiredRuns(ctx context.Context, semester *firestore.DocumentRef) error {
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
		r.mended(ctx, &r.report.Runs, removed, "records of runs that expired", schema.Path(semester))
	}
	return nil
}

func (r *run) expired(doc *firestore.DocumentSnapshot) bool {
	at, ok := schema.ExpiryOf(doc)
	return ok && r.now().Sub(at) > ttlTime
}
