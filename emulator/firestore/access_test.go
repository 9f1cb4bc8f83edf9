package firestore_test

import (
	"context"
	"encoding/base64"
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

// Everything under rules is in the project of rawDB.
const (
	judged = "demo-tx"
	root   = rawDB + "/documents"
)

// notes are rules whose every branch is easy to see.
const notes = `rules_version = '2';
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

// authorization is a fixed header as a credential.
type authorization string

func (a authorization) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if a == "" {
		return nil, nil
	}
	return map[string]string{"authorization": string(a)}, nil
}

func (authorization) RequireTransportSecurity() bool { return false }

// as is a connection with an Authorization header, "" for none.
func (c *cloud) as(t testing.TB, header string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(c.addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(authorization(header)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// userOf is the official client of a user, "" for nobody and "owner" for a server.
func (c *cloud) userOf(t testing.TB, uid string) *firestore.Client {
	t.Helper()
	fs, err := firestore.NewClient(t.Context(), judged, option.WithGRPCConn(c.as(t, header(t, uid))))
	if err != nil {
		t.Fatal(err)
	}
	return fs
}

// header is the Authorization header of a user.
func header(t testing.TB, uid string) string {
	switch uid {
	case "":
		return ""
	case "owner":
		return "Bearer owner"
	}
	return bearer(t, map[string]any{"sub": uid, "user_id": uid, "aud": "another-project", "iat": 0, "exp": 3600})
}

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
	db, err := c.Database(judged, "(default)")
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

// drain reads a stream to its end.
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

// set is a write that sets a note; a new one needs the server's time.
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

// TestEveryCallIsJudged makes every call as several callers.
func TestEveryCallIsJudged(t *testing.T) {
	get := func(path string) func(context.Context, pb.FirestoreClient) error {
		return func(ctx context.Context, fs pb.FirestoreClient) error {
			_, err := fs.GetDocument(ctx, &pb.GetDocumentRequest{Name: root + "/" + path})
			return err
		}
	}
	batchGet := func(paths ...string) func(context.Context, pb.FirestoreClient) error {
		return func(ctx context.Context, fs pb.FirestoreClient) error {
			r := &pb.BatchGetDocumentsRequest{Database: rawDB}
			for _, p := range paths {
				r.Documents = append(r.Documents, root+"/"+p)
			}
			return drain(fs.BatchGetDocuments(ctx, r))
		}
	}
	run := func(q *pb.StructuredQuery) func(context.Context, pb.FirestoreClient) error {
		return func(ctx context.Context, fs pb.FirestoreClient) error {
			return drain(fs.RunQuery(ctx, &pb.RunQueryRequest{Parent: root, QueryType: &pb.RunQueryRequest_StructuredQuery{StructuredQuery: q}}))
		}
	}
	count := func(q *pb.StructuredQuery) func(context.Context, pb.FirestoreClient) error {
		return func(ctx context.Context, fs pb.FirestoreClient) error {
			return drain(fs.RunAggregationQuery(ctx, &pb.RunAggregationQueryRequest{Parent: root, QueryType: &pb.RunAggregationQueryRequest_StructuredAggregationQuery{
				StructuredAggregationQuery: &pb.StructuredAggregationQuery{
					QueryType:    &pb.StructuredAggregationQuery_StructuredQuery{StructuredQuery: q},
					Aggregations: []*pb.StructuredAggregationQuery_Aggregation{{Alias: "n", Operator: &pb.StructuredAggregationQuery_Aggregation_Count_{Count: &pb.StructuredAggregationQuery_Aggregation_Count{}}}},
				},
			}}))
		}
	}
	list := func(r *pb.ListDocumentsRequest) func(context.Context, pb.FirestoreClient) error {
		return func(ctx context.Context, fs pb.FirestoreClient) error {
			_, err := fs.ListDocuments(ctx, r)
			return err
		}
	}
	writes := func(ws ...*pb.Write) func(context.Context, pb.FirestoreClient) error {
		return func(ctx context.Context, fs pb.FirestoreClient) error { return commit(ctx, fs, ws...) }
	}
	stream := func(ws ...*pb.Write) func(context.Context, pb.FirestoreClient) error {
		return func(ctx context.Context, fs pb.FirestoreClient) error {
			s, err := fs.Write(ctx)
			if err != nil {
				return err
			}
			for _, r := range []*pb.WriteRequest{{Database: rawDB}, {Writes: ws}} {
				if err := s.Send(r); err != nil {
					return err
				}
				if _, err := s.Recv(); err != nil {
					return err
				}
			}
			return s.CloseSend()
		}
	}
	batch := func(want ...codes.Code) func(context.Context, pb.FirestoreClient) error {
		return func(ctx context.Context, fs pb.FirestoreClient) error {
			r, err := fs.BatchWrite(ctx, &pb.BatchWriteRequest{Database: rawDB, Writes: []*pb.Write{
				set("notes/a", "ann", 2, false), set("notes/b", "bob", 2, false), remove("gone/x"),
			}})
			for i, s := range r.GetStatus() {
				if codes.Code(s.GetCode()) != want[i] {
					return status.Errorf(codes.Unknown, "write %d: got %v, want %v", i, s, want[i])
				}
			}
			return err
		}
	}
	create := func(owner string) func(context.Context, pb.FirestoreClient) error {
		return func(ctx context.Context, fs pb.FirestoreClient) error {
			_, err := fs.CreateDocument(ctx, &pb.CreateDocumentRequest{Parent: root, CollectionId: "secrets", DocumentId: "s2", Document: &pb.Document{Fields: note(owner, 1)}})
			return err
		}
	}
	update := func(name string, n int64) func(context.Context, pb.FirestoreClient) error {
		return func(ctx context.Context, fs pb.FirestoreClient) error {
			_, err := fs.UpdateDocument(ctx, &pb.UpdateDocumentRequest{
				Document: &pb.Document{Name: root + "/" + name, Fields: note("", n)}, UpdateMask: &pb.DocumentMask{FieldPaths: []string{"n"}},
			})
			return err
		}
	}
	del := func(path string) func(context.Context, pb.FirestoreClient) error {
		return func(ctx context.Context, fs pb.FirestoreClient) error {
			_, err := fs.DeleteDocument(ctx, &pb.DeleteDocumentRequest{Name: root + "/" + path})
			return err
		}
	}
	group := func(where *pb.StructuredQuery_Filter) *pb.StructuredQuery {
		q := queryOf("comments", 0, where)
		q.From[0].AllDescendants = true
		return q
	}
	isPublic := equals("public", &pb.Value{ValueType: &pb.Value_BooleanValue{BooleanValue: true}})
	partition := func(ctx context.Context, fs pb.FirestoreClient) error {
		q := group(nil)
		q.OrderBy = []*pb.StructuredQuery_Order{{Field: &pb.StructuredQuery_FieldReference{FieldPath: "__name__"}, Direction: pb.StructuredQuery_ASCENDING}}
		_, err := fs.PartitionQuery(ctx, &pb.PartitionQueryRequest{Parent: root, PartitionCount: 2, QueryType: &pb.PartitionQueryRequest_StructuredQuery{StructuredQuery: q}})
		return err
	}
	ids := func(ctx context.Context, fs pb.FirestoreClient) error {
		_, err := fs.ListCollectionIds(ctx, &pb.ListCollectionIdsRequest{Parent: root})
		return err
	}
	everything := &pb.StructuredQuery{From: []*pb.StructuredQuery_CollectionSelector{{AllDescendants: true}}}
	const ok, no, missing, unauthenticated = codes.OK, codes.PermissionDenied, codes.NotFound, codes.Unauthenticated
	jwt := func(alg string) string {
		return "Bearer " + base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+alg+`"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"ann"}`)) + ".c2ln"
	}
	admin := bearer(t, map[string]any{"user_id": "root", "admin": true, "roles": []string{"boss"}})
	for _, tc := range []struct {
		name   string
		header string
		do     func(context.Context, pb.FirestoreClient) error
		want   codes.Code
	}{
		{"get one's own", header(t, "ann"), get("notes/a"), ok},
		{"get another's", header(t, "ann"), get("notes/b"), no},
		{"get signed out", "", get("notes/b"), no},
		{"get as owner", "Bearer owner", get("notes/b"), ok},
		{"get what is not there", header(t, "ann"), get("notes/x"), missing},
		{"get what is not there, refused", header(t, "ann"), get("secrets/x"), no},
		{"get without a match", header(t, "ann"), get("other/x"), no},
		{"get with claims", admin, get("admins/x"), ok},
		{"get without the claims", header(t, "root"), get("admins/x"), no},
		{"garbage", "Bearer garbage", get("notes/a"), unauthenticated},
		{"no token", "Bearer", get("notes/a"), unauthenticated},
		{"another scheme", "Basic b3duZXI=", get("notes/a"), unauthenticated},
		{"a signed token", jwt("RS256"), get("notes/a"), unauthenticated},
		{"an unsigned token", jwt("none"), get("notes/a"), ok},
		{"a token of nobody", bearer(t, map[string]any{"admin": true}), get("admins/x"), unauthenticated},
		{"an empty uid", bearer(t, map[string]any{"sub": ""}), get("notes/a"), unauthenticated},

		{"batch get", header(t, "ann"), batchGet("notes/a", "notes/a2", "notes/x"), ok},
		{"batch get with another's", header(t, "ann"), batchGet("notes/a", "notes/b"), no},
		{"batch get as owner", "Bearer owner", batchGet("notes/a", "notes/b"), ok},

		{"list page", header(t, "ann"), list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "notes", PageSize: 5}), no},
		{"list a small page", "", list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "pages", PageSize: 5}), ok},
		{"list too large a page", "", list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "pages", PageSize: 6}), no},
		{"list a page of any size", "", list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "pages"}), no},
		{"list as owner", "Bearer owner", list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "notes", PageSize: 5}), ok},
		{"list with claims", admin, list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "admins"}), ok},
		{"list missing ones, refused", header(t, "ann"), list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "notes", ShowMissing: true}), no},
		{"list missing ones", admin, list(&pb.ListDocumentsRequest{Parent: root, CollectionId: "admins", ShowMissing: true}), ok},
		{"list collection ids", admin, ids, no},
		{"list collection ids as owner", "Bearer owner", ids, ok},

		{"query", header(t, "ann"), run(queryOf("notes", 10, ownedBy("ann"))), ok},
		{"query without limit", header(t, "ann"), run(queryOf("notes", 0, ownedBy("ann"))), no},
		{"query with too high a limit", header(t, "ann"), run(queryOf("notes", 11, ownedBy("ann"))), no},
		{"query another's", header(t, "ann"), run(queryOf("notes", 10, ownedBy("bob"))), no},
		{"query everybody's", header(t, "ann"), run(queryOf("notes", 10, nil)), no},
		{"query as owner", "Bearer owner", run(queryOf("notes", 0, nil)), ok},
		{"query a group", "", run(group(isPublic)), ok},
		{"query all of a group", "", run(group(nil)), no},
		{"query all collections", admin, run(everything), no},
		{"query all collections as owner", "Bearer owner", run(everything), ok},
		{"count", header(t, "ann"), count(queryOf("notes", 10, ownedBy("ann"))), ok},
		{"count another's", header(t, "ann"), count(queryOf("notes", 10, ownedBy("bob"))), no},
		{"partition", header(t, "ann"), partition, no},
		{"partition as owner", "Bearer owner", partition, ok},

		{"create", header(t, "ann"), writes(set("notes/new", "ann", 1, true)), ok},
		{"create without the server's time", header(t, "ann"), writes(set("notes/new", "ann", 1, false)), no},
		{"create for another", header(t, "ann"), writes(set("notes/new", "bob", 1, true)), no},
		{"set what exists is an update", header(t, "ann"), writes(set("notes/a", "ann", 2, false)), ok},
		{"update another's", header(t, "ann"), writes(set("notes/b", "bob", 2, false)), no},
		{"give away", header(t, "ann"), writes(set("notes/a", "bob", 2, false)), no},
		{"delete", header(t, "ann"), writes(remove("notes/a")), ok},
		{"delete another's", header(t, "ann"), writes(remove("notes/b")), no},
		{"delete what is not there", header(t, "ann"), writes(remove("notes/x")), no},
		{"delete what is not there, allowed", "", writes(remove("gone/x")), ok},
		{"write as owner", "Bearer owner", writes(set("notes/b", "bob", 9, false)), ok},
		{"write stream", header(t, "ann"), stream(set("notes/a", "ann", 2, false)), ok},
		{"write stream, refused", header(t, "ann"), stream(set("notes/b", "bob", 2, false)), no},
		{"write stream with garbage", "Bearer x", stream(set("notes/a", "ann", 2, false)), unauthenticated},
		{"write batch, each by itself", header(t, "ann"), batch(ok, no, ok), ok},
		{"write batch signed out", "", batch(no, no, ok), ok},
		{"create document", header(t, "ann"), create("ann"), ok},
		{"create document, refused", header(t, "bob"), create("ann"), no},
		{"update document", header(t, "ann"), update("notes/a", 2), ok},
		{"update document, refused", header(t, "ann"), update("notes/a", 3), no},
		{"delete document", header(t, "ann"), del("notes/a"), ok},
		{"delete document, refused", header(t, "ann"), del("notes/b"), no},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := start(t, withRules(notes))
			seedNotes(t, c)
			err := tc.do(t.Context(), pb.NewFirestoreClient(c.as(t, tc.header)))
			if status.Code(err) != tc.want {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			if tc.want == no && status.Convert(err).Message() != "Missing or insufficient permissions." {
				t.Errorf("the client is told %q", status.Convert(err).Message())
			}
			if tc.want == no {
				if j := c.Evaluations(judged); len(j) == 0 || j[0].Denial == nil || j[0].Allowed {
					t.Errorf("the refusal was not written down: %+v", j)
				}
			}
		})
	}
}

