package firestore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const roomRules = `rules_version = '2';
service cloud.firestore {
  match /databases/{d}/documents {
    function member(r) { return exists(/databases/$(d)/documents/rooms/$(r)/members/$(request.auth.uid)); }
    match /rooms/{r} {
      allow get: if member(r);
      match /messages/{m} {
        allow read: if member(r);
      }
    }
    match /limited/{id} {
      allow get: if resource == null || resource.data.n < 10;
    }
    match /keyed/{id} {
      allow get: if exists(/databases/$(d)/documents/keys/$(get(/databases/$(d)/documents/config/c).data.key));
    }
  }
}`

// startRooms starts a server with rooms. It returns a client that may change them and a listen
// stream of ann's.
func startRooms(t *testing.T) (*cloud, *firestore.Client, *watcher) {
	t.Helper()
	c := start(t, withRules(roomRules))
	db, err := c.Database("demo-listen", "(default)")
	if err != nil {
		t.Fatal(err)
	}
	err = db.Seed(map[string]map[string]any{
		"rooms/r": {"n": 1}, "rooms/r/members/ann": {}, "rooms/r/messages/1": {"n": 1},
		"limited/a": {"n": 2}, "keyed/a": {"n": 3}, "config/c": {"key": "k1"}, "keys/k1": {}, "keys/k2": {},
	})
	if err != nil {
		t.Fatal(err)
	}
	fs, err := firestore.NewClient(t.Context(), "demo-listen", option.WithGRPCConn(c.connAs(t, "Bearer owner")))
	if err != nil {
		t.Fatal(err)
	}
	return c, fs, watchOn(t, c.connAs(t, header(t, "ann")))
}

// messages returns a target for the messages of a room.
func messages(id int32, room string) *pb.Target {
	return &pb.Target{TargetId: id, TargetType: &pb.Target_Query{Query: &pb.Target_QueryTarget{
		Parent: listenDB + "/documents/rooms/" + room, QueryType: &pb.Target_QueryTarget_StructuredQuery{StructuredQuery: queryOf("messages", 0, nil)},
	}}}
}

// expectNews is like expect, but skips snapshots without changes.
func (w *watcher) expectNews(want ...string) {
	w.t.Helper()
	got := w.next()
	for len(got) == 0 {
		got = w.next()
	}
	if !slices.Equal(got, want) {
		w.t.Fatalf("got  %q\nwant %q", got, want)
	}
}

