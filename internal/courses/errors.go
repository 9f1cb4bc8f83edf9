package courses

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// invalid is the error for a request that is wrong: InvalidArgument.
func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// unexpected is the error for a complete response that is not a list in the adapter's format:
// FailedPrecondition.
func unexpected(format string, args ...any) error {
	return status.Errorf(codes.FailedPrecondition, format, args...)
}

// damaged is the error for a response that is incomplete or corrupt: DataLoss.
func damaged(format string, args ...any) error {
	return status.Errorf(codes.DataLoss, format, args...)
}

// unavailable is the error for a school that may respond to a retry: Unavailable.
func unavailable(format string, args ...any) error {
	return status.Errorf(codes.Unavailable, format, args...)
}

// inPart says in which of several pages or files of a list an error occurred. It keeps the error's
// code and details.
func inPart(part string, err error) error {
	s, ok := status.FromError(err)
	if err == nil || !ok {
		return err
	}
	p := s.Proto()
	p.Message = part + ": " + p.GetMessage()
	return status.FromProto(p).Err()
}

// tooLarge is the error for a list that exceeds the service's limits: ResourceExhausted.
func tooLarge(format string, args ...any) error {
	return status.Errorf(codes.ResourceExhausted, format, args...)
}
