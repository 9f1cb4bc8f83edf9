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
	"heek.kr/heektime/internal/logging"
)

// populate creates an account for alice with everything that an account can have, and one for bob that
// must stay.
func (w *world) populate(t testing.TB) (alice, bob person) {
	t.Helper()
	alice, bob = w.signUp(t, "alice", "alice"), w.signUp(t, "bob", "bobby")
	w.addCredential(t, "alice")
	w.addCredential(t, "bob")
	must(t, alice.duplicate(t.Context(), first, ids(3)), alice.duplicate(t.Context(), second, ids(2)),
		alice.duplicate(t.Context(), "gone-table", ids(2)), alice.removeTimetable(t.Context(), "gone-table"), // its lectures remain
		bob.duplicate(t.Context(), first, ids(4)))
	for _, path := range []string{"alice/timetables/" + second, "alice/timetables/gone-table", "bob/timetables/" + first} {
		w.set(t, "users/"+path+"/views/2026-11-28", map[string]any{"views": 7, "viewers": 5})
	}
	return alice, bob
}

// bobsDocuments are documents of bob that populate creates and no deletion may touch.
var bobsDocuments = []string{"users/bob", usernamePath("bobby"), "users/bob/timetables/" + first, "users/bob/timetables/" + first + "/lectures/lecture003"}

// checkGone checks that nothing of alice is left, and that bob still has everything.
func (w *world) checkGone(t testing.TB, where string) {
	t.Helper()
	for collection, want := range map[string]int{"users": 1, "usernames": 1, "timetables": 1, "lectures": 4, "views": 1, "credentials": 1, "deletions": 0} {
		if got := w.all(t, collection); len(got) != want {
			t.Errorf("%s: documents in %s: %v, want %d", where, collection, got, want)
		}
	}
	for _, path := range bobsDocuments {
		if !w.exists(t, path) {
			t.Errorf("%s: %s is gone, but belongs to bob", where, path)
		}
	}
	if w.hasAccount(t, "alice") || !w.hasAccount(t, "bob") {
		t.Errorf("%s: alice has an account: %v, bob: %v; want false, true", where, w.hasAccount(t, "alice"), w.hasAccount(t, "bob"))
	}
}

func TestRequestHidesAndPurgeRemoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.populate(t)
	ctx, s := t.Context(), w.service(t)
	pending, err := s.Request(ctx, "alice")
	must(t, err)
	again, err := w.service(t).Request(ctx, "alice")
	if err != nil || !again.Until.Equal(pending.Until) || again.Username() != "alice" {
		t.Errorf("second request: %+v, %v; want %+v", again, err, pending)
	}
	w.checkHidden(t, alice, bob)
	account, err := w.accounts.GetUser(ctx, "alice")
	must(t, err)
	if got := account.CustomClaims[deletion.Claim]; got != float64(pending.Until.Unix()) {
		t.Errorf("claim %s: %v, want %v", deletion.Claim, got, pending.Until.Unix())
	}
	if account.TokensValidAfterMillis == 0 || time.UnixMilli(account.TokensValidAfterMillis).Before(pending.RequestedAt.Add(-2*time.Second)) {
		t.Errorf("tokens are valid after %v, but the deletion was requested at %v", time.UnixMilli(account.TokensValidAfterMillis), pending.RequestedAt)
	}
	w.Clock.Advance(deletion.Grace - time.Minute)
	if r, err := s.PurgeDue(ctx); err != nil || r.Looked != 0 {
		t.Errorf("purge before it is due: %+v, %v", r, err)
	}
	w.Clock.Advance(2 * time.Minute)
	if r, err := s.PurgeDue(ctx); err != nil || r.Looked != 1 || r.Gone != 0 {
		t.Errorf("purge: %+v, %v", r, err)
	}
	if err := s.Restore(ctx, "alice"); !errors.Is(err, deletion.ErrTooLate) {
		t.Errorf("restore during the purge: %v, want ErrTooLate", err)
	}
	if left := w.all(t, "deletions"); len(left) != 1 {
		t.Errorf("before the last token expires: pending deletions %v, want 1", left)
	}
	w.Clock.Advance(2 * time.Hour)
	if r, err := s.PurgeDue(ctx); err != nil || r.Gone != 1 {
		t.Errorf("last purge: %+v, %v", r, err)
	}
	w.checkGone(t, "at the end")
	must(t, bob.rename(ctx, "bobby", "alice")) // the username is free
}

