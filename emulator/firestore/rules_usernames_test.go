package firestore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
)

func timetableRules(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("../rules/testdata/timetable.rules")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestTimetableRules has a server and two users work under the rules of the timetable example.
func TestTimetableRules(t *testing.T) {
	ctx := context.Background()
	c := emulatortest.Start(t, func(c *emulator.Config) { c.Rules, c.AllowUnindexed = timetableRules(t), true })
	owner, nobody := c.FirestoreClient(t), c.FirestoreClientSignedOut(t)
	ann, bob := c.FirestoreClientAs(t, "ann", nil), c.FirestoreClientAs(t, "bob", map[string]any{"email": "bob@example.com"})
	claim := func(fs *firestore.Client, uid, name string) error {
		return fs.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			index := fs.Doc("indices/user/usernames/" + name)
			if _, err := tx.Get(index); err != nil && status.Code(err) != codes.NotFound {
				return err
			}
			if err := tx.Set(fs.Doc("users/"+uid), stamped(map[string]any{"username": name})); err != nil {
				return err
			}
			return tx.Set(index, map[string]any{"value": uid})
		})
	}
	set := func(fs *firestore.Client, path string, data map[string]any) error {
		_, err := fs.Doc(path).Set(ctx, data)
		return err
	}
	get := func(fs *firestore.Client, path string) error {
		_, err := fs.Doc(path).Get(ctx)
		return err
	}
	list := func(q firestore.Query) error {
		_, err := q.Documents(ctx).GetAll()
		return err
	}
	const semester, timetable = "schools/korea/semesters/2022-0900", "users/ann/timetables/t1"
	const ok, denied = codes.OK, codes.PermissionDenied
	for _, step := range []struct {
		name string
		err  error
		want codes.Code
	}{
		{"a server writes a semester", set(owner, semester, map[string]any{"status": "normal"}), ok},
		{"a user writes a semester", set(ann, semester, map[string]any{"status": "normal"}), denied},
		{"claim a name", claim(ann, "ann", "annie"), ok},
		{"claim a taken name", claim(bob, "bob", "annie"), denied},
		{"claim another name", claim(bob, "bob", "bobby"), ok},
		{"claim a name signed out", claim(nobody, "carl", "carl"), denied},
		{"create a timetable", set(ann, timetable, stamped(map[string]any{"title": "one", "semester": ann.Doc(semester), "visibility": "private"})), ok},
		{"create a timetable of a missing semester", set(ann, timetable+"x", stamped(map[string]any{"title": "one", "semester": ann.Doc(semester + "x"), "visibility": "private"})), denied},
		{"get own timetable", get(ann, timetable), ok},
		{"get someone else's private timetable", get(bob, timetable), denied},
		{"get a missing timetable", get(bob, timetable+"y"), codes.NotFound},
		{"list someone else's timetables", list(bob.Collection("users/ann/timetables").Limit(20)), denied},
		{"list someone else's public timetables", list(bob.Collection("users/ann/timetables").Where("visibility", "==", "public").Limit(20)), ok},
		{"a server lists all timetables", list(owner.Collection("users/ann/timetables").Query), ok},
	} {
		if status.Code(step.err) != step.want {
			t.Errorf("%s: got %v, want %v", step.name, step.err, step.want)
		}
	}
}

// TestUsernamesHaveOneOwner has 50 users claim 20 names 10,000 times, all concurrently, and then
// change them, while a reader keeps checking that every user has their name and every name its
// user.
func TestUsernamesHaveOneOwner(t *testing.T) {
	const users, names, claimsEach, changesEach = 50, 20, 200, 20
	c := emulatortest.Start(t, func(c *emulator.Config) { c.Rules = timetableRules(t) })
	u := &usernames{t: t, owned: make([]string, users)}
	for i := range users {
		u.clients = append(u.clients, c.FirestoreClientAs(t, fmt.Sprint("u", i), nil))
	}
	stop := make(chan struct{})
	var reader sync.WaitGroup
	reads := 0
	reader.Go(func() { reads = checkUntil(t, stop, c.FirestoreClient(t)) })

	u.claim(names, claimsEach)
	if u.won.Load() != names || u.lost.Load() != users*claimsEach-names {
		t.Errorf("%d claims won and %d lost, want %d and %d", u.won.Load(), u.lost.Load(), names, users*claimsEach-names)
	}
	u.change(names+5, changesEach)
	close(stop)
	reader.Wait()
	if reads < 10 {
		t.Errorf("the reader read only %d times", reads)
	}
	t.Logf("%d won, %d lost, %d reads", u.won.Load(), u.lost.Load(), reads)
	fs := c.FirestoreClient(t)
	for i, n := range u.owned {
		if n == "" {
			continue
		}
		d, err := fs.Doc("indices/user/usernames/" + n).Get(t.Context())
		if err != nil || d.Data()["value"] != fmt.Sprint("u", i) {
			t.Errorf("u%d's claim of %s succeeded, but its owner is %v, %v", i, n, d.Data(), err)
		}
	}
}

// usernames are users that compete for names.
type usernames struct {
	t         *testing.T
	clients   []*firestore.Client // by user
	owned     []string            // the name that each user believes they own, by user
	won, lost atomic.Int64        // commits
}

