package wirejson

import (
	"encoding/json"
	"net/http"

	code "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error returns an error as JSON, {"error": {"code", "message", "status"}}, and its HTTP status.
// Clients read all three fields.
func Error(err error) (httpStatus int, body []byte) {
	s := status.Convert(err)
	httpStatus = HTTPStatus(s.Code())
	return httpStatus, ErrorAs(httpStatus, s.Code(), s.Message())
}

// ErrorAs returns the JSON of an error with the given HTTP status.
func ErrorAs(httpStatus int, c codes.Code, message string) []byte {
	var e struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
			Status  string `json:"status"`
		} `json:"error"`
	}
	e.Error.Code, e.Error.Message, e.Error.Status = httpStatus, message, code.Code(c).String()
	if message == "" { // clients report an error without a message as unknown
		e.Error.Message = e.Error.Status
	}
	body, err := json.Marshal(e)
	if err != nil { // cannot happen: the fields are strings and a number
		panic(err)
	}
	return body
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
