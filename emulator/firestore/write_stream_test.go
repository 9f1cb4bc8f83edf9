package firestore_test

import (
	"context"
	"testing"

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
	if err != nil || len(first.StreamToken) == 0 || first.StreamId == "" || len(first.WriteResults) > 0 {
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
		if r.CommitTime == nil || string(r.StreamToken) == string(token) || len(tr) != 2 ||
			!tr[0].GetTimestampValue().AsTime().Equal(r.CommitTime.AsTime()) || tr[1].GetIntegerValue() != n+1 {
			t.Errorf("the response to write %d is %v", n, r)
		}
		token = r.StreamToken
	}
	if r, err := exchange(&pb.WriteRequest{StreamToken: token}); err != nil || len(r.StreamToken) == 0 {
		t.Errorf("the response to no writes is %v, %v", r, err)
	}
	bad := set(1)
	bad[0].CurrentDocument = &pb.Precondition{ConditionType: &pb.Precondition_Exists{}}
	if _, err := exchange(&pb.WriteRequest{StreamToken: token, Writes: bad}); status.Code(err) != codes.AlreadyExists {
		t.Errorf("a failed write ends the stream with %v, want ALREADY_EXISTS", err)
	}
}