// claim has every user claim random names concurrently.
func (u *usernames) claim(names, each int) {
	var all sync.WaitGroup
	for i, fs := range u.clients {
		all.Go(func() {
			uid := fmt.Sprint("u", i)
			for range each {
				n := fmt.Sprintf("name%02d", rand.IntN(names))
				//lint:ignore SA1019 one commit without a transaction is what is tested
				if u.commit(fs.Batch().Set(fs.Doc("users/"+uid), stamped(map[string]any{"username": n})).
					Set(fs.Doc("indices/user/usernames/"+n), map[string]any{"value": uid})) {
					u.owned[i] = n
				}
			}
		})
	}
	all.Wait()
}

// change has every user that owns a name change it to random names concurrently.
func (u *usernames) change(names, each int) {
	var all sync.WaitGroup
	for i, fs := range u.clients {
		if u.owned[i] == "" {
			continue
		}
		all.Go(func() {
			uid := fmt.Sprint("u", i)
			for range each {
				n := fmt.Sprintf("name%02d", rand.IntN(names))
				if n == u.owned[i] {
					continue
				}
				//lint:ignore SA1019 see above
				if u.commit(fs.Batch().
					Update(fs.Doc("users/"+uid), []firestore.Update{{Path: "username", Value: n}, {Path: "updatedAt", Value: firestore.ServerTimestamp}}).
					Delete(fs.Doc("indices/user/usernames/"+u.owned[i])).
					Set(fs.Doc("indices/user/usernames/"+n), map[string]any{"value": uid})) {
					u.owned[i] = n
				}
			}
		})
	}
	all.Wait()
}

// commit reports whether a commit was allowed.
//
//lint:ignore SA1019 see above
func (u *usernames) commit(b *firestore.WriteBatch) bool {
	_, err := b.Commit(u.t.Context())
	switch status.Code(err) {
	case codes.OK:
		u.won.Add(1)
	case codes.PermissionDenied:
		u.lost.Add(1)
	default:
		u.t.Error(err)
	}
	return err == nil
}

// checkUntil checks the invariant until stop is closed. It returns the number of checks.
func checkUntil(t *testing.T, stop <-chan struct{}, fs *firestore.Client) (reads int) {
	for {
		select {
		case <-stop:
			return reads
		default:
			reads++
			if err := checkOwners(t.Context(), fs); err != nil {
				t.Error(err)
				return reads
			}
		}
	}
}

// checkOwners checks, at one moment, that every user has their name and every name its user.
func checkOwners(ctx context.Context, fs *firestore.Client) error {
	return fs.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
		users, err := tx.Documents(fs.Collection("users")).GetAll()
		if err != nil {
			return err
		}
		index, err := tx.Documents(fs.Collection("indices/user/usernames")).GetAll()
		if err != nil {
			return err
		}
		owner := map[string]any{}
		for _, d := range index {
			owner[d.Ref.ID] = d.Data()["value"]
		}
		for _, d := range users {
			n, _ := d.Data()["username"].(string)
			if owner[n] != d.Ref.ID {
				return fmt.Errorf("%s has the name %s, which belongs to %v", d.Ref.ID, n, owner[n])
			}
			delete(owner, n)
		}
		if len(owner) > 0 {
			return fmt.Errorf("names without a user: %v", owner)
		}
		return nil
	}, firestore.ReadOnly)
}

// BenchmarkCommitUnderRules creates a timetable without rules, as a server, and as a user that is
// allowed or denied.
func BenchmarkCommitUnderRules(b *testing.B) {
	for _, who := range []string{"no rules", "server", "user", "denied"} {
		b.Run(who, func(b *testing.B) {
			c := emulatortest.Start(b, func(c *emulator.Config) {
				if who != "no rules" {
					c.Rules = timetableRules(b)
				}
			})
			owner := c.FirestoreClient(b)
			if _, err := owner.Doc("schools/korea/semesters/2022-0900").Set(b.Context(), map[string]any{"status": "normal"}); err != nil {
				b.Fatal(err)
			}
			fs, title := owner, "one"
			switch who {
			case "user":
				fs = c.FirestoreClientAs(b, "ann", nil)
			case "denied":
				fs, title = c.FirestoreClientAs(b, "ann", nil), ""
			}
			b.ResetTimer()
			for i := range b.N {
				_, err := fs.Doc(fmt.Sprintf("users/ann/timetables/t%d", i)).Set(b.Context(), stamped(map[string]any{
					"title": title, "semester": fs.Doc("schools/korea/semesters/2022-0900"), "visibility": "private",
				}))
				if (err == nil) == (who == "denied") {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGetUnderRules(b *testing.B) {
	for _, who := range []string{"server", "user"} {
		b.Run(who, func(b *testing.B) {
			c := emulatortest.Start(b, func(c *emulator.Config) { c.Rules = timetableRules(b) })
			fs := c.FirestoreClient(b)
			if _, err := fs.Doc("users/ann/timetables/t").Set(b.Context(), map[string]any{"visibility": "private", "at": time.Now()}); err != nil {
				b.Fatal(err)
			}
			if who == "user" {
				fs = c.FirestoreClientAs(b, "ann", nil)
			}
			b.ResetTimer()
			for range b.N {
				if _, err := fs.Doc("users/ann/timetables/t").Get(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
