package transcoding

import (
	"net/http"
	"strings"

	code "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/httpjson"
)

// MarshalError returns an error as JSON, {"error": {"code", "message", "status"}}, and its HTTP status.
func MarshalError(err error) (httpStatus int, body []byte) {
	s := status.Convert(err)
	httpStatus = HTTPStatus(s.Code())
	return httpStatus, MarshalErrorAs(httpStatus, s.Code(), s.Message())
}

// MarshalErrorAs returns the JSON of an error with the given HTTP status.
func MarshalErrorAs(httpStatus int, c codes.Code, message string) []byte {
	return httpjson.MarshalError(httpjson.Error{Code: httpStatus, Message: message, Status: code.Code(c).String()})
}

// HTTPStatus returns the HTTP status that Google's APIs use for a canonical code.
// Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
func HTTPStatus(c codes.Code) int {
	switch c {
	case codes.OK:
		return http.StatusOK
	case codes.Canceled:
		return 499 // client closed request; net/http has no name for it
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange:
		return http.StatusBadRequest
	case codes.Unauthenticated:
		return http.StatusUnauthorized
	case codes.PermissionDenied:
		return http.StatusForbidden
	case codes.NotFound:
		return http.StatusNotFound
	case codes.AlreadyExists, codes.Aborted:
		return http.StatusConflict
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests
	case codes.Unimplemented:
		return http.StatusNotImplemented
	case codes.Unavailable:
		return http.StatusServiceUnavailable
	case codes.DeadlineExceeded:
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

// Reason returns the text of an error of package protojson, without its prefix.
func Reason(err error) string {
	s := strings.ReplaceAll(err.Error(), "\u00a0", " ") // protojson inserts these at random
	return strings.TrimPrefix(s, "proto: ")
}
