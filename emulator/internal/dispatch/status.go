package dispatch

import (
	"fmt"
	"net/http"

	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
)

// Proto returns the response as the status of an attempt in Google's APIs.
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

// code maps an HTTP status other than 2xx according to google/rpc/code.proto.
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
