package deletion_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/faulttest"
)

// data returns all documents of alice and the index documents, to compare states.
func (w *world) data(t testing.TB) map[string]map[string]any {
	t.Helper()
	docs := map[string]map[string]any{}
	for _, collection := range []string{"users", "usernames", "timetables", "lectures", "credentials", "deletions"} {
		for _, path := range w.all(t, collection) {
			doc, err := w.fs.Doc(path).Get(t.Context())
			must(t, err)
			docs[path] = doc.Data()
		}
	}
	return docs
}

// checkSame checks that every document is as it was.
func checkSame(t testing.TB, where string, got, want map[string]map[string]any) {
	t.Helper()
	for path := range want {
		if !reflect.DeepEqual(got[path], want[path]) {
			t.Errorf("%s: %s is %v, was %v", where, path, got[path], want[path])
		}
	}
	for path := range got {
		if want[path] == nil {
			t.Errorf("%s: %s is new", where, path)
		}
	}
}

// checkBlocked checks that alice can neither sign in nor write, and that others do not see her.
func (w *world) checkBlocked(t testing.TB, where string, alice, bob person) {
	t.Helper()
	w.checkHidden(t, alice, bob)
	if user, err := w.accounts.GetUser(t.Context(), alice.uid); err != nil || !user.Disabled {
		t.Errorf("%s: the account is not disabled (%v)", where, err)
	}
	ctx := t.Context()
	for what, err := range map[string]error{
		"add a timetable": alice.addTimetable(ctx, "new-table1"), "add a lecture": alice.addLecture(ctx, first, "new"),
		"duplicate": alice.duplicate(ctx, "new-table2", ids(2)), "delete a timetable": alice.removeTimetable(ctx, first),
	} {
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s: %s with an ID token from before the block: %v, want PermissionDenied", where, what, err)
		}
	}
}

func TestBlockHidesAndUnblockRestores(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.populate(t)
	ctx, s := t.Context(), w.service(t)
	w.set(t, "users/alice", map[string]any{"username": "alice", "createdAt": time.Unix(1, 0), "updatedAt": time.Unix(2, 0), "oldId": 17})
	must(t, w.accounts.SetCustomUserClaims(ctx, "alice", map[string]any{"legacy": true}))
	before := w.data(t)
	h, err := s.Block(ctx, "alice", "spam")
	must(t, err)
	again, err := w.service(t).Block(ctx, "alice", "")
	must(t, err)
	if h.Block.Reason != "spam" || again.Block.Reason != "spam" || !again.Block.At.Equal(h.Block.At) || again.IsDeleting() {
		t.Errorf("blocked: %+v, then %+v", h.Block, again.Block)
	}
	w.checkBlocked(t, "after the block", alice, bob)
	// The event of the user document that moved, a purge, and a year change nothing.
	must(t, s.PurgeDeletedUser(ctx, "alice", "alice", w.Clock.Now()), s.PurgeNow(ctx, "alice"), s.Restore(ctx, "alice"))
	for range 3 {
		w.Clock.Advance(4 * 30 * 24 * time.Hour)
		if r, err := s.PurgeDue(ctx); err != nil || r.Looked+r.Failed+r.SignedOut != 0 {
			t.Errorf("purge: %+v, %v", r, err)
		}
	}
	if p, err := s.Purge(ctx, "alice"); err != nil || !p.Skipped {
		t.Errorf("purge of the blocked account: %+v, %v", p, err)
	}
	w.checkBlocked(t, "after a year", alice, bob)
	for _, want := range []bool{true, false} {
		if was, err := s.Unblock(ctx, "alice"); err != nil || was != want {
			t.Errorf("unblock: %v, %v; want %v", was, err, want)
		}
	}
	checkSame(t, "after the unblock", w.data(t), before)
	account, err := w.accounts.GetUser(ctx, "alice")
	must(t, err)
	if account.Disabled || account.CustomClaims["legacy"] != true || len(account.CustomClaims) != 1 {
		t.Errorf("account: disabled %v, claims %v", account.Disabled, account.CustomClaims)
	}
	must(t, alice.rename(ctx, "alice", "alicia"), alice.addLecture(ctx, first, "after"))
}

// An account that was disabled by hand before the block stays disabled after it.
func TestUnblockKeepsADisabledAccountDisabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	ctx, s := t.Context(), w.service(t)
	_, err := w.accounts.UpdateUser(ctx, "alice", (&firebaseauth.UserToUpdate{}).Disabled(true))
	must(t, err)
	_, err = s.Block(ctx, "alice", "")
	must(t, err)
	_, err = s.Unblock(ctx, "alice")
	must(t, err)
	if account, err := w.accounts.GetUser(ctx, "alice"); err != nil || !account.Disabled {
		t.Errorf("the account is enabled (%v)", err)
	}
}

