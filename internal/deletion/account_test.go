package deletion_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/faulttest"
)

// populate gives alice an account with everything that an account can have, and bob one beside it.
func (w *world) populate(t testing.TB) (alice, bob person) {
	t.Helper()
	alice, bob = w.signUp(t, "alice", "alice"), w.signUp(t, "bob", "bobby")
	w.old(t, "alice")
	w.old(t, "bob")
	must(t, alice.duplicate(t.Context(), first, ids(3)), alice.duplicate(t.Context(), second, ids(2)),
		alice.duplicate(t.Context(), "gone-table", ids(2)), alice.removeTimetable(t.Context(), "gone-table"), // its lectures are left
		bob.duplicate(t.Context(), first, ids(4)))
	return alice, bob
}

// everything that populate leaves of bob.
var bobs = []string{"users/bob", usernamePath("bobby"), "users/bob/timetables/" + first, "users/bob/timetables/" + first + "/lectures/lecture003"}

// isGone checks that nothing is left of alice, and all of bob.
func (w *world) isGone(t testing.TB, where string) {
	t.Helper()
	for collection, want := range map[string]int{"users": 1, "usernames": 1, "timetables": 1, "lectures": 4, "credentials": 1, "deletions": 0} {
		if got := w.all(t, collection); len(got) != want {
			t.Errorf("%s: %s are %v", where, collection, got)
		}
	}
	for _, path := range bobs {
		if !w.exists(t, path) {
			t.Errorf("%s: %s is gone, which is Bob's", where, path)
		}
	}
	if w.hasAccount(t, "alice") || !w.hasAccount(t, "bob") {
		t.Errorf("%s: accounts: alice %v, bob %v", where, w.hasAccount(t, "alice"), w.hasAccount(t, "bob"))
	}
}

func TestRequestHidesAndPurgeRemoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.populate(t)
	ctx, s := t.Context(), w.service(t)
	mark, err := s.Request(ctx, "alice")
	must(t, err)
	again, err := w.service(t).Request(ctx, "alice")
	if err != nil || !again.Until.Equal(mark.Until) || again.Username() != "alice" {
		t.Errorf("asked again: %+v, %v; want %+v", again, err, mark)
	}
	w.isHidden(t, alice, bob)
	account, err := w.accounts.GetUser(ctx, "alice")
	must(t, err)
	if got := account.CustomClaims[deletion.Claim]; got != float64(mark.Until.Unix()) {
		t.Errorf("tokens say %v, want %v", got, mark.Until.Unix())
	}
	if account.TokensValidAfterMillis == 0 || time.UnixMilli(account.TokensValidAfterMillis).Before(mark.RequestedAt.Add(-2*time.Second)) {
		t.Errorf("sessions are good from %v on, the account was marked at %v", time.UnixMilli(account.TokensValidAfterMillis), mark.RequestedAt)
	}
	w.Clock.Advance(deletion.Grace - time.Minute)
	if r, err := s.PurgeDue(ctx); err != nil || r.Looked != 0 {
		t.Errorf("purged before it is time: %+v, %v", r, err)
	}
	w.Clock.Advance(2 * time.Minute)
	if r, err := s.PurgeDue(ctx); err != nil || r.Looked != 1 || r.Gone != 0 {
		t.Errorf("purge: %+v, %v", r, err)
	}
	if err := s.Restore(ctx, "alice"); !errors.Is(err, deletion.ErrTooLate) {
		t.Errorf("taken back from the purge: %v", err)
	}
	if left := w.all(t, "deletions"); len(left) != 1 {
		t.Errorf("the mark went before the last tokens: %v", left)
	}
	w.Clock.Advance(2 * time.Hour)
	if r, err := s.PurgeDue(ctx); err != nil || r.Gone != 1 {
		t.Errorf("last look: %+v, %v", r, err)
	}
	w.isGone(t, "in the end")
	must(t, bob.rename(ctx, "bobby", "alice")) // the name is free
}

