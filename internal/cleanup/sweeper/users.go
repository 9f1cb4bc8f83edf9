package sweeper

import (
	"context"
	"errors"
	"slices"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/schema"
)

const (
	userPage      = 20
	timetablePage = 50
)

// page is a page of a collection, including documents that do not exist but have subcollections.
type page struct {
	refs []*firestore.DocumentRef
	next string // token of the next page, "" if this is the last
}

// list reads a page. If Firestore no longer accepts the token, it returns the first page.
func (r *run) list(ctx context.Context, c *firestore.CollectionRef, size int, token string) (*page, error) {
	var p page
	refs := c.DocumentRefs(ctx)
	// iterator.Pager would lose this page if the next one is empty; this iterator reports that as an error.
	info := refs.PageInfo()
	info.MaxSize, info.Token = size, token
	for {
		ref, err := refs.Next()
		switch {
		case err == nil:
			p.refs, p.next = append(p.refs, ref), info.Token
		case errors.Is(err, iterator.Done):
			p.next = ""
		case status.Code(err) == codes.InvalidArgument && token != "":
			r.log.WarnContext(ctx, "sweeper restarts a collection because its page token was rejected", "collection", c.ID, "error", err.Error())
			return r.list(ctx, c, size, "")
		default:
			return nil, err
		}
		if info.Remaining() == 0 {
			r.billed(max(1, len(p.refs)))
			return &p, nil
		}
	}
}

// userStep checks a page of users; later calls then check the timetables of each of them, one page per
// call.
func (r *run) userStep(ctx context.Context) (done bool, err error) {
	if r.users == nil {
		if err := r.need(userPage * 12); err != nil {
			return false, err
		}
		if r.users, err = r.list(ctx, schema.Users(r.firestore), userPage, r.at.Token); err != nil {
			r.users = nil
			return false, err
		}
		r.report.Looked += len(r.users.refs)
		r.visited = -1
		if r.at.Done == 0 && r.at.Inner == "" {
			return false, r.checkUsers(ctx, r.users.refs)
		}
	}
	if r.at.Done < len(r.users.refs) {
		return false, r.timetableStep(ctx, r.users.refs[r.at.Done])
	}
	next := r.users.next
	r.users, r.at = nil, schema.SweepPosition{Stage: r.at.Stage, Token: next}
	return next == "", nil
}

// timetableStep checks a page of a user's timetables and removes the lectures of deleted ones.
func (r *run) timetableStep(ctx context.Context, user *firestore.DocumentRef) error {
	if r.visited < 0 {
		r.visit(user.ID)
	}
	if err := r.need(3 * timetablePage); err != nil {
		return err
	}
	p, err := r.list(ctx, schema.Timetables(user), timetablePage, r.at.Inner)
	if err != nil {
		return err
	}
	docs, err := r.get(ctx, p.refs)
	if err != nil {
		return err
	}
	r.report.Looked += len(docs)
	for _, doc := range docs {
		if doc.Exists() {
			continue
		}
		switch err := r.removeLectures(ctx, doc.Ref); {
		case errors.Is(err, errUserSpent): // the next sweep continues with this page
			r.leave(ctx, user.ID, r.at.Inner, true)
			return nil
		case err != nil:
			return err
		}
	}
	switch {
	case p.next == "":
		r.leave(ctx, user.ID, "", false)
	case r.userSpent():
		r.leave(ctx, user.ID, p.next, true)
	default:
		r.at.Inner = p.next
	}
	return nil
}

// errUserSpent means that the run has billed as much for the current user as it may.
var errUserSpent = errors.New("the run has reached its bound on one user's operations")

func (r *run) userSpent() bool { return r.report.Operations-r.visited >= userOperations }

// visit begins with a user, where the last sweep stopped if it did not finish.
func (r *run) visit(uid string) {
	r.visited = r.report.Operations
	if i := r.unfinishedIndex(uid); i >= 0 && r.at.Inner == "" {
		r.at.Inner = r.unfinished[i].Token
	}
}

// leave goes on to the next user. If this one is postponed, the next sweep continues at token.
func (r *run) leave(ctx context.Context, uid, token string, postponed bool) {
	if i := r.unfinishedIndex(uid); i >= 0 {
		r.unfinished = slices.Delete(r.unfinished, i, i+1)
	}
	if postponed {
		r.report.Postponed++
		r.log.InfoContext(ctx, "a user has more data than a run checks; the next sweep continues", "uid", uid)
		r.unfinished = append(r.unfinished, schema.UnfinishedUser{UID: uid, Token: token})
		r.unfinished = r.unfinished[max(0, len(r.unfinished)-maxUnfinished):]
	}
	r.at.Done++
	r.at.Inner, r.visited = "", -1
}

func (r *run) unfinishedIndex(uid string) int {
	return slices.IndexFunc(r.unfinished, func(u schema.UnfinishedUser) bool { return u.UID == uid })
}

// removeLectures removes the lectures of a deleted timetable. If one of them is young, it leaves them to
// the function. The error is [errUserSpent] if some are left.
func (r *run) removeLectures(ctx context.Context, timetable *firestore.DocumentRef) error {
	if err := r.need(1); err != nil {
		return err
	}
	newest, err := schema.NewestLecture(timetable).Documents(ctx).GetAll()
	r.billed(1)
	if err != nil {
		return err
	}
	if len(newest) > 0 && r.isYoung(newest[0].CreateTime) {
		return nil
	}
	for {
		if err := r.need(2*deletion.BatchSize + 1); err != nil {
			return err
		}
		n, more, err := r.deletion.RemoveLectureBatch(ctx, timetable.Parent.Parent.ID, timetable.ID)
		r.billed(2*n + 1)
		switch {
		case errors.Is(err, deletion.ErrTimetableExists):
			return nil
		case err != nil:
			r.problem(ctx, "lectures of %s: %v", schema.Path(timetable), err)
			return nil
		case n > 0:
			r.repaired(ctx, &r.report.Lectures, n, "lectures without timetable", schema.Path(timetable))
		}
		switch {
		case !more:
			return nil
		case r.userSpent():
			return errUserSpent
		}
	}
}

