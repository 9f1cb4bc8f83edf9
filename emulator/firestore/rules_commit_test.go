package firestore_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	emulator "heek.kr/heektime/emulator/firestore"
)

// verify returns a write that only checks a precondition.
func verify(path string) *pb.Write { return verifyWrite(path, exists(true)) }

// withPrecondition adds a precondition to a write.
func withPrecondition(cond *pb.Precondition, w *pb.Write) *pb.Write {
	w.CurrentDocument = cond
	return w
}

// add returns a write that increments n.
func add(path string, n int64) *pb.Write {
	return &pb.Write{
		Operation:  &pb.Write_Update{Update: &pb.Document{Name: root + "/" + path}},
		UpdateMask: &pb.DocumentMask{},
		UpdateTransforms: []*pb.DocumentTransform_FieldTransform{{
			FieldPath: "n", TransformType: &pb.DocumentTransform_FieldTransform_Increment{Increment: &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: n}}},
		}},
	}
}

// contents returns the paths and fields of all documents.
func contents(t testing.TB, c *cloud, project string) []string {
	t.Helper()
	var out []string
	for d := range database(t, c, project).Documents() {
		out = append(out, fmt.Sprint(d.Path, d.Data))
	}
	slices.Sort(out)
	return out
}

// TestCommitIsAuthorizedAsAWhole has ann make commits of several writes. A denied commit must have
// no effect. It is long because each case is a row of its table.
func TestCommitIsAuthorizedAsAWhole(t *testing.T) {
	long := make([]*pb.Write, 0, 21)
	for i := range 20 {
		long = append(long, set(fmt.Sprintf("notes/new%d", i), "ann", 1, true))
	}
	forged := set("notes/new", "ann", 1, false)
	forged.GetUpdate().Fields["at"] = &pb.Value{ValueType: &pb.Value_TimestampValue{TimestampValue: timestamppb.Now()}}
	const ok, denied = codes.OK, codes.PermissionDenied
	for _, tc := range []struct {
		name   string
		writes []*pb.Write
		want   codes.Code
	}{
		{"no writes", nil, ok},
		{"many allowed writes", long, ok},
		{"a denied write at the end", append(slices.Clone(long), set("notes/b", "bob", 2, false)), denied},
		{"a denied write in the middle", slices.Insert(slices.Clone(long), 9, remove("notes/b")), denied},
		{"a write without a matching rule", append(slices.Clone(long), set("other/x", "ann", 1, true)), denied},
		{"two writes of a document", []*pb.Write{set("notes/a", "ann", 2, false), set("notes/a", "ann", 3, false)}, ok},
		{"the second write sees the first", []*pb.Write{set("notes/a", "ann", 2, false), set("notes/a", "ann", 2, false)}, denied},
		{"the writes are wrong but their result is right", []*pb.Write{set("notes/a", "ann", 5, false), set("notes/a", "ann", 2, false)}, denied},
		{"delete, then create", []*pb.Write{remove("notes/a"), set("notes/a", "ann", 7, true)}, ok},
		{"delete, then create wrongly", []*pb.Write{remove("notes/a"), set("notes/a", "ann", 2, false)}, denied},
		{"delete someone else's, then create", []*pb.Write{remove("notes/b"), set("notes/b", "ann", 1, true)}, denied},
		{"create, then delete", []*pb.Write{set("notes/new", "ann", 1, true), remove("notes/new")}, ok},
		{"create, then give to someone else", []*pb.Write{set("notes/new", "ann", 1, true), set("notes/new", "bob", 2, false)}, denied},
		{"delete twice", []*pb.Write{remove("notes/a"), remove("notes/a")}, denied},
		{"increment by one", []*pb.Write{add("notes/a", 1)}, ok},
		{"increment by two", []*pb.Write{add("notes/a", 2)}, denied},
		{"increment by one twice", []*pb.Write{add("notes/a", 1), add("notes/a", 1)}, ok},
		{"a forged time", []*pb.Write{forged}, denied},

		{"verify own", []*pb.Write{verify("notes/a")}, ok},
		{"verify someone else's", []*pb.Write{verify("notes/b")}, denied},
		{"verify missing", []*pb.Write{withPrecondition(exists(false), verify("notes/x"))}, ok},
		{"verify an unreadable document", []*pb.Write{withPrecondition(exists(true), verify("secrets/s"))}, denied},
		{"verify an unreadable missing document", []*pb.Write{withPrecondition(exists(true), verify("secrets/x"))}, denied},
		{"verify needs no write permission", []*pb.Write{withPrecondition(exists(true), verify("notes/a2")), set("notes/a", "ann", 2, false)}, ok},
		{"verify with a denied write", []*pb.Write{verify("notes/a"), set("notes/b", "bob", 2, false)}, denied},
		{"verify an old version", []*pb.Write{withPrecondition(updatedAt(time.Unix(1, 0)), verify("notes/a"))}, codes.FailedPrecondition},
		{"verify an old version of someone else's", []*pb.Write{withPrecondition(updatedAt(time.Unix(1, 0)), verify("notes/b"))}, denied},

		{"create existing", []*pb.Write{withPrecondition(exists(false), set("notes/a", "ann", 1, true))}, codes.AlreadyExists},
		{"create someone else's existing", []*pb.Write{withPrecondition(exists(false), set("notes/b", "ann", 1, true))}, denied},
		{"create existing, by update time", []*pb.Write{withPrecondition(updatedAt(time.Unix(0, 0)), set("notes/a", "ann", 1, true))}, codes.FailedPrecondition},
		{"update missing", []*pb.Write{withPrecondition(exists(true), add("notes/x", 1))}, codes.NotFound},
		{"update an unreadable missing document", []*pb.Write{withPrecondition(exists(true), add("secrets/x", 1))}, denied},
		{"write an unreadable document", []*pb.Write{add("secrets/s", 1)}, ok},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := start(t, withRules(notesRules))
			seedNotes(t, c)
			before := contents(t, c, rulesProject)
			err := commit(t.Context(), pb.NewFirestoreClient(c.connAs(t, header(t, "ann"))), tc.writes...)
			if status.Code(err) != tc.want {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if after := contents(t, c, rulesProject); tc.want != ok && !slices.Equal(before, after) {
				t.Errorf("the denied commit had an effect:\nwas %q\nis  %q", before, after)
			}
		})
	}
}