// isHidden checks that others see nothing of alice, and that her name and her uid are not to be had.
func (w *world) isHidden(t testing.TB, alice, bob person) {
	t.Helper()
	ctx := t.Context()
	for _, who := range []*firestore.Client{bob.Client, w.FirestoreClientSignedOut(t)} {
		if _, err := who.Doc("users/alice").Get(ctx); status.Code(err) != codes.NotFound {
			t.Errorf("the user: %v", err)
		}
		if found, err := who.Collection("users").Where("username", "==", "alice").Documents(ctx).GetAll(); err != nil || len(found) > 0 {
			t.Errorf("the user by name: %v, %v", found, err)
		}
		timetables := who.Collection("users/alice/timetables")
		if _, err := timetables.Doc(first).Get(ctx); status.Code(err) != codes.PermissionDenied {
			t.Errorf("a timetable: %v", err)
		}
		if _, err := timetables.Where("visibility", "==", "public").Limit(20).Documents(ctx).GetAll(); status.Code(err) != codes.PermissionDenied {
			t.Errorf("the timetables: %v", err)
		}
		if _, err := timetables.Doc(first).Collection("lectures").Documents(ctx).GetAll(); status.Code(err) != codes.PermissionDenied {
			t.Errorf("the lectures: %v", err)
		}
		if _, err := who.Doc("deletions/alice").Get(ctx); status.Code(err) != codes.PermissionDenied {
			t.Errorf("the mark: %v", err)
		}
	}
	if err := bob.rename(ctx, "bobby", "alice"); status.Code(err) != codes.PermissionDenied {
		t.Errorf("her name is given away: %v", err)
	}
	for _, name := range []string{"alice", "another"} {
		if err := alice.claim(ctx, name); status.Code(err) != codes.PermissionDenied {
			t.Errorf("she takes the name %s: %v", name, err)
		}
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.populate(t)
	ctx, s := t.Context(), w.service(t)
	w.set(t, "users/alice", map[string]any{"username": "alice", "createdAt": time.Unix(1, 0), "updatedAt": time.Unix(2, 0), "oldId": 17})
	before := w.all(t, "lectures")
	must(t, w.accounts.SetCustomUserClaims(ctx, "alice", map[string]any{"legacy": true}))
	_, err := s.Request(ctx, "alice")
	must(t, err)
	w.Clock.Advance(deletion.Grace - time.Minute)
	for range 2 { // the second time there is nothing to take back
		must(t, s.Restore(ctx, "alice"))
	}
	account, err := w.accounts.GetUser(ctx, "alice")
	must(t, err)
	if _, has := account.CustomClaims[deletion.Claim]; has || account.CustomClaims["legacy"] != true {
		t.Errorf("claims are %v", account.CustomClaims)
	}
	doc, err := bob.Doc("users/alice").Get(ctx)
	must(t, err)
	if got := doc.Data(); got["username"] != "alice" || got["oldId"] != int64(17) || !got["createdAt"].(time.Time).Equal(time.Unix(1, 0)) {
		t.Errorf("the user is %v", got)
	}
	if got := w.all(t, "lectures"); !slices.Equal(got, before) {
		t.Errorf("lectures are %v, were %v", got, before)
	}
	must(t, alice.rename(ctx, "alice", "alicia"))
	// The event of the document that was put into the mark comes late.
	must(t, s.User(ctx, "alice", "alice", w.Clock.Now()))
	w.purge(t)
	if !w.hasAccount(t, "alice") || !w.exists(t, "users/alice") || !w.exists(t, usernamePath("alicia")) {
		t.Errorf("something of the account is gone")
	}
}

// The old system had names that no document can have, so that no index has them either. Their owners may go and come back.
func TestNameThatNoDocumentCanHave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account(t, "alice")
	for _, name := range []string{"__odd__", "a/b", ""} {
		w.set(t, "users/alice", map[string]any{"username": name})
		_, err := w.service(t).Request(t.Context(), "alice")
		must(t, err)
		must(t, w.service(t).User(t.Context(), "alice", name, w.Clock.Now()))
		must(t, w.service(t).Restore(t.Context(), "alice"))
		must(t, w.service(t).User(t.Context(), "alice", "__before__", w.Clock.Now()))
		if !w.exists(t, "users/alice") {
			t.Errorf("whose name is %q has not come back", name)
		}
	}
}

// A mark without a user document: whoever never chose a name may go and come back, too.
func TestAccountWithoutUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account(t, "alice")
	ctx, s := t.Context(), w.service(t)
	_, err := s.Request(ctx, "alice")
	must(t, err, s.Restore(ctx, "alice"))
	if w.exists(t, "users/alice") {
		t.Error("a user document was made")
	}
	_, err = s.Request(ctx, "alice")
	must(t, err)
	w.purge(t)
	if w.hasAccount(t, "alice") {
		t.Error("the account is left")
	}
}