// checkHidden checks that others see nothing of alice, and that nobody can claim a username for her or
// take hers.
func (w *world) checkHidden(t testing.TB, alice, bob person) {
	t.Helper()
	ctx := t.Context()
	for _, client := range []*firestore.Client{bob.Client, w.FirestoreClientSignedOut(t)} {
		if _, err := client.Doc("users/alice").Get(ctx); status.Code(err) != codes.NotFound {
			t.Errorf("get the user: %v, want NotFound", err)
		}
		if found, err := client.Collection("users").Where("username", "==", "alice").Documents(ctx).GetAll(); err != nil || len(found) > 0 {
			t.Errorf("find the user by username: %v, %v; want none", found, err)
		}
		timetables := client.Collection("users/alice/timetables")
		if _, err := timetables.Doc(first).Get(ctx); status.Code(err) != codes.PermissionDenied {
			t.Errorf("get a timetable: %v, want PermissionDenied", err)
		}
		if _, err := timetables.Where("visibility", "==", "public").Limit(20).Documents(ctx).GetAll(); status.Code(err) != codes.PermissionDenied {
			t.Errorf("list the timetables: %v, want PermissionDenied", err)
		}
		if _, err := timetables.Doc(first).Collection("lectures").Documents(ctx).GetAll(); status.Code(err) != codes.PermissionDenied {
			t.Errorf("list the lectures: %v, want PermissionDenied", err)
		}
		if _, err := client.Doc("deletions/alice").Get(ctx); status.Code(err) != codes.PermissionDenied {
			t.Errorf("get the pending deletion: %v, want PermissionDenied", err)
		}
	}
	if err := bob.rename(ctx, "bobby", "alice"); status.Code(err) != codes.PermissionDenied {
		t.Errorf("bob takes her username: %v, want PermissionDenied", err)
	}
	for _, name := range []string{"alice", "another"} {
		if err := alice.claim(ctx, name); status.Code(err) != codes.PermissionDenied {
			t.Errorf("alice claims %s: %v, want PermissionDenied", name, err)
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
	for range 2 { // the second time there is nothing to restore
		must(t, s.Restore(ctx, "alice"))
	}
	account, err := w.accounts.GetUser(ctx, "alice")
	must(t, err)
	if _, has := account.CustomClaims[deletion.Claim]; has || account.CustomClaims["legacy"] != true {
		t.Errorf("custom claims: %v", account.CustomClaims)
	}
	doc, err := bob.Doc("users/alice").Get(ctx)
	must(t, err)
	if got := doc.Data(); got["username"] != "alice" || got["oldId"] != int64(17) || !got["createdAt"].(time.Time).Equal(time.Unix(1, 0)) {
		t.Errorf("user document: %v", got)
	}
	if got := w.all(t, "lectures"); !slices.Equal(got, before) {
		t.Errorf("lectures: %v, want %v", got, before)
	}
	must(t, alice.rename(ctx, "alice", "alicia"))
	// The event for the user document that moved into the pending deletion arrives late.
	must(t, s.PurgeDeletedUser(ctx, "alice", "alice", w.Clock.Now()))
	w.purge(t)
	if !w.hasAccount(t, "alice") || !w.exists(t, "users/alice") || !w.exists(t, usernamePath("alicia")) {
		t.Errorf("the restored account lost data")
	}
}

// The old system had usernames that cannot be document ids, so no index document has them. Their
// accounts can be deleted and restored too.
func TestUsernameThatCannotBeAnID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account(t, "alice")
	for _, name := range []string{"__odd__", "a/b", ""} {
		w.set(t, "users/alice", map[string]any{"username": name})
		_, err := w.service(t).Request(t.Context(), "alice")
		must(t, err)
		must(t, w.service(t).PurgeDeletedUser(t.Context(), "alice", name, w.Clock.Now()))
		must(t, w.service(t).Restore(t.Context(), "alice"))
		must(t, w.service(t).PurgeDeletedUser(t.Context(), "alice", "__before__", w.Clock.Now()))
		if !w.exists(t, "users/alice") {
			t.Errorf("the user with the username %q was not restored", name)
		}
	}
}

// An account that never chose a username has no user document. It can be deleted and restored too.
func TestAccountWithoutUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account(t, "alice")
	ctx, s := t.Context(), w.service(t)
	_, err := s.Request(ctx, "alice")
	must(t, err, s.Restore(ctx, "alice"))
	if w.exists(t, "users/alice") {
		t.Error("the restore created a user document")
	}
	_, err = s.Request(ctx, "alice")
	must(t, err)
	w.purge(t)
	if w.hasAccount(t, "alice") {
		t.Error("the account was not deleted")
	}
}

