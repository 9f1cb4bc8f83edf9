package dispatch

import (
	"fmt"
	"net/http"

	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
)

// Proto returns the answer as Google's APIs show it in an attempt's status.
func (a Answer) Proto() *statuspb.Status {
	switch {
	case a.OK():
		return &statuspb.Status{}
	case a.TimedOut:
		return &statuspb.Status{Code: int32(codes.DeadlineExceeded), Message: a.Text}
	case a.Status == 0:
		return &statuspb.Status{Code: int32(codes.Unavailable), Message: a.Text}
	}
	code := code(a.Status)
	return &statuspb.Status{
		Code:    int32(code),
		Message: fmt.Sprintf("HTTP status code %d", a.Status),
	}
}

// code maps an HTTP status that is not 2xx, as google/rpc/code.proto does.
func code(status int) codes.Code {
	switch status {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusNotFound:
		return codes.NotFound
	case http.StatusConflict:
		return codes.Aborted
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusNotImplemented:
		return codes.Unimplemented
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	case http.StatusGatewayTimeout:
		return codes.DeadlineExceeded
	case http.StatusInternalServerError:
		return codes.Internal
	}
	return codes.Unknown
}
