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
	"heek.kr/heektime/internal/schema"
)

// parallel is how many timetables of an account are removed at once.
const parallel = 4

// Purged is what one look at an account came to.
type Purged struct {
	Timetables, Lectures, Usernames, Credentials int
	// Account says that Authentication still had the account.
	Account bool
	// Skipped says that the account was not to be purged now: it has no mark, is not due, or another purge has it.
	Skipped bool
	// Gone says that nothing can be left, and that the mark is gone, too. Otherwise there will be another look, when all tokens
	// that the account may have out have expired.
	Gone bool
}

// Purge removes what belongs to an account that is due. The order:
//
//  1. From here on it cannot be taken back, and no other purge touches it.
//  2. Old credentials, or a login could bring the account back to Authentication.
//  3. The account at Authentication: nobody gets a new token.
//  4. Timetables, each with its lectures.
//  5. The username, which is free from then on. Its owner has no user document and can make none, since the mark stands.
//  6. The mark, but only when the account has been gone for longer than any token lives. A custom token from before would
//     have made it again, and an ID token from before could write below the uid: then there is another look, and another.
//
// Billed, with n timetables of m lectures: n·(m+1) + 6 reads, 2 writes and n·(m+1) + 1 deletes; 4 reads, 1 write and 1 delete for
// the second look.
func (s *Service) Purge(ctx context.Context, uid string) (Purged, error) {
	at, err := s.documents(uid)
	if err != nil {
		return Purged{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, purgeTime)
	defer cancel()
	mark, claimed, err := s.claim(ctx, at)
	if err != nil || mark == nil {
		return Purged{Skipped: err == nil}, wrap(err, "claim %s for the purge", uid)
	}
	var p Purged
	if p.Credentials, err = credential.DeleteAll(ctx, s.firestore, uid); err != nil {
		return p, err
	}
	looked := s.now()
	if p.Account, err = s.deleteAccount(ctx, uid); err != nil {
		return p, err
	}
	// Not what this look has done counts, but what it found when it began: it may stand still anywhere for hours.
	last := !p.Account && !mark.AccountGone.IsZero() && !looked.Before(mark.AccountGone.Add(tokenLife))
	if p.Account || mark.AccountGone.IsZero() {
		mark.AccountGone = s.now()
	}
	if p.Timetables, p.Lectures, err = s.timetables(ctx, at.user); err != nil {
		return p, err
	}
	if p.Usernames, err = s.FreeUsernames(ctx, uid); err != nil {
		return p, err
	}
	if !last {
		_, err = at.mark.Update(ctx, []firestore.Update{
			{Path: schema.FieldAccountGone, Value: mark.AccountGone}, {Path: schema.FieldDue, Value: mark.AccountGone.Add(tokenLife)},
			{Path: schema.FieldUser, Value: firestore.Delete}, // nothing personal waits for the last look
		}, claimed)
		return p, wrap(err, "plan the next look at %s", uid)
	}
	_, err = at.mark.Delete(ctx, claimed)
	p.Gone = err == nil
	return p, wrap(err, "remove the mark of %s", uid)
}

// claim takes an account for this purge; nil when it is not to be purged now. claimed holds as long as nobody else takes it.
func (s *Service) claim(ctx context.Context, at documents) (mark *schema.PendingDeletion, claimed firestore.Precondition, err error) {
	var malformed error
	var committed firestore.CommitResponse
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		malformed = nil
		snap, err := tx.Get(at.mark)
		if mark, err = decode(at.mark, snap, err); err != nil && snap != nil {
			// It must not come first in every run.
			malformed = err
			return tx.Update(at.mark, []firestore.Update{{Path: schema.FieldDue, Value: s.now().Add(24 * time.Hour)}})
		}
		if err != nil || mark == nil {
			return err
		}
		if mark.Due.After(s.now()) {
			mark = nil
			return nil
		}
		return tx.Update(at.mark, []firestore.Update{{Path: schema.FieldPurging, Value: true}, {Path: schema.FieldDue, Value: s.now().Add(lease)}})
	}, firestore.WithCommitResponseTo(&committed))
	if err = cmp.Or(err, malformed); err != nil || mark == nil {
		return nil, nil, err
	}
	return mark, firestore.LastUpdateTime(committed.CommitTime()), nil
}