// An operator deletes the user document: the function does all that the purge does.
func TestUserDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	url := w.function(t, userDeleted, w.service(t).UserDeleted)
	_, err := w.fs.Doc("users/alice").Delete(t.Context())
	must(t, err)
	e := w.deleted("e1", "users/alice")
	for range 3 {
		if got := w.deliver(t, url, e); got != 204 {
			t.Errorf("answered %d", got)
		}
	}
	if w.hasAccount(t, "alice") || len(w.all(t, "timetables")) != 1 {
		t.Error("the purge did not begin at once")
	}
	w.purge(t)
	w.isGone(t, "in the end")
	// The event once more, when all is over: nothing comes of it.
	w.deliver(t, url, e)
	w.purge(t)
	w.isGone(t, "after a late event")
}

// The user is there again when the event comes, with another name: he keeps everything, and the old name is free.
func TestUserComesBackBeforeTheEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.populate(t)
	ctx := t.Context()
	_, err := w.fs.Doc("users/alice").Delete(ctx)
	must(t, err, alice.claim(ctx, "alicia"), w.service(t).User(ctx, "alice", "alice", w.Clock.Now()), bob.rename(ctx, "bobby", "alice"))
	w.purge(t)
	if !w.hasAccount(t, "alice") || !w.exists(t, usernamePath("alicia")) || len(w.all(t, "timetables")) != 3 || len(w.all(t, "credentials")) != 2 {
		t.Error("something of the living account is gone")
	}
}

// Tokens from before the purge make the account again and write below the uid: the next looks find that.
func TestTokensThatOutliveTheAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, _ := w.populate(t)
	ctx, s := t.Context(), w.service(t)
	_, err := s.Request(ctx, "alice")
	must(t, err)
	w.Clock.Advance(deletion.Grace)
	_, err = s.PurgeDue(ctx)
	must(t, err)
	w.Clock.Advance(59 * time.Minute)
	w.account(t, "alice") // as a custom token does
	w.Clock.Advance(12 * time.Minute)
	_, err = s.PurgeDue(ctx)
	must(t, err)
	w.Clock.Advance(59 * time.Minute)
	must(t, alice.duplicate(ctx, "latetable1", ids(2)))
	w.Clock.Advance(12 * time.Minute)
	r, err := s.PurgeDue(ctx)
	must(t, err)
	if r.Gone != 1 {
		t.Errorf("last look: %+v", r)
	}
	w.isGone(t, "in the end")
}

// An account whose purge fails holds up no other, is tried again later, and is told of in the log.
func TestOneFailureHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, s := t.Context(), w.service(t)
	for i := range 25 {
		w.account(t, fmt.Sprintf("user%02d", i))
		_, err := s.Request(ctx, fmt.Sprintf("user%02d", i))
		must(t, err)
	}
	w.set(t, "deletions/aaaa", map[string]any{"due": time.Unix(0, 0), "until": "no time", "signedOut": true}) // no server of ours writes that
	w.Clock.Advance(deletion.Grace)
	r, err := s.PurgeDue(ctx)
	if err != nil || r.Looked != 25 || r.Failed != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if !strings.Contains(w.log.String(), `"uid":"aaaa"`) {
		t.Errorf("the log does not name the account that failed:\n%s", w.log)
	}
}

// Killed, or failing, at each of its calls, a request, a way back and a purge leave nothing that the next does not end.
func TestDyingAnywhere(t *testing.T) {
	t.Parallel()
	for _, kind := range faulttest.Faults() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			for at := 0; ; at++ {
				if !dieAt(t, kind, at) {
					if at < 20 {
						t.Errorf("it made only %d calls", at)
					}
					return
				}
			}
		})
	}
}