func must(t testing.TB) func(*firestore.WriteResult, error) {
	return func(_ *firestore.WriteResult, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// commitTogether commits the writes of f in one transaction.
func commitTogether(t testing.TB, fs *firestore.Client, f func(*firestore.Transaction) error) {
	t.Helper()
	if err := fs.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error { return f(tx) }); err != nil {
		t.Fatal(err)
	}
}

func TestListenIsAuthorizedWhenAdded(t *testing.T) {
	_, fs, w := startRooms(t)
	w.add(docsTarget(1, "limited/a"))
	w.expect("ADD 1", "+limited/a=2 1", "CURRENT 1")
	w.add(docsTarget(2, "limited/missing"))
	w.expect("ADD 2", "-limited/missing 2", "CURRENT 2")
	w.add(docsTarget(3, "other/missing"))
	w.expect("REMOVE 3 PermissionDenied")
	w.add(messages(4, "elsewhere"))
	w.expect("REMOVE 4 PermissionDenied")
	w.add(docsTarget(5, "limited/a", "keyed/a", "other/x"))
	w.expect("REMOVE 5 PermissionDenied")
	w.add(messages(6, "r"))
	w.expect("ADD 6", "+rooms/r/messages/1=1 6", "CURRENT 6")
	w.remove(4) // the server confirms every removal
	w.expect("REMOVE 4")
	must(t)(fs.Doc("limited/a").Set(t.Context(), map[string]any{"n": 3}))
	w.expect("+limited/a=3 1")
}

func TestListenEndsWithItsDependency(t *testing.T) {
	ctx := context.Background()
	_, fs, w := startRooms(t)
	w.add(docsTarget(1, "limited/a"))
	w.expect("ADD 1", "+limited/a=2 1", "CURRENT 1")
	w.add(docsTarget(2, "rooms/r"))
	w.expect("ADD 2", "+rooms/r=1 2", "CURRENT 2")
	w.add(messages(3, "r"))
	w.expect("ADD 3", "+rooms/r/messages/1=1 3", "CURRENT 3")

	// The dependency changes but still exists.
	must(t)(fs.Doc("rooms/r/members/ann").Set(ctx, map[string]any{"since": 1}))
	w.expect()
	// A commit that revokes the permission shows nothing else that it does.
	commitTogether(t, fs, func(tx *firestore.Transaction) error {
		if err := tx.Set(fs.Doc("rooms/r/messages/2"), map[string]any{"n": 2}); err != nil {
			return err
		}
		if err := tx.Set(fs.Doc("limited/a"), map[string]any{"n": 4}); err != nil {
			return err
		}
		return tx.Delete(fs.Doc("rooms/r/members/ann"))
	})
	removed := []string{strings.Join(w.next(), ","), strings.Join(w.next(), ",")}
	if got := fmt.Sprint(removed); got != "[REMOVE 2 PermissionDenied REMOVE 3 PermissionDenied]" && got != "[REMOVE 3 PermissionDenied REMOVE 2 PermissionDenied]" {
		t.Fatalf("got %q", removed)
	}
	w.expect("+limited/a=4 1")
	must(t)(fs.Doc("rooms/r/messages/3").Set(ctx, map[string]any{"n": 3}))
	must(t)(fs.Doc("limited/a").Set(ctx, map[string]any{"n": 5}))
	w.expect("+limited/a=5 1")
	// With the permission granted again, ann may listen again.
	must(t)(fs.Doc("rooms/r/members/ann").Set(ctx, map[string]any{}))
	w.add(messages(3, "r"))
	w.expect("ADD 3", "+rooms/r/messages/1=1 3", "+rooms/r/messages/2=2 3", "+rooms/r/messages/3=3 3", "CURRENT 3")
}

func TestListenEndsWithItsDocument(t *testing.T) {
	ctx := context.Background()
	_, fs, w := startRooms(t)
	w.add(docsTarget(1, "limited/a"))
	w.expect("ADD 1", "+limited/a=2 1", "CURRENT 1")
	if _, err := fs.Doc("limited/a").Delete(ctx); err != nil {
		t.Fatal(err)
	}
	w.expect("-limited/a 1")
	must(t)(fs.Doc("limited/a").Set(ctx, map[string]any{"n": 9}))
	w.expect("+limited/a=9 1")
	must(t)(fs.Doc("limited/a").Set(ctx, map[string]any{"n": 10}))
	w.expect("REMOVE 1 PermissionDenied")
}

func TestListenTracksChangingDependencies(t *testing.T) {
	ctx := context.Background()
	_, fs, w := startRooms(t)
	w.add(docsTarget(1, "keyed/a"))
	w.expect("ADD 1", "+keyed/a=3 1", "CURRENT 1")
	must(t)(fs.Doc("config/c").Set(ctx, map[string]any{"key": "k2"}))
	w.expect()
	must(t)(fs.Doc("keys/k1").Delete(ctx)) // no longer a dependency
	must(t)(fs.Doc("keyed/a").Set(ctx, map[string]any{"n": 4}))
	w.expect("+keyed/a=4 1")
	must(t)(fs.Doc("keys/k2").Delete(ctx))
	w.expect("REMOVE 1 PermissionDenied")
}

func TestNewRulesApplyToListeners(t *testing.T) {
	c, fs, ann := startRooms(t)
	server := watchOn(t, c.connAs(t, "Bearer owner"))
	server.add(docsTarget(1, "limited/a"))
	server.expect("ADD 1", "+limited/a=2 1", "CURRENT 1")
	ann.add(docsTarget(1, "limited/a"))
	ann.expect("ADD 1", "+limited/a=2 1", "CURRENT 1")
	ann.add(messages(2, "r"))
	ann.expect("ADD 2", "+rooms/r/messages/1=1 2", "CURRENT 2")
	if _, err := c.SetRules("", []byte(strings.Replace(roomRules, "resource.data.n < 10", "false", 1))); err != nil {
		t.Fatal(err)
	}
	ann.expect("REMOVE 1 PermissionDenied")
	must(t)(fs.Doc("rooms/r/messages/1").Set(t.Context(), map[string]any{"n": 2}))
	ann.expectNews("+rooms/r/messages/1=2 2")
	must(t)(fs.Doc("limited/a").Set(t.Context(), map[string]any{"n": 3}))
	server.expect("+limited/a=3 1")
	c.DropRules("")
	ann.add(docsTarget(3, "other/x"))
	ann.expectNews("ADD 3", "-other/x 3", "CURRENT 3")
	if _, err := c.SetRules("demo-listen", []byte(roomRules)); err != nil {
		t.Fatal(err)
	}
	ann.expect("REMOVE 3 PermissionDenied")
}

func TestResetRevokesPermission(t *testing.T) {
	c, _, w := startRooms(t)
	w.add(messages(1, "r"))
	w.expect("ADD 1", "+rooms/r/messages/1=1 1", "CURRENT 1")
	if err := c.Reset(); err != nil {
		t.Fatal(err)
	}
	w.expect("REMOVE 1 PermissionDenied")
}

func TestListenWithInvalidToken(t *testing.T) {
	c, _, _ := startRooms(t)
	w := watchOn(t, c.connAs(t, "Bearer garbage"))
	w.add(docsTarget(1, "limited/a"))
	if _, err := w.stream.Recv(); status.Code(err) != codes.Unauthenticated {
		t.Errorf("got %v, want UNAUTHENTICATED", err)
	}
}

// TestListenNeverShowsWhatIsForbidden grants and revokes a permission while a client listens. A
// secret exists only while the permission is revoked. Whenever its listen ends, the client starts
// it again.
func TestListenNeverShowsWhatIsForbidden(t *testing.T) {
	const rounds = 300
	_, fs, w := startRooms(t)
	member, secret := fs.Doc("rooms/r/members/ann"), fs.Doc("rooms/r/messages/secret")
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		defer close(done)
		for range rounds {
			commitTogether(t, fs, func(tx *firestore.Transaction) error {
				if err := tx.Delete(member); err != nil {
					return err
				}
				return tx.Set(secret, map[string]any{"n": 666})
			})
			commitTogether(t, fs, func(tx *firestore.Transaction) error {
				if err := tx.Set(member, map[string]any{}); err != nil {
					return err
				}
				return tx.Delete(secret)
			})
		}
		must(t)(fs.Doc("rooms/r/messages/end").Set(t.Context(), map[string]any{"n": 777}))
	})
	defer writer.Wait()
	denials, seen := 0, false
	w.add(messages(1, "r"))
	for !seen {
		for _, what := range w.next() {
			switch {
			case strings.HasSuffix(what, "=666 1"):
				t.Fatalf("the client saw the secret: %q", what)
			case what == "REMOVE 1 PermissionDenied":
				denials++
				w.add(messages(1, "r"))
			case strings.HasSuffix(what, "=777 1"):
				seen = true
			}
		}
	}
	<-done
	t.Logf("the listen was denied %d times", denials)
	if denials == 0 {
		t.Error("the listen was never denied: nothing was tested")
	}
}

// A change is evaluated again only for the targets that depend on it.
func TestOnlyAffectedTargetsAreReauthorized(t *testing.T) {
	const n = 1000
	c, fs, w := startRooms(t)
	members := map[string]map[string]any{}
	for i := range n {
		members[fmt.Sprintf("rooms/m%d/members/ann", i)] = map[string]any{}
	}
	if err := database(t, c, "demo-listen").Seed(members); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		w.add(messages(int32(i+1), fmt.Sprint("m", i)))
	}
	for i := range n {
		w.expectNews(fmt.Sprint("ADD ", i+1), fmt.Sprint("CURRENT ", i+1))
	}
	before := c.Evaluations("demo-listen")[0].Seq
	must(t)(fs.Doc("rooms/m7/members/ann").Delete(t.Context()))
	w.expectNews("REMOVE 8 PermissionDenied")
	if got := c.Evaluations("demo-listen")[0].Seq - before; got != 1 {
		t.Errorf("%d targets were authorized again, want 1", got)
	}
}