// When an operator deletes the user document, the function purges the account.
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
			t.Errorf("status %d, want 204", got)
		}
	}
	if w.hasAccount(t, "alice") || len(w.all(t, "timetables")) != 1 {
		t.Error("the purge did not begin immediately")
	}
	w.purge(t)
	w.checkGone(t, "at the end")
	// The same event after the purge has no effect.
	w.deliver(t, url, e)
	w.purge(t)
	w.checkGone(t, "after a late event")
}

// A user document that exists again when the event arrives, with another username, keeps the account.
// Only the old username is freed.
func TestUserExistsAgainBeforeTheEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.populate(t)
	ctx := t.Context()
	_, err := w.fs.Doc("users/alice").Delete(ctx)
	must(t, err, alice.claim(ctx, "alicia"), w.service(t).PurgeDeletedUser(ctx, "alice", "alice", w.Clock.Now()), bob.rename(ctx, "bobby", "alice"))
	w.purge(t)
	if !w.hasAccount(t, "alice") || !w.exists(t, usernamePath("alicia")) || len(w.all(t, "timetables")) != 3 || len(w.all(t, "credentials")) != 2 {
		t.Error("the live account lost data")
	}
}

// A token issued before the purge creates the account again, and a server that had authorized a request writes
// below the uid; later purges remove both. The rules deny what the account's own ID tokens write.
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
	w.account(t, "alice") // as a sign-in with a custom token does
	w.Clock.Advance(12 * time.Minute)
	_, err = s.PurgeDue(ctx)
	must(t, err)
	w.Clock.Advance(59 * time.Minute)
	if err := alice.duplicate(ctx, "latetable1", ids(2)); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a late write by the account: %v, want PermissionDenied", err)
	}
	w.set(t, "users/alice/timetables/latetable1", map[string]any{"title": "t"})
	w.set(t, "users/alice/timetables/latetable1/lectures/l1", map[string]any{"title": "t"})
	w.Clock.Advance(12 * time.Minute)
	r, err := s.PurgeDue(ctx)
	must(t, err)
	if r.Gone != 1 {
		t.Errorf("last purge: %+v", r)
	}
	w.checkGone(t, "at the end")
}

// An account whose purge fails does not block others, is retried later, and appears in the log.
func TestFailedPurgeDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, s := t.Context(), w.service(t)
	for i := range 25 {
		w.account(t, fmt.Sprintf("user%02d", i))
		_, err := s.Request(ctx, fmt.Sprintf("user%02d", i))
		must(t, err)
	}
	w.set(t, "deletions/aaaa", map[string]any{"due": time.Unix(0, 0), "until": "no time", "signedOut": true}) // malformed: none of our servers writes this
	w.Clock.Advance(deletion.Grace)
	r, err := s.PurgeDue(ctx)
	if err != nil || r.Looked != 25 || r.Failed != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if !strings.Contains(w.log.String(), `"uid":"aaaa"`) {
		t.Errorf("the log does not name the failed account:\n%s", w.log)
	}
}