// TestWithoutRules lets everybody do everything, and looks at no token.
func TestWithoutRules(t *testing.T) {
	c := start(t, unindexed)
	seedNotes(t, c)
	for _, h := range []string{"", "Bearer garbage", header(t, "ann"), "Bearer owner"} {
		if err := commit(t.Context(), pb.NewFirestoreClient(c.as(t, h)), set("notes/b", "eve", 1, false)); err != nil {
			t.Errorf("%q: %v", h, err)
		}
	}
	if j := c.Evaluations(judged); len(j) > 0 || c.Coverage(judged) != nil {
		t.Errorf("judged %v", j)
	}
}

// TestSetRules replaces rules, of one project and of all.
func TestSetRules(t *testing.T) {
	allow := func(condition string) []byte {
		return []byte("rules_version = '2';\nservice cloud.firestore { match /databases/{d}/documents/{p=**} { allow read: if " + condition + "; } }")
	}
	c := start(t, func(c *emulator.Config) { c.Logger = slog.New(slog.DiscardHandler) })
	can := func(project string) codes.Code {
		_, err := pb.NewFirestoreClient(c.as(t, header(t, "ann"))).GetDocument(t.Context(), &pb.GetDocumentRequest{Name: "projects/" + project + "/databases/(default)/documents/a/b"})
		return status.Code(err)
	}
	want := func(step string, one, other codes.Code) {
		t.Helper()
		if a, b := can("demo-one"), can("demo-other"); a != one || b != other {
			t.Errorf("%s: got %v and %v, want %v and %v", step, a, b, one, other)
		}
	}
	const ok, no = codes.NotFound, codes.PermissionDenied
	set := func(project, condition string) {
		t.Helper()
		if _, err := c.SetRules(project, allow(condition)); err != nil {
			t.Fatal(err)
		}
	}
	want("no rules", ok, ok)
	set("", "request.auth.uid == 'bob'")
	want("rules for all", no, no)
	set("demo-one", "request.auth.uid == 'ann'")
	want("rules for one", ok, no)
	set("", "request.auth.uid == 'ann' || request.auth.uid == 'bob'")
	want("new rules for all", ok, ok)
	set("demo-one", "request.auth.uid == 'carl'")
	want("new rules for one", no, ok)
	if text, has := c.Rules("demo-one"); !has || text != string(allow("request.auth.uid == 'carl'")) {
		t.Errorf("the rules are %q", text)
	}
	_, err := c.SetRules("demo-one", []byte("service cloud.firestore {\n  match /a/{b} { allow read: iff true; }\n}"))
	if err == nil || !strings.Contains(err.Error(), "firestore.rules:2:30") {
		t.Errorf("got %v, want line and column", err)
	}
	want("rules with a mistake", no, ok)
	c.DropRules("demo-one")
	want("dropped for one", ok, ok)
	c.DropRules("")
	if _, err := emulator.New(emulator.Config{Clock: c.clock, Rules: []byte("nonsense")}); err == nil {
		t.Error("a server with rules that make no sense starts")
	}
	warnings, err := c.SetRules("", allow("true"))
	if err != nil || len(warnings) == 0 {
		t.Errorf("rules that allow everyone: %v, %v, want a warning", warnings, err)
	}
}

// TestCoverage counts what conditions came to.
func TestCoverage(t *testing.T) {
	c := start(t, withRules(notes))
	seedNotes(t, c)
	ann := c.userOf(t, "ann")
	for _, path := range []string{"notes/a", "notes/b"} {
		ann.Doc(path).Get(t.Context())
	}
	var out strings.Builder
	if err := c.Coverage(judged).WriteText(&out); err != nil {
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
	t.Errorf("the condition is missing in\n%s", out.String())
}
