package deletion

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
	"golang.org/x/sync/errgroup"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/internal/credential"
	"heek.kr/heektime/internal/errwrap"
	"heek.kr/heektime/internal/schema"
)

// defaultTurn is how many lectures and timetables one purge removes, so that a large account does not
// keep others from being purged in time. It takes a minute or two.
const defaultTurn = 25_000

// parallel is how many timetables of an account are removed concurrently.
const parallel = 4

// Purged is the result of one purge of an account.
type Purged struct {
	Timetables, Lectures, Usernames, Credentials, Subscriptions int
	// Follows are those by others.
	Follows int
	// Account is true if the account still existed in Authentication.
	Account bool
	// Skipped is true if the purge did nothing: no deletion is pending, it is not due, or another purge
	// has claimed it.
	Skipped bool
	// More is true if the account has more documents than one purge removes. It is due again now, after
	// all accounts that are due already.
	More bool
	// Gone is true if nothing is left and the pending deletion is removed. Otherwise the account is
	// purged again when all tokens that may still exist have expired.
	Gone bool
}

// Purge removes everything that belongs to an account whose deletion is due, in this order:
//
//  1. It claims the account, which can no longer be restored, and which no other purge touches.
//  2. Old credentials; otherwise a login could create the account in Authentication again.
//  3. The account in Authentication, so that nobody gets a new token.
//  4. Timetables, each with its lectures, and the counts of their views. If there are too many for one purge, the
//     account becomes due again, and the next purge continues.
//  5. Subscriptions to notifications. A function removes the devices from their topics.
//  6. Follows in both directions, and how many there are.
//  7. The username. The user document went when the deletion became pending, and cannot be created
//     while it is pending.
//  8. The pending deletion, but only if the account has been gone for longer than any token lives.
//     Until then an earlier custom token can create the account again, and an earlier ID token can
//     write below the uid; so the account is purged again, until a purge finds it gone that long.
//
// Billed for n timetables of m lectures: n·(m+1) + 11 reads, 2 writes and n·(m+1) + 1 deletes, and 9
// reads, 1 write and 1 delete for the second purge; for follows, what removeFollows says.
func (s *Service) Purge(ctx context.Context, uid string) (Purged, error) {
	refs, err := s.documents(uid)
	if err != nil {
		return Purged{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, purgeTime)
	defer cancel()
	pending, claimed, err := s.claim(ctx, refs)
	if err != nil || pending == nil {
		return Purged{Skipped: err == nil}, errwrap.Wrap(err, "claim %s for the purge", uid)
	}
	var p Purged
	if p.Credentials, err = credential.DeleteAll(ctx, s.firestore, uid); err != nil {
		return p, err
	}
	began := s.now()
	if p.Account, err = s.deleteAccount(ctx, uid); err != nil {
		return p, err
	}
	// What counts is the state before this purge deleted anything: the process may stall anywhere for hours.
	last := !p.Account && !pending.AccountGone.IsZero() && !began.Before(pending.AccountGone.Add(tokenLife))
	if p.Account || pending.AccountGone.IsZero() {
		pending.AccountGone = s.now()
	}
	if err := s.removeTimetables(ctx, refs.user, &p); err != nil {
		return p, err
	}
	if !p.More {
		if err := s.removeFollows(ctx, refs.user, &p); err != nil {
			return p, err
		}
	}
	if p.More {
		_, err = refs.pending.Update(ctx, []firestore.Update{
			{Path: schema.FieldAccountGone, Value: pending.AccountGone}, {Path: schema.FieldDue, Value: s.now()},
			{Path: schema.FieldUser, Value: firestore.Delete},
		}, claimed)
		return p, errwrap.Wrap(err, "continue the purge of %s later", uid)
	}
	if err := s.removeAllViews(ctx, refs.user); err != nil {
		return p, err
	}
	if p.Subscriptions, err = s.removeSubscriptions(ctx, uid); err != nil {
		return p, err
	}
	if p.Usernames, err = s.FreeUsernames(ctx, uid); err != nil {
		return p, err
	}
	if !last {
		_, err = refs.pending.Update(ctx, []firestore.Update{
			{Path: schema.FieldAccountGone, Value: pending.AccountGone}, {Path: schema.FieldDue, Value: pending.AccountGone.Add(tokenLife)},
			{Path: schema.FieldUser, Value: firestore.Delete}, // keep no personal data until the last purge
		}, claimed)
		return p, errwrap.Wrap(err, "schedule the next purge of %s", uid)
	}
	_, err = refs.pending.Delete(ctx, claimed)
	p.Gone = err == nil
	return p, errwrap.Wrap(err, "remove the pending deletion of %s", uid)
}

// claim claims an account for this purge. It returns nil if the account must not be purged now.
// claimed is a precondition that fails if another purge has claimed the account since.
func (s *Service) claim(ctx context.Context, refs documents) (pending *schema.PendingDeletion, claimed firestore.Precondition, err error) {
	var malformed error
	var committed firestore.CommitResponse
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		malformed = nil
		snap, err := tx.Get(refs.pending)
		if pending, err = decode(refs.pending, snap, err); err != nil && snap != nil {
			// Postpone it, or it would be first in every run.
			malformed = err
			return tx.Update(refs.pending, []firestore.Update{{Path: schema.FieldDue, Value: s.now().Add(24 * time.Hour)}})
		}
		if err != nil || pending == nil {
			return err
		}
		if !pending.IsDeleting() || pending.Due.After(s.now()) { // only blocked, or not due
			pending = nil
			return nil
		}
		return tx.Update(refs.pending, []firestore.Update{{Path: schema.FieldPurging, Value: true}, {Path: schema.FieldDue, Value: s.now().Add(lease)}})
	}, firestore.WithCommitResponseTo(&committed))
	if err = cmp.Or(err, malformed); err != nil || pending == nil {
		return nil, nil, err
	}
	return pending, firestore.LastUpdateTime(committed.CommitTime()), nil
}