// Accounts with more documents than one purge removes take turns with the others.
func TestLargeAccountsTakeTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const turn = 120
	w.seedLarge(t, 60, 5) // alice
	deep := map[string]map[string]any{}
	for i := range 350 { // a single timetable that takes several turns
		deep[fmt.Sprintf("users/deep/timetables/only/lectures/l%03d", i)] = map[string]any{}
	}
	db, err := w.Firestore.Database(w.Project, "(default)")
	must(t, err)
	must(t, db.Seed(deep))
	w.account(t, "small")
	log := logging.New(w.log, w.Project)
	s, err := deletion.New(deletion.Config{Firestore: w.fs, Accounts: w.accounts, Log: log, Turn: turn, Now: w.Clock.Now})
	must(t, err)
	for _, uid := range []string{"alice", "deep", "small"} { // due in this order
		_, err := s.Request(t.Context(), uid)
		must(t, err)
		w.Clock.Advance(time.Minute)
	}
	w.Clock.Advance(deletion.Grace)
	p, err := s.Purge(t.Context(), "alice")
	// Up to four timetables are removed concurrently.
	if removed := p.Timetables + p.Lectures; err != nil || !p.More || removed < turn || removed > turn+4*6 {
		t.Errorf("one turn: %+v, %v", p, err)
	}
	r, err := s.PurgeDue(t.Context())
	if err != nil || r.Looked != 3 || r.Failed != 0 || r.More {
		t.Errorf("%+v, %v", r, err)
	}
	done := func(uid string) int {
		return strings.Index(w.log.String(), `"message":"account purged","uid":"`+uid)
	}
	if done("small") < 0 || done("small") > done("alice") || done("small") > done("deep") {
		t.Errorf("the small account had to wait for the large ones:\n%s", w.log)
	}
	w.Clock.Advance(2 * time.Hour)
	if r, err := s.PurgeDue(t.Context()); err != nil || r.Gone != 3 {
		t.Errorf("the last purges: %+v, %v", r, err)
	}
	if left := append(w.all(t, "timetables"), w.all(t, "lectures")...); len(left) > 0 {
		t.Errorf("%d documents left, the first is %v", len(left), left[0])
	}
}

// A request, a restore or a purge that is killed or fails at any of its calls leaves a state from which
// the next one completes.
func TestFaultAtEveryCall(t *testing.T) {
	t.Parallel()
	for _, kind := range faulttest.Faults() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			for at := 0; ; at++ {
				if !testFault(t, kind, at) {
					if at < 20 {
						t.Errorf("only %d calls were made, want at least 20", at)
					}
					return
				}
			}
		})
	}
}

// testFault injects the fault at call at, and reports whether there was such a call.
func testFault(t *testing.T, kind faulttest.Fault, at int) bool {
	w := newWorld(t)
	alice, bob := w.populate(t)
	s, p, ctx := w.faultyService(t, kind, at)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	// Any of these may fail.
	s.Request(ctx, "alice")
	s.Restore(ctx, "alice")
	s.Request(ctx, "alice")
	where := fmt.Sprintf("%v at call %d", kind, at)
	w.Clock.Advance(2 * time.Minute) // the transactions of the killed process have expired
	healthy := w.service(t)
	if pending := w.exists(t, "deletions/alice"); pending == w.exists(t, "users/alice") {
		t.Errorf("%s: pending deletion exists: %v, user document exists: %v; want one of them", where, pending, pending)
	}
	_, err := healthy.Request(t.Context(), "alice")
	must(t, err)
	if _, err := healthy.PurgeDue(t.Context()); err != nil {
		t.Errorf("%s: %v", where, err)
	}
	w.checkHidden(t, alice, bob)
	w.Clock.Advance(deletion.Grace)
	s.PurgeDue(ctx)
	w.Clock.Advance(2 * time.Hour)
	w.purge(t)
	w.checkGone(t, where)
	return at < len(p.Calls())
}

