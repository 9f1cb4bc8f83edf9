package firestore_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	emulator "heek.kr/heektime/emulator/firestore"
	"heek.kr/heektime/emulator/rules"
)

// Evaluations and the log explain a denial, although the client learns nothing.
func TestDenialsAreExplained(t *testing.T) {
	var log bytes.Buffer
	c := start(t, withRules(notesRules), func(c *emulator.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	seedNotes(t, c)
	err := commit(t.Context(), pb.NewFirestoreClient(c.connAs(t, header(t, "ann"))), set("notes/a", "ann", 2, false), set("notes/b", "ann", 2, false), remove("notes/a2"))
	if status.Code(err) != codes.PermissionDenied {
		t.Fatal(err)
	}
	got := c.Evaluations(rulesProject)
	if len(got) != 2 || got[0].Allowed || !got[1].Allowed || got[0].Seq != 2 || got[1].Seq != 1 {
		t.Fatalf("got %+v, want the second write denied and, before it, the first allowed", got)
	}
	denied := got[0]
	if denied.UID != "ann" || denied.Method != rules.Update || denied.Path != "/databases/(default)/documents/notes/b" || denied.Database != "(default)" {
		t.Errorf("got %+v", denied)
	}
	if tried := denied.Denial.Tried; len(tried) != 1 || tried[0].Line != 8 || len(tried[0].Reasons) == 0 {
		t.Errorf("got %+v, want line 8 and its reasons", tried)
	}
	if granted := got[1].Granted; granted == nil || granted.Line != 8 || denied.Granted != nil {
		t.Errorf("got %+v, want the first write granted by line 8 and the second by none", granted)
	}
	for _, want := range []string{"resource.data.owner = 'bob'", "uid=ann", "line 8", "notes/b"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is missing from the log: %s", want, log.String())
		}
	}
}

// Many allowed requests do not displace the denied ones.
func TestEvaluationsAreBounded(t *testing.T) {
	c := start(t, withRules(notesRules))
	seedNotes(t, c)
	fs := pb.NewFirestoreClient(c.connAs(t, header(t, "ann")))
	for i := range 600 {
		path := "notes/a"
		if i < 3 {
			path = "notes/b"
		}
		fs.GetDocument(t.Context(), &pb.GetDocumentRequest{Name: root + "/" + path})
	}
	got := c.Evaluations(rulesProject)
	if len(got) != 256+3 {
		t.Fatalf("%d evaluations are kept, want 256 and 3", len(got))
	}
	for i, e := range got {
		want := uint64(600 - i)
		if i >= 256 {
			want = uint64(3 - (i - 256))
		}
		if e.Seq != want || e.Allowed != (want > 3) {
			t.Fatalf("evaluation %d is %+v, want Seq %d", i, e, want)
		}
	}
}

// Only a client that may run a query learns that it needs an index.
func TestDeniedQueriesDoNotMentionIndexes(t *testing.T) {
	c := start(t, withRules(notesRules), func(c *emulator.Config) { c.AllowUnindexed = false })
	q := func(uid string) *pb.StructuredQuery {
		q := queryOf("notes", 10, ownedBy(uid))
		q.OrderBy = []*pb.StructuredQuery_Order{{Field: &pb.StructuredQuery_FieldReference{FieldPath: "n"}, Direction: pb.StructuredQuery_ASCENDING}}
		return q
	}
	conn := c.connAs(t, header(t, "ann"))
	for uid, want := range map[string]codes.Code{"ann": codes.FailedPrecondition, "bob": codes.PermissionDenied} {
		fs := pb.NewFirestoreClient(conn)
		err := drain(fs.RunQuery(t.Context(), &pb.RunQueryRequest{Parent: root, QueryType: &pb.RunQueryRequest_StructuredQuery{StructuredQuery: q(uid)}}))
		if status.Code(err) != want {
			t.Errorf("query %s's: got %v, want %v", uid, err, want)
		}
		w := watchOn(t, conn)
		w.add(&pb.Target{TargetId: 1, TargetType: &pb.Target_Query{Query: &pb.Target_QueryTarget{
			Parent: listenDB + "/documents", QueryType: &pb.Target_QueryTarget_StructuredQuery{StructuredQuery: q(uid)},
		}}})
		w.expect(fmt.Sprintf("REMOVE 1 %v", want))
	}
}