// An account of the old system that has not migrated is not in Authentication. The block keeps a custom token
// from creating it there, and the unblock leaves nothing behind.
func TestBlockAccountThatHasNotMigrated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, s := t.Context(), w.service(t)
	w.set(t, "users/old", map[string]any{"username": "oldie"})
	w.set(t, usernamePath("oldie"), map[string]any{"value": "old"})
	w.addCredential(t, "old")
	before := w.data(t)
	for range 2 {
		_, err := s.Block(ctx, "old", "")
		must(t, err)
	}
	account, err := w.accounts.GetUser(ctx, "old")
	must(t, err)
	if !account.Disabled || len(account.ProviderUserInfo) > 0 || account.Email != "" {
		t.Errorf("account: %+v", account)
	}
	_, err = s.Unblock(ctx, "old")
	must(t, err)
	checkSame(t, "after the unblock", w.data(t), before)
	if w.hasAccount(t, "old") {
		t.Error("the unblock left an account in Authentication")
	}
}

// A deletion and a block of one account, in every order.
func TestBlockAndDeletion(t *testing.T) {
	t.Parallel()
	request := func(s *deletion.Service, ctx context.Context) error { _, err := s.Request(ctx, "alice"); return err }
	restore := func(s *deletion.Service, ctx context.Context) error { return s.Restore(ctx, "alice") }
	block := func(s *deletion.Service, ctx context.Context) error { _, err := s.Block(ctx, "alice", ""); return err }
	unblock := func(s *deletion.Service, ctx context.Context) error { _, err := s.Unblock(ctx, "alice"); return err }
	for _, c := range []struct {
		name                       string
		steps                      []func(*deletion.Service, context.Context) error
		hidden, disabled, deleting bool
	}{
		{"block, delete", []func(*deletion.Service, context.Context) error{block, request}, true, true, true},
		{"delete, block", []func(*deletion.Service, context.Context) error{request, block}, true, true, true},
		{"block, delete, restore", []func(*deletion.Service, context.Context) error{block, request, restore}, true, true, false},
		{"delete, block, restore", []func(*deletion.Service, context.Context) error{request, block, restore}, true, true, false},
		{"block, delete, unblock", []func(*deletion.Service, context.Context) error{block, request, unblock}, true, false, true},
		{"delete, block, unblock", []func(*deletion.Service, context.Context) error{request, block, unblock}, true, false, true},
		{"block, delete, restore, unblock", []func(*deletion.Service, context.Context) error{block, request, restore, unblock}, false, false, false},
		{"delete, block, unblock, restore", []func(*deletion.Service, context.Context) error{request, block, unblock, restore}, false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			alice, bob := w.populate(t)
			before, s, ctx := w.data(t), w.service(t), t.Context()
			for _, step := range c.steps {
				must(t, step(s, ctx))
			}
			account, err := w.accounts.GetUser(ctx, "alice")
			must(t, err)
			if _, claim := account.CustomClaims[deletion.Claim]; account.Disabled != c.disabled || claim != c.deleting {
				t.Errorf("disabled %v, want %v; claims %v, want the deletion's: %v", account.Disabled, c.disabled, account.CustomClaims, c.deleting)
			}
			if c.hidden {
				w.checkHidden(t, alice, bob)
			} else {
				checkSame(t, "at the end", w.data(t), before)
			}
			w.Clock.Advance(deletion.Grace)
			for range 4 {
				_, err := s.PurgeDue(ctx)
				must(t, err)
				w.Clock.Advance(2 * time.Hour)
			}
			if c.deleting {
				w.checkGone(t, "after the purge")
			} else if !w.exists(t, "users/alice/timetables/"+first) || !w.hasAccount(t, "alice") {
				t.Error("the purge took an account whose deletion is not pending")
			}
		})
	}
}

// An account that is being purged can be neither blocked nor unblocked, and its purge continues.
func TestBlockDuringPurge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	ctx, s := t.Context(), w.service(t)
	_, err := s.Block(ctx, "alice", "")
	must(t, err)
	_, err = s.Request(ctx, "alice")
	must(t, err)
	w.Clock.Advance(deletion.Grace)
	_, err = s.PurgeDue(ctx)
	must(t, err)
	if _, err := s.Block(ctx, "alice", "again"); !errors.Is(err, deletion.ErrPurging) {
		t.Errorf("block: %v, want ErrPurging", err)
	}
	if _, err := s.Unblock(ctx, "alice"); !errors.Is(err, deletion.ErrPurging) {
		t.Errorf("unblock: %v, want ErrPurging", err)
	}
	w.purge(t)
	w.checkGone(t, "at the end")
}

