package firestore_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"heek.kr/heektime/emulator/auth/token"
	emulator "heek.kr/heektime/emulator/firestore"
)

// Tests with rules use the project of rawDB.
const (
	rulesProject = "demo-tx"
	root         = rawDB + "/documents"
)

// notesRules are rules whose every branch is easy to see.
const notesRules = `rules_version = '2';
service cloud.firestore {
  match /databases/{d}/documents {
    match /notes/{id} {
      allow get: if resource == null || resource.data.owner == request.auth.uid;
      allow list: if resource.data.owner == request.auth.uid && request.query.limit <= 10;
      allow create: if request.resource.data.owner == request.auth.uid && request.resource.data.at == request.time;
      allow update: if resource.data.owner == request.auth.uid && request.resource.data.owner == resource.data.owner
        && request.resource.data.n == resource.data.n + 1;
      allow delete: if resource.data.owner == request.auth.uid;
    }
    match /{path=**}/comments/{id} {
      allow list: if resource.data.public == true;
    }
    match /secrets/{id} {
      allow write: if request.auth.uid == 'ann';
    }
    match /pages/{id} {
      allow list: if request.query.limit <= 5;
    }
    match /gone/{id} {
      allow delete: if resource == null;
    }
    match /admins/{id} {
      allow read: if request.auth.token.admin == true && request.auth.token.roles[0] == 'boss';
    }
  }
}`

func withRules(text string) func(*emulator.Config) {
	return func(c *emulator.Config) {
		c.Rules, c.AllowUnindexed, c.Logger = []byte(text), true, slog.New(slog.DiscardHandler)
	}
}

// authorization is a fixed Authorization header as gRPC credentials.
type authorization string

func (a authorization) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if a == "" {
		return nil, nil
	}
	return map[string]string{"authorization": string(a)}, nil
}

func (authorization) RequireTransportSecurity() bool { return false }