// deleteAccount says whether Authentication had the account.
func (s *Service) deleteAccount(ctx context.Context, uid string) (bool, error) {
	if utf8.RuneCountInString(uid) > maxAccount {
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

// timetables removes all timetables below a user, also those whose document is gone and whose lectures are left.
func (s *Service) timetables(ctx context.Context, user *firestore.DocumentRef) (timetables, lectures int, err error) {
	var removed atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for refs := schema.Timetables(user).DocumentRefs(ctx); ; {
		ref, err := refs.Next()
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			return timetables, int(removed.Load()), errors.Join(fmt.Errorf("list the timetables of %s: %w", user.ID, err), group.Wait())
		}
		timetables++
		group.Go(func() error {
			n, err := s.timetable(ctx, ref)
			removed.Add(int64(n))
			return err
		})
	}
	err = group.Wait()
	return timetables, int(removed.Load()), err
}

// FreeUsernames frees the names that name an account and that it does not have, and says how many. A name that another has by
// now stays his, and one that waits in a mark for its owner to come back stays, too.
//
// Billed, with n names: n reads, 1 at least, and 3 reads and 1 delete for each.
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

// FreeUsername is [Service.FreeUsernames] for one name, and says whether it did.
//
// Billed: 3 reads, and 1 delete when it is freed.
func (s *Service) FreeUsername(ctx context.Context, uid, name string) (freed bool, err error) {
	at, err := s.documents(uid)
	if err != nil {
		return false, err
	}
	index := schema.UsernameRef(s.firestore, name)
	if index == nil {
		return false, nil // there is nothing to free
	}
	err = s.firestore.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		freed = false
		docs, err := tx.GetAll([]*firestore.DocumentRef{at.mark, at.user, index})
		if err != nil {
			return err
		}
		mark, err := decode(at.mark, docs[0], nil)
		switch {
		case err != nil:
			return err
		case !docs[2].Exists() || schema.UIDOf(docs[2]) != at.user.ID: // gone, or another's by now
			return nil
		case docs[1].Exists() && schema.UsernameOf(docs[1]) == index.ID: // theirs
			return nil
		case mark != nil && !mark.Purging && mark.Username() == index.ID: // theirs, if they come back
			return nil
		}
		freed = true
		return tx.Delete(index)
	})
	return freed, wrap(err, "free the username %s of %s", name, uid)
}

// Report is what a run of the purge came to.
type Report struct {
	// SignedOut are accounts whose request had stopped half-way.
	SignedOut int `json:"signedOut"`
	// Looked are accounts that were purged, Gone those of which nothing is left, Failed those that are tried again.
	Looked int `json:"looked"`
	Gone   int `json:"gone"`
	Failed int `json:"failed"`
	// More says that there was more to do than time; the next run goes on.
	More bool `json:"more,omitempty"`
}

// page is how many marks are read at once.
const page = 20

// PurgeDue purges every account that is due. One that fails is logged, put off, and holds up nobody. Nothing due: 2 reads.
func (s *Service) PurgeDue(ctx context.Context) (Report, error) {
	var r Report
	if err := s.signOutRest(ctx, &r); err != nil {
		return r, err
	}
	for {
		due, err := schema.DueDeletions(s.firestore, s.now()).Limit(page).Documents(ctx).GetAll()
		if err != nil {
			return r, fmt.Errorf("find the accounts that are due: %w", err)
		}
		for _, doc := range due {
			if ctx.Err() != nil {
				r.More = true
				return r, nil
			}
			s.purgeOne(ctx, doc.Ref.ID, &r)
		}
		// Each of them is put off now, so a page that is not full was the last.
		if len(due) < page || r.Failed >= page {
			r.More = len(due) == page
			return r, nil
		}
	}
}

func (s *Service) purgeOne(ctx context.Context, uid string, r *Report) {
	began := time.Now()
	p, err := s.Purge(ctx, uid)
	log := s.log.With("uid", uid, "timetables", p.Timetables, "lectures", p.Lectures, "usernames", p.Usernames,
		"credentials", p.Credentials, "account", p.Account, "gone", p.Gone, "seconds", time.Since(began).Seconds())
	switch {
	case err != nil:
		r.Failed++
		log.ErrorContext(ctx, "purge of an account failed; it will be tried again", "error", err.Error())
	case p.Skipped:
	default:
		r.Looked++
		if p.Gone {
			r.Gone++
		}
		log.InfoContext(ctx, "account purged")
	}
}

func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}