func stamped(data map[string]any) map[string]any {
	data["createdAt"], data["updatedAt"] = firestore.ServerTimestamp, firestore.ServerTimestamp
	return data
}

// TestUsernameAttacks tries to steal usernames under the rules of the timetable example. It is long
// because each attack is a row of its table.
func TestUsernameAttacks(t *testing.T) {
	text, err := os.ReadFile("../rules/testdata/timetable.rules")
	if err != nil {
		t.Fatal(err)
	}
	user := func(fs *firestore.Client, uid string) *firestore.DocumentRef { return fs.Doc("users/" + uid) }
	index := func(fs *firestore.Client, name string) *firestore.DocumentRef {
		return fs.Doc("indices/user/usernames/" + name)
	}
	renamed := func(tx *firestore.Transaction, fs *firestore.Client, uid, name string) error {
		return tx.Update(user(fs, uid), []firestore.Update{{Path: "username", Value: name}, {Path: "updatedAt", Value: firestore.ServerTimestamp}})
	}
	claims := func(uid string) map[string]any { return map[string]any{"value": uid} }
	const ok, denied = codes.OK, codes.PermissionDenied
	for _, tc := range []struct {
		name string
		as   string
		do   func(*firestore.Transaction, *firestore.Client) []error
		want codes.Code
	}{
		{"change own name", "ann", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{renamed(tx, fs, "ann", "anna"), tx.Delete(index(fs, "annie")), tx.Set(index(fs, "anna"), claims("ann"))}
		}, ok},
		{"leave the old name behind", "ann", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{renamed(tx, fs, "ann", "anna"), tx.Set(index(fs, "anna"), claims("ann"))}
		}, denied},
		{"take a taken name", "ann", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{renamed(tx, fs, "ann", "bobby"), tx.Delete(index(fs, "annie")), tx.Set(index(fs, "bobby"), claims("ann"))}
		}, denied},
		{"delete a taken name and create it", "ann", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{renamed(tx, fs, "ann", "bobby"), tx.Delete(index(fs, "annie")), tx.Delete(index(fs, "bobby")), tx.Create(index(fs, "bobby"), claims("ann"))}
		}, denied},
		{"swap two users' names", "ann", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{renamed(tx, fs, "ann", "bobby"), renamed(tx, fs, "bob", "annie"), tx.Set(index(fs, "bobby"), claims("ann")), tx.Set(index(fs, "annie"), claims("bob"))}
		}, denied},
		{"a user without the name", "carl", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{tx.Set(user(fs, "carl"), stamped(map[string]any{"username": "carl"}))}
		}, denied},
		{"a name without the user", "carl", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{tx.Set(index(fs, "carl"), claims("carl"))}
		}, denied},
		{"both", "carl", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{tx.Set(index(fs, "carl"), claims("carl")), tx.Set(user(fs, "carl"), stamped(map[string]any{"username": "carl"}))}
		}, ok},
		{"both, for someone else", "carl", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{tx.Set(index(fs, "dora"), claims("dora")), tx.Set(user(fs, "dora"), stamped(map[string]any{"username": "dora"}))}
		}, denied},
		{"two names for one user", "carl", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{tx.Set(index(fs, "carl"), claims("carl")), tx.Set(index(fs, "karl"), claims("carl")), tx.Set(user(fs, "carl"), stamped(map[string]any{"username": "carl"}))}
		}, denied},
		{"drop own name", "ann", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{tx.Delete(index(fs, "annie"))}
		}, denied},
		{"drop own name and claim it again", "ann", func(tx *firestore.Transaction, fs *firestore.Client) []error {
			return []error{tx.Delete(index(fs, "annie")), tx.Create(index(fs, "annie"), claims("ann"))}
		}, denied},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := start(t, withRules(string(text)))
			if err := database(t, c, rulesProject).Seed(map[string]map[string]any{
				"users/ann": {"username": "annie", "createdAt": time.Unix(1, 0), "updatedAt": time.Unix(1, 0)}, "indices/user/usernames/annie": {"value": "ann"},
				"users/bob": {"username": "bobby", "createdAt": time.Unix(1, 0), "updatedAt": time.Unix(1, 0)}, "indices/user/usernames/bobby": {"value": "bob"},
			}); err != nil {
				t.Fatal(err)
			}
			before := contents(t, c, rulesProject)
			fs := c.clientAs(t, tc.as)
			err := fs.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
				for _, err := range tc.do(tx, fs) {
					if err != nil {
						return err
					}
				}
				return nil
			})
			if status.Code(err) != tc.want {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if after := contents(t, c, rulesProject); tc.want != ok && !slices.Equal(before, after) {
				t.Errorf("the denied commit had an effect:\nwas %q\nis  %q", before, after)
			}
		})
	}
}

