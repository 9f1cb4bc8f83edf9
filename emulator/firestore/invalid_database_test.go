package firestore_test

import (
	"net/http"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// invalidDatabases are ids that no database can have
// (https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases/create, databaseId).
var invalidDatabases = []string{"d", "db1", "Database", "1database", "data_base", "database-", "-database", "(other)",
	strings.Repeat("d", 64), "abcdef01-2345-6789-abcd-ef0123456789"}

// TestInvalidDatabase: streams for a database with an invalid id fail each write and each target, because
// SDKs would reopen a stream that fails as a whole.
func TestInvalidDatabase(t *testing.T) {
	c := start(t)
	client := pb.NewFirestoreClient(c.conn)
	for _, id := range append(invalidDatabases, "") {
		db := "projects/demo-ids/databases/" + id
		if _, err := client.Commit(t.Context(), &pb.CommitRequest{Database: db}); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%q: commit: %v", id, err)
		}
		w, err := client.Write(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.Send(&pb.WriteRequest{Database: db})
		if r, err := w.Recv(); err != nil || len(r.StreamToken) == 0 {
			t.Errorf("%q: the handshake of a write stream is %v, %v", id, r, err)
		}
		w.Send(&pb.WriteRequest{StreamToken: []byte{0}, Writes: []*pb.Write{{Operation: &pb.Write_Delete{Delete: db + "/documents/a/b"}}}})
		if _, err := w.Recv(); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%q: write: %v", id, err)
		}
		l, err := client.Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for target := range int32(2) {
			l.Send(&pb.ListenRequest{Database: db, TargetChange: &pb.ListenRequest_AddTarget{AddTarget: &pb.Target{TargetId: target + 2}}})
			r, err := l.Recv()
			change := r.GetTargetChange()
			if err != nil || change.GetTargetChangeType() != pb.TargetChange_REMOVE || change.GetTargetIds()[0] != target+2 ||
				codes.Code(change.GetCause().GetCode()) != codes.InvalidArgument {
				t.Errorf("%q: listen: %v, %v", id, r, err)
			}
		}
		l.Send(&pb.ListenRequest{Database: db, TargetChange: &pb.ListenRequest_RemoveTarget{RemoveTarget: 2}})
		if r, err := l.Recv(); err != nil || r.GetTargetChange().GetCause() != nil {
			t.Errorf("%q: remove a target: %v, %v", id, r, err)
		}
		l.CloseSend()
	}
}

// Over HTTP, a WebChannel's streams reject each target and write, and REST returns 400.
func TestInvalidDatabaseOverHTTP(t *testing.T) {
	w := startWeb(t)
	const db = "projects/demo-ids/databases/db1"
	res, err := http.Get(w.url + "/v1/" + db + "/documents/a/b")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("REST: %s", res.Status)
	}
	listen := w.channel("Listen", "", `{"database":"`+db+`","addTarget":{"targetId":2,"documents":{"documents":["`+db+`/documents/a/b"]}}}`)
	expect(t, listen.Listen(t.Context(), "CI=0"), "REMOVE [2] 3")
	writes := w.channel("Write", "", `{"database":"`+db+`"}`)
	s := writes.Listen(t.Context(), "CI=0")
	if text := s.Next(); !strings.Contains(text, "streamToken") {
		t.Errorf("the handshake of a write stream is %s", text)
	}
	writes.Send(`{"streamToken":"AA==","writes":[{"delete":"` + db + `/documents/a/b"}]}`)
	expect(t, s, "INVALID_ARGUMENT")
}
