package run

import (
	"context"
	"fmt"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/uuid"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
)

// maxOperations bounds the operations that are remembered, so that a long-running server does not grow.
const maxOperations = 1000

// operation returns an operation on a service that is done: with a result or, if failed is set, an
// error. The mutex is held.
func (s *Server) operation(service string, result proto.Message, failed *statuspb.Status) *longrunningpb.Operation {
	op := &longrunningpb.Operation{
		Name: fmt.Sprintf("projects/%s/locations/%s/operations/%s", part(service, 1), part(service, 3), uuid.NewString()),
		Done: true, Metadata: pack(result),
	}
	if failed != nil {
		op.Result = &longrunningpb.Operation_Error{Error: failed}
	} else {
		op.Result = &longrunningpb.Operation_Response{Response: op.Metadata}
	}
	if len(s.operations) >= maxOperations {
		clear(s.operations)
	}
	s.operations[op.Name] = op
	return op
}

// pack cannot fail for messages that came over gRPC, whose strings are valid.
func pack(m proto.Message) *anypb.Any {
	packed, err := anypb.New(m)
	if err != nil {
		panic(fmt.Sprintf("run: encoding a %T: %v", m, err))
	}
	return packed
}

// failure returns the error of an operation that left a service in this condition, or nil.
func failure(terminal *runpb.Condition) *statuspb.Status {
	if terminal.State != runpb.Condition_CONDITION_FAILED {
		return nil
	}
	return &statuspb.Status{Code: int32(codes.FailedPrecondition), Message: terminal.Message}
}

// operations implements [longrunningpb.OperationsServer].
type operations struct {
	longrunningpb.UnimplementedOperationsServer
	s *Server
}

// GetOperation returns an operation.
func (o operations) GetOperation(_ context.Context, r *longrunningpb.GetOperationRequest) (*longrunningpb.Operation, error) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	op, ok := o.s.operations[r.Name]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "Operation '%s' does not exist.", r.Name)
	}
	return op, nil
}

// WaitOperation returns an operation, all of which are done.
func (o operations) WaitOperation(ctx context.Context, r *longrunningpb.WaitOperationRequest) (*longrunningpb.Operation, error) {
	return o.GetOperation(ctx, &longrunningpb.GetOperationRequest{Name: r.Name})
}

// DeleteOperation forgets an operation.
func (o operations) DeleteOperation(_ context.Context, r *longrunningpb.DeleteOperationRequest) (*emptypb.Empty, error) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	if _, ok := o.s.operations[r.Name]; !ok {
		return nil, status.Errorf(codes.NotFound, "Operation '%s' does not exist.", r.Name)
	}
	delete(o.s.operations, r.Name)
	return &emptypb.Empty{}, nil
}