// connAs returns a connection with an Authorization header, "" for none.
func (c *cloud) connAs(t testing.TB, header string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(c.addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(authorization(header)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// clientAs returns the official client signed in as a user, "" for nobody and "owner" for a server.
func (c *cloud) clientAs(t testing.TB, uid string) *firestore.Client {
	t.Helper()
	fs, err := firestore.NewClient(t.Context(), rulesProject, option.WithGRPCConn(c.connAs(t, header(t, uid))))
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

// header returns the Authorization header of a user, "" for nobody and "owner" for a server.
func header(t testing.TB, uid string) string {
	switch uid {
	case "":
		return ""
	case "owner":
		return "Bearer owner"
	}
	return bearer(t, map[string]any{"sub": uid, "user_id": uid, "aud": "another-project", "iat": 0, "exp": 3600})
}

// bearer returns the Authorization header for an unsigned token.
func bearer(t testing.TB, claims map[string]any) string {
	t.Helper()
	raw, err := token.Encode(claims)
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + raw
}

func seedNotes(t testing.TB, c *cloud) {
	t.Helper()
	db, err := c.Database(rulesProject, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	err = db.Seed(map[string]map[string]any{
		"notes/a": {"owner": "ann", "n": 1}, "notes/a2": {"owner": "ann", "n": 1}, "notes/b": {"owner": "bob", "n": 1},
		"notes/a/comments/1": {"public": true}, "secrets/s": {"n": 1}, "admins/x": {"n": 1},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func ownedBy(uid string) *pb.StructuredQuery_Filter {
	return equals("owner", &pb.Value{ValueType: &pb.Value_StringValue{StringValue: uid}})
}

func equals(field string, v *pb.Value) *pb.StructuredQuery_Filter {
	return &pb.StructuredQuery_Filter{FilterType: &pb.StructuredQuery_Filter_FieldFilter{FieldFilter: &pb.StructuredQuery_FieldFilter{
		Field: &pb.StructuredQuery_FieldReference{FieldPath: field}, Op: pb.StructuredQuery_FieldFilter_EQUAL, Value: v,
	}}}
}

func queryOf(collection string, limit int32, where *pb.StructuredQuery_Filter) *pb.StructuredQuery {
	q := &pb.StructuredQuery{From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: collection}}, Where: where}
	if limit > 0 {
		q.Limit = wrapperspb.Int32(limit)
	}
	return q
}

// drain reads a stream to its end and returns its error.
func drain[T any](stream interface{ Recv() (T, error) }, err error) error {
	for err == nil {
		_, err = stream.Recv()
	}
	if err == io.EOF {
		return nil
	}
	return err
}

func note(owner string, n int64) map[string]*pb.Value {
	return map[string]*pb.Value{
		"owner": {ValueType: &pb.Value_StringValue{StringValue: owner}}, "n": {ValueType: &pb.Value_IntegerValue{IntegerValue: n}},
	}
}

// set returns a write that sets a note. Creating one requires stamped, which sets at to the
// server's time.
func set(path, owner string, n int64, stamped bool) *pb.Write {
	w := &pb.Write{Operation: &pb.Write_Update{Update: &pb.Document{Name: root + "/" + path, Fields: note(owner, n)}}}
	if stamped {
		w.UpdateTransforms = []*pb.DocumentTransform_FieldTransform{{
			FieldPath: "at", TransformType: &pb.DocumentTransform_FieldTransform_SetToServerValue{SetToServerValue: pb.DocumentTransform_FieldTransform_REQUEST_TIME},
		}}
	}
	return w
}

func remove(path string) *pb.Write {
	return &pb.Write{Operation: &pb.Write_Delete{Delete: root + "/" + path}}
}

func commit(ctx context.Context, fs pb.FirestoreClient, writes ...*pb.Write) error {
	_, err := fs.Commit(ctx, &pb.CommitRequest{Database: rawDB, Writes: writes})
	return err
}

// TestEveryMethodIsAuthorized calls every method as several callers. It is long because each case
// is a row of its table.
func TestEveryMethodIsAuthorized(t *testing.T) {
	isPublic := equals("public", &pb.Value{ValueType: &pb.Value_BooleanValue{BooleanValue: true}})
	everything := &pb.StructuredQuery{From: []*pb.StructuredQuery_CollectionSelector{{AllDescendants: true}}}
	const ok, denied, missing, unauthenticated = codes.OK, codes.PermissionDenied, codes.NotFound, codes.Unauthenticated
	admin := bearer(t, map[string]any{"user_id": "root", "admin": true, "roles": []string{"boss"}})
	for _, tc := range []struct {
		name   string
		header string
		call   call
		want   codes.Code
	}{
		{"get own", header(t, "ann"), get("notes/a"), ok},
		{"get someone else's", header(t, "ann"), get("notes/b"), denied},
		{"get signed out", "", get("notes/b"), denied},
		{"get as owner", "Bearer owner", get("notes/b"), ok},
		{"get missing", header(t, "ann"), get("notes/x"), missing},
		{"get missing, denied", header(t, "ann"), get("secrets/x"), denied},
		{"get without a matching rule", header(t, "ann"), get("other/x"), denied},
		{"get with claims", admin, get("admins/x"), ok},
		{"get without the claims", header(t, "root"), get("admins/x"), denied},
		{"garbage", "Bearer garbage", get("notes/a"), unauthenticated},
		{"no token", "Bearer", get("notes/a"), unauthenticated},
		{"another scheme", "Basic b3duZXI=", get("notes/a"), unauthenticated},
		{"a signed token", jwt("RS256"), get("notes/a"), unauthenticated},
		{"an unsigned token", jwt("none"), get("notes/a"), ok},
		{"a token without uid", bearer(t, map[string]any{"admin": true}), get("admins/x"), unauthenticated},
		{"an empty uid", bearer(t, map[string]any{"sub": ""}), get("notes/a"), unauthenticated},

		{"batch get", header(t, "ann"), batchGet("notes/a", "notes/a2", "notes/x"), ok},
		{"batch get with someone else's", header(t, "ann"), batchGet("notes/a", "notes/b"), denied},
		{"batch get as owner", "Bearer owner", batchGet("notes/a", "notes/b"), ok},

		{"list a page, denied", header(t, "ann"), list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "notes", PageSize: 5}), denied},
		{"list a small page", "", list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "pages", PageSize: 5}), ok},
		{"list a page over the limit", "", list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "pages", PageSize: 6}), denied},
		{"list a page without limit", "", list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "pages"}), denied},
		{"list as owner", "Bearer owner", list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "notes", PageSize: 5}), ok},
		{"list with claims", admin, list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "admins"}), ok},
		{"list missing documents, denied", header(t, "ann"), list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "notes", ShowMissing: true}), denied},
		{"list missing documents, denied even if the rules allow to list", admin, list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "admins", ShowMissing: true}), denied},
		{"list missing documents as owner", "Bearer owner", list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "admins", ShowMissing: true}), ok},
		{"list all collections", admin, list(&pb.ListDocumentsRequest{Parent: root}), denied},
		{"list all collections as owner", "Bearer owner", list(&pb.ListDocumentsRequest{Parent: root}), ok},
		{"list collection ids", admin, listIDs, denied},
		{"list collection ids as owner", "Bearer owner", listIDs, ok},

		{"query", header(t, "ann"), run(queryOf("notes", 10, ownedBy("ann"))), ok},
		{"query without limit", header(t, "ann"), run(queryOf("notes", 0, ownedBy("ann"))), denied},
		{"query with a limit too high", header(t, "ann"), run(queryOf("notes", 11, ownedBy("ann"))), denied},
		{"query someone else's", header(t, "ann"), run(queryOf("notes", 10, ownedBy("bob"))), denied},
		{"query everyone's", header(t, "ann"), run(queryOf("notes", 10, nil)), denied},
		{"query as owner", "Bearer owner", run(queryOf("notes", 0, nil)), ok},
		{"query a collection group", "", run(groupQuery(isPublic)), ok},
		{"query an unfiltered collection group", "", run(groupQuery(nil)), denied},
		{"query all collections", admin, run(everything), denied},
		{"query all collections as owner", "Bearer owner", run(everything), ok},
		{"count", header(t, "ann"), count(queryOf("notes", 10, ownedBy("ann"))), ok},
		{"count someone else's", header(t, "ann"), count(queryOf("notes", 10, ownedBy("bob"))), denied},
		{"partition", header(t, "ann"), partition, denied},
		{"partition as owner", "Bearer owner", partition, ok},

		{"create", header(t, "ann"), commitOf(set("notes/new", "ann", 1, true)), ok},
		{"create without the server's time", header(t, "ann"), commitOf(set("notes/new", "ann", 1, false)), denied},
		{"create for someone else", header(t, "ann"), commitOf(set("notes/new", "bob", 1, true)), denied},
		{"set existing is an update", header(t, "ann"), commitOf(set("notes/a", "ann", 2, false)), ok},
		{"update someone else's", header(t, "ann"), commitOf(set("notes/b", "bob", 2, false)), denied},
		{"give to someone else", header(t, "ann"), commitOf(set("notes/a", "bob", 2, false)), denied},
		{"delete", header(t, "ann"), commitOf(remove("notes/a")), ok},
		{"delete someone else's", header(t, "ann"), commitOf(remove("notes/b")), denied},
		{"delete missing", header(t, "ann"), commitOf(remove("notes/x")), denied},
		{"delete missing, allowed", "", commitOf(remove("gone/x")), ok},
		{"write as owner", "Bearer owner", commitOf(set("notes/b", "bob", 9, false)), ok},
		{"write stream", header(t, "ann"), writeStream(set("notes/a", "ann", 2, false)), ok},
		{"write stream, denied", header(t, "ann"), writeStream(set("notes/b", "bob", 2, false)), denied},
		{"write stream with garbage", "Bearer x", writeStream(set("notes/a", "ann", 2, false)), unauthenticated},
		{"batch write", header(t, "ann"), batchWrite(), denied},
		{"batch write signed out", "", batchWrite(), denied},
		{"batch write with an invalid token", "Bearer x", batchWrite(), codes.Unauthenticated},
		{"batch write as owner", "Bearer owner", batchWrite(ok, ok, ok), ok},
		{"batch write with an access token", "Bearer ya29.x", batchWrite(ok, ok, ok), ok},
		{"create document", header(t, "ann"), create("ann"), ok},
		{"create document, denied", header(t, "bob"), create("ann"), denied},
		{"update document", header(t, "ann"), update("notes/a", 2), ok},
		{"update document, denied", header(t, "ann"), update("notes/a", 3), denied},
		{"delete document", header(t, "ann"), del("notes/a"), ok},
		{"delete document, denied", header(t, "ann"), del("notes/b"), denied},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := start(t, withRules(notesRules))
			seedNotes(t, c)
			err := tc.call(t.Context(), pb.NewFirestoreClient(c.connAs(t, tc.header)))
			if status.Code(err) != tc.want {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			if tc.want == denied && status.Convert(err).Message() != "Missing or insufficient permissions." {
				t.Errorf("the client's message is %q", status.Convert(err).Message())
			}
			if tc.want == denied {
				if e := c.Evaluations(rulesProject); len(e) == 0 || e[0].Denial == nil || e[0].Allowed {
					t.Errorf("the denial was not recorded: %+v", e)
				}
			}
		})
	}
}