// Only one purge at a time handles an account, and only when it is due. The claim of a killed purge
// expires.
func TestOnePurgeAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	ctx, s := t.Context(), w.service(t)
	_, err := s.Request(ctx, "alice")
	must(t, err)
	for _, uid := range []string{"alice", "bob", "nobody"} { // not due, not pending, no such account
		if p, err := s.Purge(ctx, uid); err != nil || !p.Skipped {
			t.Errorf("purge of %s: %+v, %v; want it skipped", uid, p, err)
		}
	}
	w.Clock.Advance(deletion.Grace)
	dying, _, dyingCtx := w.faultyService(t, faulttest.KillBefore, 4) // after the transaction that claims the account
	if p, err := dying.Purge(dyingCtx, "alice"); err == nil {
		t.Errorf("the process was not killed: %+v", p)
	}
	if p, err := s.Purge(ctx, "alice"); err != nil || !p.Skipped {
		t.Errorf("second purge within the lease: %+v, %v; want it skipped", p, err)
	}
	w.Clock.Advance(20 * time.Minute)
	if p, err := s.Purge(ctx, "alice"); err != nil || p.Skipped || !p.Account {
		t.Errorf("purge after the lease: %+v, %v; want it to continue", p, err)
	}
}

// FreeUsername frees a username only if it still names the account: somebody else may have claimed it in
// the meantime.
func TestUsernamesOfOthersStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.populate(t)
	ctx, s := t.Context(), w.service(t)
	_, err := s.Request(ctx, "alice")
	must(t, err)
	w.set(t, usernamePath("spare"), map[string]any{"value": "alice"})
	for name, want := range map[string]bool{"bobby": false, "alice": false, "nobody's": false, "spare": true} {
		if freed, err := s.FreeUsername(ctx, "alice", name); err != nil || freed != want {
			t.Errorf("FreeUsername(%q) = %v, %v; want %v", name, freed, err, want)
		}
	}
	for _, name := range []string{"bobby", "alice"} {
		if !w.exists(t, usernamePath(name)) {
			t.Errorf("%s is gone", name)
		}
	}
}

// A manual import may have created a user document whose uid is too long for Authentication.
func TestLongUID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := strings.Repeat("u", 300)
	w.set(t, "users/"+uid+"/timetables/"+first, map[string]any{"title": "t"})
	must(t, w.service(t).PurgeDeletedUser(t.Context(), uid, "", w.Clock.Now()))
	w.purge(t)
	if left := w.all(t, "timetables"); len(left) > 0 {
		t.Errorf("timetables left: %v", left)
	}
}

// Accounts whose sign-out always fails do not block the accounts after them.
func TestFailedSignOutDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account(t, "zoe")
	soon := w.Clock.Now().Add(deletion.Grace)
	halfway := map[string]any{"requestedAt": w.Clock.Now(), "until": soon, "due": soon, "signedOut": false, "purging": false}
	for i := range 25 {
		w.set(t, fmt.Sprintf("%s/%03d%s", "deletions", i, strings.Repeat("x", 200)), halfway) // too long for a uid in Authentication
	}
	w.set(t, "deletions/zoe", halfway)
	r, err := w.service(t).PurgeDue(t.Context())
	if err != nil || r.SignedOut != 1 || r.Failed != 25 {
		t.Errorf("%+v, %v", r, err)
	}
	account, err := w.accounts.GetUser(t.Context(), "zoe")
	must(t, err)
	if account.CustomClaims[deletion.Claim] == nil {
		t.Errorf("the claim %s is not set", deletion.Claim)
	}
}
