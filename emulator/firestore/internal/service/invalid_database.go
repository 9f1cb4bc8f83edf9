package service

import (
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A stream for a database whose name is invalid, such as a database id of three letters, does not fail
// as a whole. The SDKs reopen a stream that fails before its handshake or without naming a target,
// forever: the application's writes would hang and its listeners would report that they are offline
// (handleHandshakeError and handleStreamClose in packages/firestore/src/remote/remote_store.ts of
// firebase-js-sdk). They do report the error of a write after the handshake, and of a target.

// invalidName reports whether err says that a database cannot have this name. A text that is not a
// database's name at all is a mistake in the client, and fails the stream.
func invalidName(name string, err error) bool {
	return status.Code(err) == codes.InvalidArgument && strings.HasPrefix(name, "projects/") && strings.Contains(name, "/databases/")
}

// rejectWrites accepts the handshake of a write stream and fails its first write with invalid.
func rejectWrites(invalid error, receive func() (*pb.WriteRequest, error), send func(*pb.WriteResponse) error) error {
	if err := send(&pb.WriteResponse{StreamId: "0", StreamToken: []byte{0}}); err != nil {
		return err
	}
	r, err := receive()
	if err != nil {
		return endOfStream(err)
	}
	if len(r.GetWrites()) > 0 {
		return invalid
	}
	return send(&pb.WriteResponse{StreamToken: []byte{1}})
}

// rejectTarget answers a request of a listen stream: it removes the target because of invalid.
func rejectTarget(invalid error, r *pb.ListenRequest, send func(*pb.ListenResponse) error) error {
	change := &pb.TargetChange{TargetChangeType: pb.TargetChange_REMOVE}
	switch x := r.GetTargetChange().(type) {
	case *pb.ListenRequest_AddTarget:
		change.TargetIds = []int32{x.AddTarget.GetTargetId()}
		s := status.Convert(invalid)
		change.Cause = &rpc.Status{Code: int32(s.Code()), Message: s.Message()}
	case *pb.ListenRequest_RemoveTarget:
		change.TargetIds = []int32{x.RemoveTarget}
	default:
		return invalid
	}
	return send(&pb.ListenResponse{ResponseType: &pb.ListenResponse_TargetChange{TargetChange: change}})
}