// A server that accepts signed tokens does so over gRPC, REST and WebChannel.
func TestSignedTokens(t *testing.T) {
	w := startWeb(t, withRules(notesRules), func(c *emulator.Config) { c.AcceptSignedTokens = true })
	seedNotes(t, w.cloud)
	ann := jwt("RS256")
	if err := get("notes/a")(t.Context(), pb.NewFirestoreClient(w.connAs(t, ann))); err != nil {
		t.Errorf("gRPC: %v", err)
	}
	if r := w.do("GET", "/v1/"+root+"/notes/a", ann, ""); r.status != 200 {
		t.Errorf("REST: %d %s", r.status, r.body)
	}
	l := w.channel("Listen", ann, `{"database":"`+rawDB+`","addTarget":{"targetId":2,"documents":{"documents":["`+root+`/notes/a"]}}}`)
	if got := kinds(l.Listen(t.Context(), "CI=0").Messages(2)); got[1] != "document" {
		t.Errorf("WebChannel: %q", got)
	}
}

// Without rules, every request is allowed and tokens are ignored.
func TestWithoutRules(t *testing.T) {
	c := start(t, unindexed)
	seedNotes(t, c)
	for _, h := range []string{"", "Bearer garbage", header(t, "ann"), "Bearer owner"} {
		if err := commit(t.Context(), pb.NewFirestoreClient(c.connAs(t, h)), set("notes/b", "eve", 1, false)); err != nil {
			t.Errorf("%q: %v", h, err)
		}
	}
	if e := c.Evaluations(rulesProject); len(e) > 0 || c.Coverage(rulesProject) != nil {
		t.Errorf("evaluated %v without rules", e)
	}
}

