package sweeper

import (
	"context"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

const markPage = 50

// overdue is how long a purge may be due before somebody should look.
const overdue = 24 * time.Hour

// markStep looks for deletions that nobody can take back, and for those that do not come to their end.
func (r *run) markStep(ctx context.Context) (done bool, err error) {
	if err := r.need(4 * markPage); err != nil {
		return false, err
	}
	query := schema.Deletions(r.firestore).OrderBy(firestore.DocumentID, firestore.Asc).Limit(markPage)
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
		var m schema.PendingDeletion
		switch err := doc.DataTo(&m); {
		case err != nil:
			r.odd(ctx, "%s: %v", schema.Path(doc.Ref), err)
		case r.now().Sub(m.Due) > overdue:
			r.odd(ctx, "the purge of %s was due at %v and is not done", doc.Ref.ID, m.Due.Format(time.RFC3339))
		case !m.Purging && m.Due.After(r.now()):
			waiting = append(waiting, doc.Ref)
		}
	}
	accounts, err := r.hasAccount(ctx, waiting)
	if err != nil {
		return false, err
	}
	for _, mark := range waiting {
		if !accounts[mark.ID] {
			r.hasten(ctx, mark)
		}
	}
	r.at.Token = docs[len(docs)-1].Ref.ID
	return len(docs) < markPage, nil
}

// hasten purges an account that nobody can sign in to. One from the old system may not have signed in yet.
func (r *run) hasten(ctx context.Context, mark *firestore.DocumentRef) {
	old, err := r.isOld(ctx, mark.ID)
	if err == nil && !old {
		r.billed(1)
		if err = r.deletion.PurgeNow(ctx, mark.ID); err == nil {
			r.mended(ctx, &r.report.Marks, 1, "deletion that nobody can take back", schema.Path(mark))
		}
	}
	if err != nil {
		r.odd(ctx, "%v", err)
	}
}