// deleteAccount deletes an account from Authentication and reports whether it existed.
func (s *Service) deleteAccount(ctx context.Context, uid string) (bool, error) {
	if utf8.RuneCountInString(uid) > maxUIDLength {
		return false, nil
	}
	switch err := s.accounts.DeleteUser(ctx, uid); {
	case firebaseauth.IsUserNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("delete the account %s: %w", uid, err)
	}
	return true, nil
}

// removeTimetables removes all timetables of a user, including deleted ones that still have lectures, and
// counts them in p. It stops early, with p.More, after it removed as many documents as a purge may.
func (s *Service) removeTimetables(ctx context.Context, user *firestore.DocumentRef, p *Purged) error {
	var timetables, lectures, incomplete atomic.Int64
	mayContinue := func() bool { return timetables.Load()+lectures.Load() < int64(s.turn) }
	defer func() {
		p.Timetables, p.Lectures = int(timetables.Load()), int(lectures.Load())
		p.More = p.More || incomplete.Load() > 0
	}()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for refs := schema.Timetables(user).DocumentRefs(ctx); ; {
		ref, err := refs.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			return errors.Join(fmt.Errorf("list the timetables of %s: %w", user.ID, err), group.Wait())
		}
		if !mayContinue() {
			p.More = true
			break
		}
		group.Go(func() error {
			complete, err := s.removeTimetable(ctx, ref, func(removed int) bool {
				lectures.Add(int64(removed))
				return mayContinue()
			})
			if complete {
				timetables.Add(1)
			} else {
				incomplete.Add(1)
			}
			return err
		})
	}
	return group.Wait()
}

// FreeUsernames frees the usernames whose index documents name an account that does not use them,
// and returns how many it freed. It leaves those that belong to somebody else by now, and those of
// accounts that can still be restored.
//
// Billed for n usernames: n reads, but at least 1, and 3 reads and 1 delete for each.
func (s *Service) FreeUsernames(ctx context.Context, uid string) (freed int, err error) {
	found, err := schema.UsernamesOf(s.firestore, uid).Documents(ctx).GetAll()
	if err != nil {
		return 0, fmt.Errorf("find the usernames of %s: %w", uid, err)
	}
	for _, index := range found {
		gone, err := s.FreeUsername(ctx, uid, index.Ref.ID)
		if err != nil {
			return freed, err
		}
		if gone {
			freed++
		}
	}
	return freed, nil
}

