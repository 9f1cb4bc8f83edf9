package sweeper

import (
	"context"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

const pendingPage = 50

// overdue is how late a purge may be before an operator should know.
const overdue = 24 * time.Hour

// pendingStep finds pending deletions that nobody can cancel, and those whose purge does not finish.
func (r *run) pendingStep(ctx context.Context) (done bool, err error) {
	if err := r.need(4 * pendingPage); err != nil {
		return false, err
	}
	query := schema.Deletions(r.firestore).OrderBy(firestore.DocumentID, firestore.Asc).Limit(pendingPage)
	if r.at.Token != "" {
		query = query.StartAfter(r.at.Token)
	}
	docs, err := query.Documents(ctx).GetAll()
	r.billed(max(1, len(docs)))
	if err != nil || len(docs) == 0 {
		return true, err
	}
	r.report.Looked += len(docs)
	var waiting []*firestore.DocumentRef
	for _, doc := range docs {
		var d schema.PendingDeletion
		switch err := doc.DataTo(&d); {
		case err != nil:
			r.problem(ctx, "%s: %v", schema.Path(doc.Ref), err)
		case !d.IsDeleting(): // only blocked
		case r.now().Sub(d.Due) > overdue:
			r.problem(ctx, "the purge of %s was due at %v and has not finished", doc.Ref.ID, d.Due.Format(time.RFC3339))
		case !d.Purging && d.Due.After(r.now()):
			waiting = append(waiting, doc.Ref)
		}
	}
	accounts, err := r.hasAccount(ctx, waiting)
	if err != nil {
		return false, err
	}
	for _, pending := range waiting {
		if !accounts[pending.ID] {
			r.purgeNow(ctx, pending)
		}
	}
	r.at.Token = docs[len(docs)-1].Ref.ID
	return len(docs) < pendingPage, nil
}

// purgeNow makes the purge of an account due immediately if nobody can sign in to it. An account of
// the old system may not have signed in yet, so it is kept.
func (r *run) purgeNow(ctx context.Context, pending *firestore.DocumentRef) {
	old, err := r.isOld(ctx, pending.ID)
	if err == nil && !old {
		r.billed(2)
		if err = r.deletion.PurgeNow(ctx, pending.ID); err == nil {
			r.repaired(ctx, &r.report.Marks, 1, "deletion that nobody can cancel", schema.Path(pending))
		}
	}
	if err != nil {
		r.problem(ctx, "%v", err)
	}
}