// checkUsers checks that each user has a valid username, its index document, and an account.
func (r *run) checkUsers(ctx context.Context, refs []*firestore.DocumentRef) error {
	docs, err := r.get(ctx, refs)
	if err != nil {
		return err
	}
	accounts, err := r.hasAccount(ctx, refs)
	if err != nil {
		return err
	}
	var missing []*firestore.DocumentRef
	names := map[string]*firestore.DocumentSnapshot{}
	for _, doc := range docs {
		uid := doc.Ref.ID
		if !doc.Exists() {
			if !accounts[uid] {
				missing = append(missing, schema.DeletionRef(r.firestore, uid))
			}
			continue
		}
		name := schema.UsernameOf(doc)
		if !schema.IsID(name) {
			r.problem(ctx, "%s has the username %q, which is not valid", schema.Path(doc.Ref), name)
		} else {
			names[name] = doc
		}
		if !accounts[uid] && !r.isYoung(doc.CreateTime) {
			r.reportMissingAccount(ctx, doc.Ref)
		}
	}
	return errors.Join(r.checkUsernames(ctx, names), r.purgeMissing(ctx, missing))
}

// reportMissingAccount reports a user without an account in Authentication, unless it is from the old
// system: its owner may not have signed in yet.
func (r *run) reportMissingAccount(ctx context.Context, user *firestore.DocumentRef) {
	old, err := r.isOld(ctx, user.ID)
	switch {
	case err != nil:
		r.problem(ctx, "%v", err)
	case !old:
		r.problem(ctx, "%s has no account: nobody can sign in to it (heektime user delete ends it)", schema.Path(user))
	}
}

// isOld reports whether a user can sign in with a password of the old system. It costs one read.
func (r *run) isOld(ctx context.Context, uid string) (bool, error) {
	r.billed(1)
	return credential.Has(ctx, r.firestore, uid)
}

// checkUsernames restores missing index documents of usernames, and reports users whose username belongs
// to somebody else.
func (r *run) checkUsernames(ctx context.Context, users map[string]*firestore.DocumentSnapshot) error {
	var refs []*firestore.DocumentRef
	for name := range users {
		refs = append(refs, schema.UsernameRef(r.firestore, name))
	}
	docs, err := r.get(ctx, refs)
	if err != nil {
		return err
	}
	for _, index := range docs {
		user := users[index.Ref.ID]
		switch {
		case r.isYoung(user.UpdateTime):
		case !index.Exists():
			r.restoreIndex(ctx, user.Ref, index.Ref)
		case schema.UIDOf(index) != user.Ref.ID:
			r.problem(ctx, "%s has the username %s, which belongs to %q", schema.Path(user.Ref), index.Ref.ID, schema.UIDOf(index))
		}
	}
	return nil
}

// restoreIndex creates the index document of a user's username, if the user still has that username.
func (r *run) restoreIndex(ctx context.Context, user, index *firestore.DocumentRef) {
	restored := false
	err := r.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		docs, err := tx.GetAll([]*firestore.DocumentRef{user, index})
		if err != nil {
			return err
		}
		if restored = docs[0].Exists() && schema.UsernameOf(docs[0]) == index.ID && !docs[1].Exists(); !restored {
			return nil
		}
		return tx.Create(index, schema.Username{UID: user.ID})
	})
	r.billed(3)
	switch {
	case err != nil:
		r.problem(ctx, "username of %s: %v", schema.Path(user), err)
	case restored:
		r.repaired(ctx, &r.report.Users, 1, "user without username index", schema.Path(user))
	}
}

// purgeMissing marks uids for deletion that have timetables, or follow or are followed, but no user document, account, old password
// or pending deletion. pending are the documents of their pending deletions.
func (r *run) purgeMissing(ctx context.Context, pending []*firestore.DocumentRef) error {
	docs, err := r.get(ctx, pending)
	if err != nil {
		return err
	}
	for _, doc := range docs {
		if doc.Exists() {
			continue
		}
		switch old, err := r.isOld(ctx, doc.Ref.ID); {
		case err != nil:
			r.problem(ctx, "%v", err)
			continue
		case old:
			continue
		}
		marked, _, err := r.deletion.MarkForDeletion(ctx, doc.Ref.ID, r.now())
		r.billed(3)
		switch {
		case err != nil:
			r.problem(ctx, "%v", err)
		case marked:
			path := schema.Path(schema.UserRef(r.firestore, doc.Ref.ID))
			r.repaired(ctx, &r.report.Accounts, 1, "data without user and account; the purge removes it", path)
		}
	}
	return nil
}

// hasAccount returns the uids that have an account in Authentication.
func (r *run) hasAccount(ctx context.Context, users []*firestore.DocumentRef) (map[string]bool, error) {
	has := map[string]bool{}
	if len(users) == 0 {
		return has, nil
	}
	var wanted []firebaseauth.UserIdentifier
	for _, user := range users {
		if len(user.ID) > 128 { // too long for a uid in Authentication
			continue
		}
		wanted = append(wanted, firebaseauth.UIDIdentifier{UID: user.ID})
	}
	found, err := r.accounts.GetUsers(ctx, wanted)
	if err != nil {
		return nil, err
	}
	for _, account := range found.Users {
		has[account.UID] = true
	}
	return has, nil
}
