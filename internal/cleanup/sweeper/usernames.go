package sweeper

import (
	"context"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

const usernamePage = 50

// usernameStep frees usernames whose index documents name a user with another username or no user.
func (r *run) usernameStep(ctx context.Context) (done bool, err error) {
	if err := r.need(6 * usernamePage); err != nil {
		return false, err
	}
	query := schema.Usernames(r.firestore).OrderBy(firestore.DocumentID, firestore.Asc).Limit(usernamePage)
	if r.at.Token != "" {
		query = query.StartAfter(r.at.Token)
	}
	indexes, err := query.Documents(ctx).GetAll()
	r.billed(max(1, len(indexes)))
	if err != nil || len(indexes) == 0 {
		return true, err
	}
	r.report.Looked += len(indexes)
	var refs []*firestore.DocumentRef
	for _, index := range indexes {
		uid := schema.UIDOf(index)
		user := schema.UserRef(r.firestore, uid)
		if user == nil {
			r.problem(ctx, "%s names %q, which is not a uid", schema.Path(index.Ref), uid)
			user = index.Ref // a placeholder, which the loop below skips
		}
		refs = append(refs, user)
	}
	users, err := r.get(ctx, refs)
	if err != nil {
		return false, err
	}
	for i, index := range indexes {
		if user := users[i]; user.Ref.ID == schema.UIDOf(index) && !r.isYoung(index.CreateTime) &&
			!(user.Exists() && schema.UsernameOf(user) == index.Ref.ID) {
			r.freeUsername(ctx, user.Ref.ID, index.Ref)
		}
	}
	r.at.Token = indexes[len(indexes)-1].Ref.ID
	return len(indexes) < usernamePage, nil
}

func (r *run) freeUsername(ctx context.Context, uid string, index *firestore.DocumentRef) {
	freed, err := r.deletion.FreeUsername(ctx, uid, index.ID)
	r.billed(4)
	switch {
	case err != nil:
		r.problem(ctx, "%v", err)
	case freed:
		r.repaired(ctx, &r.report.Usernames, 1, "username without user", schema.Path(index))
	}
}

func (r *run) isYoung(at time.Time) bool { return r.now().Sub(at) < young }

// get reads documents and counts them as billed.
func (r *run) get(ctx context.Context, refs []*firestore.DocumentRef) ([]*firestore.DocumentSnapshot, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	r.billed(len(refs))
	return r.firestore.GetAll(ctx, refs)
}