// A block or an unblock that is killed or fails at any of its calls leaves a hidden account, or one as
// before. Repeating it, or the hourly purge, completes it.
func TestBlockWithFaultAtEveryCall(t *testing.T) {
	t.Parallel()
	for i, kind := range faulttest.Faults() {
		repair := []string{"repeat", "purge"}[i%2]
		t.Run(kind.String()+", "+repair, func(t *testing.T) {
			t.Parallel()
			for at := 0; ; at++ {
				if !testBlockFault(t, kind, at, repair) {
					if at < 8 {
						t.Errorf("only %d calls were made, want at least 8", at)
					}
					return
				}
			}
		})
	}
}

// testBlockFault injects the fault at call at, and reports whether there was such a call.
func testBlockFault(t *testing.T, kind faulttest.Fault, at int, repair string) bool {
	w := newWorld(t)
	alice, bob := w.populate(t)
	before := w.data(t)
	s, p, ctx := w.faultyService(t, kind, at)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	healthy, where := w.service(t), fmt.Sprintf("%v at call %d", kind, at)
	complete := func(repeat func() error) {
		if repair == "repeat" {
			must(t, repeat())
			return
		}
		_, err := healthy.PurgeDue(t.Context())
		must(t, err)
	}
	_, err := s.Block(ctx, "alice", "")
	w.Clock.Advance(2 * time.Minute) // the transactions of the killed process have expired
	if err == nil || repair == "repeat" || w.exists(t, "deletions/alice") {
		complete(func() error { _, err := healthy.Block(t.Context(), "alice", ""); return err })
		w.checkBlocked(t, where, alice, bob)
	}
	if _, err := healthy.Block(t.Context(), "alice", ""); err != nil {
		t.Errorf("%s: block without faults: %v", where, err)
	}
	s.Unblock(ctx, "alice")
	w.Clock.Advance(2 * time.Minute)
	complete(func() error { _, err := healthy.Unblock(t.Context(), "alice"); return err })
	if w.exists(t, "deletions/alice") { // it was killed before its first write
		_, err := healthy.Unblock(t.Context(), "alice")
		must(t, err)
	}
	checkSame(t, where, w.data(t), before)
	if account, err := w.accounts.GetUser(t.Context(), "alice"); err != nil || account.Disabled {
		t.Errorf("%s: the account is disabled after the unblock (%v)", where, err)
	}
	return at < len(p.Calls())
}

// Blocks, unblocks, requests and restores at the same time end in a state in which Authentication agrees with
// the document.
func TestConcurrentBlocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	ctx := t.Context()
	for round := range 6 {
		var group sync.WaitGroup
		for i := range 4 {
			s := w.service(t)
			group.Go(func() {
				switch (round + i) % 4 {
				case 0:
					s.Block(ctx, "alice", "")
				case 1:
					s.Unblock(ctx, "alice")
				case 2:
					s.Request(ctx, "alice")
				default:
					s.Restore(ctx, "alice")
				}
			})
		}
		group.Wait()
		_, err := w.service(t).PurgeDue(ctx)
		must(t, err)
		w.checkAgrees(t, fmt.Sprintf("round %d", round), "alice")
	}
}

// Blocking and unblocking bill what docs/blocking.md says.
func TestBlockCosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	s, ctx := w.service(t), t.Context()
	w.mustCost(t, "a block", emulatortest.Cost{Reads: 2, Writes: 2, Deletes: 1}, func() error {
		_, err := s.Block(ctx, "alice", "")
		return err
	})
	w.mustCost(t, "an unblock", emulatortest.Cost{Reads: 3, Writes: 2, Deletes: 1}, func() error {
		_, err := s.Unblock(ctx, "alice")
		return err
	})
}

// A block of a document that no server writes is an error, not a crash.
func TestBlockMalformed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(t, "deletions/odd", map[string]any{"until": "no time"})
	for _, uid := range []string{"odd", "a/b", "", "..", strings.Repeat("x", 2000)} {
		if _, err := w.service(t).Block(t.Context(), uid, ""); err == nil {
			t.Errorf("block of %.20q: no error", uid)
		}
	}
}