// dieAt says whether there was a call to die at.
func dieAt(t *testing.T, kind faulttest.Fault, at int) bool {
	w := newWorld(t)
	alice, bob := w.populate(t)
	s, p, ctx := w.mortal(t, kind, at)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, err := range []error{second2(s.Request(ctx, "alice")), s.Restore(ctx, "alice"), second2(s.Request(ctx, "alice"))} {
		_ = err // whatever came of it
	}
	where := fmt.Sprintf("%v at call %d", kind, at)
	w.Clock.Advance(2 * time.Minute) // the transactions of the dead have run out
	healthy := w.service(t)
	if marked := w.exists(t, "deletions/alice"); marked == w.exists(t, "users/alice") {
		t.Errorf("%s: the account is marked: %v, and has a user document: %v", where, marked, !marked)
	}
	_, err := healthy.Request(t.Context(), "alice")
	must(t, err)
	if _, err := healthy.PurgeDue(t.Context()); err != nil {
		t.Errorf("%s: %v", where, err)
	}
	w.isHidden(t, alice, bob)
	w.Clock.Advance(deletion.Grace)
	s.PurgeDue(ctx)
	w.Clock.Advance(2 * time.Hour)
	w.purge(t)
	w.isGone(t, where)
	return at < len(p.Calls())
}

func second2[T any](_ T, err error) error { return err }

// A purge is for accounts that are due, and for one purge at a time; who dies with one does not keep it.
func TestOnePurgeAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	ctx, s := t.Context(), w.service(t)
	_, err := s.Request(ctx, "alice")
	must(t, err)
	for _, uid := range []string{"alice", "bob", "nobody"} { // not due, not marked, not there
		if p, err := s.Purge(ctx, uid); err != nil || !p.Skipped {
			t.Errorf("%s is purged: %+v, %v", uid, p, err)
		}
	}
	w.Clock.Advance(deletion.Grace)
	dying, _, doomed := w.mortal(t, faulttest.KillBefore, 4) // behind the transaction that claims the account
	if p, err := dying.Purge(doomed, "alice"); err == nil {
		t.Errorf("the process does not die: %+v", p)
	}
	if p, err := s.Purge(ctx, "alice"); err != nil || !p.Skipped {
		t.Errorf("two purge at once: %+v, %v", p, err)
	}
	w.Clock.Advance(20 * time.Minute)
	if p, err := s.Purge(ctx, "alice"); err != nil || p.Skipped || !p.Account {
		t.Errorf("nobody goes on: %+v, %v", p, err)
	}
}

// A name is freed only of whom it names: by the time somebody comes to free it, another may have it.
func TestNamesOfOthersStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	ctx, s := t.Context(), w.service(t)
	_, err := s.Request(ctx, "alice")
	must(t, err)
	w.set(t, usernamePath("spare"), map[string]any{"value": "alice"})
	for name, want := range map[string]bool{"bobby": false, "alice": false, "nobody's": false, "spare": true} {
		if freed, err := s.FreeUsername(ctx, "alice", name); err != nil || freed != want {
			t.Errorf("%s: freed is %v, %v", name, freed, err)
		}
	}
	for _, name := range []string{"bobby", "alice"} {
		if !w.exists(t, usernamePath(name)) {
			t.Errorf("%s is gone", name)
		}
	}
}

// A uid that Authentication cannot have, which an import by hand may have brought along.
func TestLongUID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := strings.Repeat("u", 300)
	w.set(t, "users/"+uid+"/timetables/"+first, map[string]any{"title": "t"})
	must(t, w.service(t).User(t.Context(), uid, "", w.Clock.Now()))
	w.purge(t)
	if left := w.all(t, "timetables"); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// Accounts that cannot be signed out, however often it is tried, keep nobody behind them from it.
func TestSignOutGoesPastThoseThatFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account(t, "zoe")
	soon := w.Clock.Now().Add(deletion.Grace)
	half := map[string]any{"requestedAt": w.Clock.Now(), "until": soon, "due": soon, "signedOut": false, "purging": false}
	for i := range 25 {
		w.set(t, fmt.Sprintf("%s/%03d%s", "deletions", i, strings.Repeat("x", 200)), half) // longer than uids are at Authentication
	}
	w.set(t, "deletions/zoe", half)
	r, err := w.service(t).PurgeDue(t.Context())
	if err != nil || r.SignedOut != 1 || r.Failed != 25 {
		t.Errorf("%+v, %v", r, err)
	}
	account, err := w.accounts.GetUser(t.Context(), "zoe")
	must(t, err)
	if account.CustomClaims[deletion.Claim] == nil {
		t.Error("her tokens do not say that the account is going to be deleted")
	}
}
