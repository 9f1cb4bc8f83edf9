package firestore_test

import (
	"context"
	"io"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestWriteStream(t *testing.T) {
	c := start(t)
	ctx := context.Background()
	s, err := pb.NewFirestoreClient(c.conn).Write(ctx)
	if err != nil {
		t.Fatal(err)
	}
	exchange := func(r *pb.WriteRequest) (*pb.WriteResponse, error) {
		t.Helper()
		if err := s.Send(r); err != nil {
			t.Fatal(err)
		}
		return s.Recv()
	}
	first, err := exchange(&pb.WriteRequest{Database: listenDB})
	if err != nil || len(first.StreamToken) == 0 || first.StreamId == "" || len(first.WriteResults) > 0 || first.CommitTime != nil {
		t.Fatalf("the response to the handshake is %v, %v", first, err)
	}
	set := func(n int64) []*pb.Write {
		return []*pb.Write{{
			Operation: &pb.Write_Update{Update: &pb.Document{
				Name: listenDB + "/documents/a/x", Fields: map[string]*pb.Value{"n": {ValueType: &pb.Value_IntegerValue{IntegerValue: n}}},
			}},
			UpdateTransforms: []*pb.DocumentTransform_FieldTransform{
				{FieldPath: "at", TransformType: &pb.DocumentTransform_FieldTransform_SetToServerValue{SetToServerValue: pb.DocumentTransform_FieldTransform_REQUEST_TIME}},
				{FieldPath: "n", TransformType: &pb.DocumentTransform_FieldTransform_Increment{Increment: &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: 1}}}},
			},
		}}
	}
	token := first.StreamToken
	for n := range int64(3) {
		r, err := exchange(&pb.WriteRequest{StreamToken: token, Writes: set(n)})
		if err != nil {
			t.Fatal(err)
		}
		tr := r.GetWriteResults()[0].GetTransformResults()
		if r.CommitTime == nil || r.StreamId != "" || string(r.StreamToken) == string(token) || len(tr) != 2 ||
			!tr[0].GetTimestampValue().AsTime().Equal(r.CommitTime.AsTime().Truncate(time.Millisecond)) || tr[1].GetIntegerValue() != n+1 {
			t.Errorf("the response to write %d is %v", n, r)
		}
		token = r.StreamToken
	}
	bad := set(1)
	bad[0].CurrentDocument = &pb.Precondition{ConditionType: &pb.Precondition_Exists{}}
	if _, err := exchange(&pb.WriteRequest{StreamToken: token, Writes: bad}); status.Code(err) != codes.AlreadyExists {
		t.Errorf("a failed write ends the stream with %v, want ALREADY_EXISTS", err)
	}
}

// What ends a write stream.
func TestWriteStreamEnds(t *testing.T) {
	c := start(t)
	write := []*pb.Write{{Operation: &pb.Write_Delete{Delete: listenDB + "/documents/a/x"}}}
	for _, tc := range []struct {
		name     string
		requests []*pb.WriteRequest
		answers  int
		code     codes.Code // OK: the stream ends without an error
	}{
		{"a request without writes", []*pb.WriteRequest{{Database: listenDB}, {Writes: write}, {StreamToken: []byte("x")}}, 3, codes.OK},
		{"a request without writes, first", []*pb.WriteRequest{{Database: listenDB}, {}}, 2, codes.OK},
		{"the same database again", []*pb.WriteRequest{{Database: listenDB}, {Database: listenDB, Writes: write}, {}}, 3, codes.OK},
		{"another database", []*pb.WriteRequest{{Database: listenDB}, {Database: "projects/other/databases/(default)", Writes: write}}, 1, codes.InvalidArgument},
		{"another database, without writes", []*pb.WriteRequest{{Database: listenDB}, {Database: "projects/other/databases/(default)"}}, 1, codes.InvalidArgument},
		{"writes in the first request", []*pb.WriteRequest{{Database: listenDB, Writes: write}}, 0, codes.InvalidArgument},
		{"a stream's id in the first request", []*pb.WriteRequest{{Database: listenDB, StreamId: "1"}}, 0, codes.InvalidArgument},
		{"a token in the first request", []*pb.WriteRequest{{Database: listenDB, StreamToken: []byte("1")}}, 0, codes.InvalidArgument},
		{"no database", []*pb.WriteRequest{{}}, 0, codes.InvalidArgument},
		{"a write to another database", []*pb.WriteRequest{{Database: listenDB}, {Writes: []*pb.Write{
			{Operation: &pb.Write_Delete{Delete: "projects/other/databases/(default)/documents/a/x"}},
		}}}, 1, codes.InvalidArgument},
	} {
		s, err := pb.NewFirestoreClient(c.conn).Write(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		answers := 0
		for _, r := range tc.requests {
			s.Send(r) // fails only after the stream has ended
			var out *pb.WriteResponse
			if out, err = s.Recv(); err != nil {
				break
			}
			if answers++; (out.StreamId != "") != (answers == 1) {
				t.Errorf("%s: response %d has the stream id %q", tc.name, answers, out.StreamId)
			}
		}
		if err == nil {
			_, err = s.Recv()
		}
		if answers != tc.answers || tc.code == codes.OK && err != io.EOF || tc.code != codes.OK && status.Code(err) != tc.code {
			t.Errorf("%s: %d answers and %v, want %d and %v", tc.name, answers, err, tc.answers, tc.code)
		}
	}
}