func TestSetRules(t *testing.T) {
	allow := func(condition string) []byte {
		return []byte("rules_version = '2';\nservice cloud.firestore { match /databases/{d}/documents/{p=**} { allow read: if " + condition + "; } }")
	}
	c := start(t, func(c *emulator.Config) { c.Logger = slog.New(slog.DiscardHandler) })
	can := func(project string) codes.Code {
		_, err := pb.NewFirestoreClient(c.connAs(t, header(t, "ann"))).GetDocument(t.Context(), &pb.GetDocumentRequest{Name: "projects/" + project + "/databases/(default)/documents/a/b"})
		return status.Code(err)
	}
	want := func(step string, one, other codes.Code) {
		t.Helper()
		if a, b := can("demo-one"), can("demo-other"); a != one || b != other {
			t.Errorf("%s: got %v and %v, want %v and %v", step, a, b, one, other)
		}
	}
	const ok, denied = codes.NotFound, codes.PermissionDenied
	set := func(project, condition string) {
		t.Helper()
		if _, err := c.SetRules(project, allow(condition)); err != nil {
			t.Fatal(err)
		}
	}
	want("no rules", ok, ok)
	set("", "request.auth.uid == 'bob'")
	want("rules for all projects", denied, denied)
	set("demo-one", "request.auth.uid == 'ann'")
	want("rules for one project", ok, denied)
	set("", "request.auth.uid == 'ann' || request.auth.uid == 'bob'")
	want("new rules for all projects", ok, ok)
	set("demo-one", "request.auth.uid == 'carl'")
	want("new rules for one project", denied, ok)
	if text, has := c.Rules("demo-one"); !has || text != string(allow("request.auth.uid == 'carl'")) {
		t.Errorf("the rules are %q", text)
	}
	_, err := c.SetRules("demo-one", []byte("service cloud.firestore {\n  match /a/{b} { allow read: iff true; }\n}"))
	if err == nil || !strings.Contains(err.Error(), "firestore.rules:2:30") {
		t.Errorf("got %v, want line and column", err)
	}
	want("rules with an error", denied, ok)
	c.DropRules("demo-one")
	want("dropped for one project", ok, ok)
	c.DropRules("")
	if _, err := emulator.New(emulator.Config{Clock: c.clock, Rules: []byte("nonsense")}); err == nil {
		t.Error("New accepts invalid rules")
	}
	warnings, err := c.SetRules("", allow("true"))
	if err != nil || len(warnings) == 0 {
		t.Errorf("rules that allow everything: %v, %v, want a warning", warnings, err)
	}
}

func TestCoverage(t *testing.T) {
	c := start(t, withRules(notesRules))
	seedNotes(t, c)
	ann := c.clientAs(t, "ann")
	for _, path := range []string{"notes/a", "notes/b"} {
		ann.Doc(path).Get(t.Context())
	}
	var out strings.Builder
	if err := c.Coverage(rulesProject).WriteText(&out); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.Contains(line, "resource == null || resource.data.owner == request.auth.uid") {
			if !strings.Contains(line, "true 1") || !strings.Contains(line, "false 1") {
				t.Errorf("got %q, want it once true and once false", line)
			}
			return
		}
	}
	t.Errorf("the condition is missing from\n%s", out.String())
}