// Reads by rules are counted, and stop at Google's limits.
func TestDocumentReadsOfRules(t *testing.T) {
	many := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("!exists(/databases/$(d)/documents/x/$(id + '%d'))", i))
		}
		return strings.Join(all, " && ")
	}
	c := start(t, withRules("rules_version = '2';\nservice cloud.firestore { match /databases/{d}/documents {\n"+
		"match /five/{id} { allow read, write: if "+many(5)+"; }\n"+
		"match /ten/{id} { allow read, write: if "+many(10)+"; }\n"+
		"match /eleven/{id} { allow read, write: if "+many(11)+"; } } }"))
	fs := pb.NewFirestoreClient(c.connAs(t, ""))
	get := func(paths ...string) error {
		r := &pb.BatchGetDocumentsRequest{Database: rawDB}
		for _, p := range paths {
			r.Documents = append(r.Documents, root+"/"+p)
		}
		return drain(fs.BatchGetDocuments(t.Context(), r))
	}
	const ok, denied = codes.OK, codes.PermissionDenied
	for _, tc := range []struct {
		name  string
		err   error
		want  codes.Code
		calls uint64
	}{
		{"one write, ten reads", commit(t.Context(), fs, set("ten/a", "", 1, false)), ok, 10},
		{"one write, eleven", commit(t.Context(), fs, set("eleven/a", "", 1, false)), denied, 10},
		{"two writes, twenty", commit(t.Context(), fs, set("ten/b", "", 1, false), set("ten/c", "", 1, false)), ok, 20},
		{"one of two writes, eleven", commit(t.Context(), fs, set("eleven/a", "", 1, false), set("ten/c", "", 1, false)), denied, 10},
		{"three writes, twenty-five", commit(t.Context(), fs, set("ten/b", "", 1, false), set("ten/c", "", 1, false), set("five/a", "", 1, false)), denied, 20},
		{"the same document twice", commit(t.Context(), fs, set("ten/b", "", 1, false), set("ten/b", "", 2, false)), ok, 10},
		{"one get, ten", get("ten/x"), ok, 10},
		{"two gets, twenty", get("ten/x", "ten/y"), ok, 20},
		{"three gets, twenty-five", get("ten/x", "ten/y", "five/z"), denied, 20},
	} {
		if status.Code(tc.err) != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, tc.err, tc.want)
		}
	}
	want := uint64(0)
	for _, n := range []uint64{10, 10, 20, 10, 20, 10, 10, 20, 20} {
		want += n
	}
	if got := c.RulesReads(rulesProject); got != want {
		t.Errorf("rules read %d documents, want %d", got, want)
	}
	if e := c.Evaluations(rulesProject); !strings.Contains(e[0].Denial.String(), "Too many access calls") {
		t.Errorf("the denial says %s", e[0].Denial)
	}
}

