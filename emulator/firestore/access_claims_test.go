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

// TestTimetableRules goes through the life of two users under the rules of the timetable example.
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
	const ok, no = codes.OK, codes.PermissionDenied
	for _, step := range []struct {
		name string
		err  error
		want codes.Code
	}{
		{"a server writes a semester", set(owner, semester, map[string]any{"status": "normal"}), ok},
		{"a user does", set(ann, semester, map[string]any{"status": "normal"}), no},
		{"claim", claim(ann, "ann", "annie"), ok},
		{"claim what is taken", claim(bob, "bob", "annie"), no},
		{"claim another", claim(bob, "bob", "bobby"), ok},
		{"claim signed out", claim(nobody, "carl", "carl"), no},
		{"make a timetable", set(ann, timetable, stamped(map[string]any{"title": "one", "semester": ann.Doc(semester), "visibility": "private"})), ok},
		{"of a semester that is not there", set(ann, timetable+"x", stamped(map[string]any{"title": "one", "semester": ann.Doc(semester + "x"), "visibility": "private"})), no},
		{"get it", get(ann, timetable), ok},
		{"get another's private one", get(bob, timetable), no},
		{"get one that is not there", get(bob, timetable+"y"), codes.NotFound},
		{"list another's", list(bob.Collection("users/ann/timetables").Limit(20)), no},
		{"list another's public ones", list(bob.Collection("users/ann/timetables").Where("visibility", "==", "public").Limit(20)), ok},
		{"a server lists all", list(owner.Collection("users/ann/timetables").Query), ok},
	} {
		if status.Code(step.err) != step.want {
			t.Errorf("%s: got %v, want %v", step.name, step.err, step.want)
		}
	}
}

// TestUsernamesHaveOneOwner has 50 users claim 20 names 10,000 times, all at once, and then change
// them, while a reader looks at every moment for names without their user and users without their
// name.
func TestUsernamesHaveOneOwner(t *testing.T) {
	const users, names, claimsEach, changesEach = 50, 20, 200, 20
	ctx := t.Context()
	c := emulatortest.Start(t, func(c *emulator.Config) { c.Rules = timetableRules(t) })
	name := func(i int) string { return fmt.Sprintf("name%02d", i) }

	stop := make(chan struct{})
	var reading sync.WaitGroup
	looks := 0
	reading.Go(func() {
		reader := c.FirestoreClient(t)
		for {
			select {
			case <-stop:
				return
			default:
				looks++
				if err := oneOwnerEach(ctx, reader); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	clients := make([]*firestore.Client, users)
	for u := range clients {
		clients[u] = c.FirestoreClientAs(t, fmt.Sprint("u", u), nil)
	}
	owned := make([]string, users) // what each user believes to own
	var won, lost atomic.Int64
	//lint:ignore SA1019 one commit without a transaction is what is tested
	commit := func(b *firestore.WriteBatch) bool {
		_, err := b.Commit(ctx)
		switch status.Code(err) {
		case codes.OK:
			won.Add(1)
		case codes.PermissionDenied:
			lost.Add(1)
		default:
			t.Error(err)
		}
		return err == nil
	}
	var all sync.WaitGroup
	for u, fs := range clients {
		all.Go(func() {
			uid := fmt.Sprint("u", u)
			for range claimsEach {
				n := name(rand.IntN(names))
				//lint:ignore SA1019 see above
				if commit(fs.Batch().Set(fs.Doc("users/"+uid), stamped(map[string]any{"username": n})).
					Set(fs.Doc("indices/user/usernames/"+n), map[string]any{"value": uid})) {
					owned[u] = n
				}
			}
		})
	}
	all.Wait()
	if won.Load() != names || lost.Load() != users*claimsEach-names {
		t.Errorf("%d claims won and %d lost, want %d and %d", won.Load(), lost.Load(), names, users*claimsEach-names)
	}
	for u, fs := range clients {
		if owned[u] == "" {
			continue
		}
		all.Go(func() {
			uid := fmt.Sprint("u", u)
			for range changesEach {
				n := name(rand.IntN(names + 5))
				if n == owned[u] {
					continue
				}
				//lint:ignore SA1019 see above
				if commit(fs.Batch().
					Update(fs.Doc("users/"+uid), []firestore.Update{{Path: "username", Value: n}, {Path: "updatedAt", Value: firestore.ServerTimestamp}}).
					Delete(fs.Doc("indices/user/usernames/"+owned[u])).
					Set(fs.Doc("indices/user/usernames/"+n), map[string]any{"value": uid})) {
					owned[u] = n
				}
			}
		})
	}
	all.Wait()
	close(stop)
	reading.Wait()
	if looks < 10 {
		t.Errorf("the reader looked %d times only", looks)
	}
	t.Logf("%d won, %d lost, %d looks", won.Load(), lost.Load(), looks)
	fs := c.FirestoreClient(t)
	for u, n := range owned {
		if n == "" {
			continue
		}
		if d, err := fs.Doc("indices/user/usernames/" + n).Get(ctx); err != nil || d.Data()["value"] != fmt.Sprint("u", u) {
			t.Errorf("u%d was told that %s is his: %v, %v", u, n, d.Data(), err)
		}
	}
}

// oneOwnerEach looks at one moment.
func oneOwnerEach(ctx context.Context, fs *firestore.Client) error {
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
			return fmt.Errorf("names without their user: %v", owner)
		}
		return nil
	}, firestore.ReadOnly)
}

// BenchmarkCommitUnderRules makes a timetable: without rules, as a server, and as a user whom rules
// judge.
func BenchmarkCommitUnderRules(b *testing.B) {
	for _, who := range []string{"nobody asks", "server", "user", "refused"} {
		b.Run(who, func(b *testing.B) {
			c := emulatortest.Start(b, func(c *emulator.Config) {
				if who != "nobody asks" {
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
			case "refused":
				fs, title = c.FirestoreClientAs(b, "ann", nil), ""
			}
			b.ResetTimer()
			for i := range b.N {
				_, err := fs.Doc(fmt.Sprintf("users/ann/timetables/t%d", i)).Set(b.Context(), stamped(map[string]any{
					"title": title, "semester": fs.Doc("schools/korea/semesters/2022-0900"), "visibility": "private",
				}))
				if (err == nil) == (who == "refused") {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGetUnderRules gets a private timetable.
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