// FreeUsername is [Service.FreeUsernames] for one username. It reports whether it freed the username.
//
// Billed: 3 reads, and 1 delete if it is freed.
func (s *Service) FreeUsername(ctx context.Context, uid, name string) (freed bool, err error) {
	refs, err := s.documents(uid)
	if err != nil {
		return false, err
	}
	index := schema.UsernameRef(s.firestore, name)
	if index == nil {
		return false, nil // no document can have such an id
	}
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		freed = false
		docs, err := tx.GetAll([]*firestore.DocumentRef{refs.pending, refs.user, index})
		if err != nil {
			return err
		}
		pending, err := decode(refs.pending, docs[0], nil)
		switch {
		case err != nil:
			return err
		case !docs[2].Exists() || schema.UIDOf(docs[2]) != refs.user.ID: // gone, or somebody else's by now
			return nil
		case docs[1].Exists() && schema.UsernameOf(docs[1]) == index.ID: // in use
			return nil
		case pending != nil && !pending.Purging && pending.Username() == index.ID: // reserved for a restore
			return nil
		}
		freed = true
		return tx.Delete(index)
	})
	return freed, errwrap.Wrap(err, "free the username %s of %s", name, uid)
}

// Report is the result of [Service.PurgeDue].
type Report struct {
	// SignedOut counts accounts whose request had stopped halfway and that are now signed out.
	SignedOut int `json:"signedOut"`
	// Looked counts accounts that were purged, Gone those of which nothing is left, Failed those that
	// will be retried.
	Looked int `json:"looked"`
	Gone   int `json:"gone"`
	Failed int `json:"failed"`
	// More is true if the run ended with accounts still due; the next run continues.
	More bool `json:"more,omitempty"`
}

// page is how many pending deletions one query reads.
const page = 20

// PurgeDue purges every account whose deletion is due. An account that fails is logged and postponed;
// the others are not affected.
//
// Billed if nothing is due: 2 reads.
func (s *Service) PurgeDue(ctx context.Context) (Report, error) {
	var r Report
	if err := s.resumeSignOuts(ctx, &r); err != nil {
		return r, err
	}
	for {
		due, err := schema.DueDeletions(s.firestore, s.now()).Limit(page).Documents(ctx).GetAll()
		if err != nil {
			return r, fmt.Errorf("find accounts that are due: %w", err)
		}
		more := len(due) == page
		for _, doc := range due {
			if ctx.Err() != nil {
				r.More = true
				return r, nil
			}
			if p := s.purgeOne(ctx, doc.Ref.ID, &r); p.More {
				more = true
			}
		}
		// None of the others is due now, so a page that is not full was the last.
		if !more || r.Failed >= page {
			r.More = more
			return r, nil
		}
	}
}

func (s *Service) purgeOne(ctx context.Context, uid string, r *Report) Purged {
	began := time.Now()
	p, err := s.Purge(ctx, uid)
	log := s.log.With("uid", uid, "timetables", p.Timetables, "lectures", p.Lectures, "usernames", p.Usernames,
		"credentials", p.Credentials, "subscriptions", p.Subscriptions, "account", p.Account, "gone", p.Gone, "seconds", time.Since(began).Seconds())
	switch {
	case err != nil:
		r.Failed++
		log.ErrorContext(ctx, "purge of an account failed; it will be retried", "error", err.Error())
	case p.Skipped:
	case p.More:
		log.InfoContext(ctx, "account purged in part; the rest is due after all others")
	default:
		r.Looked++
		if p.Gone {
			r.Gone++
		}
		log.InfoContext(ctx, "account purged")
	}
	return p
}