func TestTransactionsUnderRules(t *testing.T) {
	c := start(t, withRules(notesRules))
	seedNotes(t, c)
	fs := c.clientAs(t, "ann")
	increment := func(path string) error {
		return fs.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
			d, err := tx.Get(fs.Doc(path))
			if err != nil {
				return err
			}
			return tx.Update(d.Ref, []firestore.Update{{Path: "n", Value: d.Data()["n"].(int64) + 1}})
		})
	}
	if err := increment("notes/a"); err != nil {
		t.Errorf("own document: %v", err)
	}
	if err := increment("notes/b"); status.Code(err) != codes.PermissionDenied {
		t.Errorf("someone else's document: %v", err)
	}
	// A denied transaction releases its locks.
	err := fs.RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
		if _, err := tx.Get(fs.Doc("notes/a")); err != nil {
			return err
		}
		return tx.Set(fs.Doc("notes/a"), map[string]any{"owner": "ann", "n": 100})
	})
	if status.Code(err) != codes.PermissionDenied {
		t.Errorf("forbidden update: %v", err)
	}
	if err := increment("notes/a"); err != nil {
		t.Errorf("update after a denied transaction: %v", err)
	}
}

// Rules see a read in the past on the state of that time.
func TestReadsOfThePastUnderRules(t *testing.T) {
	c := start(t, withRules(notesRules))
	seedNotes(t, c)
	db := database(t, c, rulesProject)
	then, _ := db.Get("notes/a")
	if err := db.Seed(map[string]map[string]any{"notes/a": {"owner": "bob", "n": 1}}); err != nil {
		t.Fatal(err)
	}
	fs := pb.NewFirestoreClient(c.connAs(t, header(t, "ann")))
	for want, r := range map[codes.Code]*pb.GetDocumentRequest{
		codes.PermissionDenied: {},
		codes.OK:               {ConsistencySelector: &pb.GetDocumentRequest_ReadTime{ReadTime: timestamppb.New(then.Updated)}},
	} {
		r.Name = root + "/notes/a"
		if _, err := fs.GetDocument(t.Context(), r); status.Code(err) != want {
			t.Errorf("at %v: got %v, want %v", r.GetReadTime(), err, want)
		}
	}
}

// A denied read that begins a transaction leaves no locks: the client never learns the id of the
// transaction, so it could not end it.
func TestDeniedReadsHoldNoLocks(t *testing.T) {
	c := start(t, withRules(notesRules), func(c *emulator.Config) { c.LockWait = 50 * time.Millisecond })
	seedNotes(t, c)
	ann, server := pb.NewFirestoreClient(c.connAs(t, header(t, "ann"))), pb.NewFirestoreClient(c.connAs(t, "Bearer owner"))
	fresh := &pb.TransactionOptions{}
	for name, err := range map[string]error{
		"batch get": drain(ann.BatchGetDocuments(t.Context(), &pb.BatchGetDocumentsRequest{
			Database: rawDB, Documents: []string{root + "/notes/b"},
			ConsistencySelector: &pb.BatchGetDocumentsRequest_NewTransaction{NewTransaction: fresh},
		})),
		"query": drain(ann.RunQuery(t.Context(), &pb.RunQueryRequest{
			Parent: root, QueryType: &pb.RunQueryRequest_StructuredQuery{StructuredQuery: queryOf("notes", 10, ownedBy("bob"))},
			ConsistencySelector: &pb.RunQueryRequest_NewTransaction{NewTransaction: fresh},
		})),
	} {
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("%s: got %v, want PERMISSION_DENIED", name, err)
		}
	}
	if err := commit(t.Context(), server, set("notes/b", "bob", 5, false)); err != nil {
		t.Errorf("commit after the denied reads: %v", err)
	}
}
