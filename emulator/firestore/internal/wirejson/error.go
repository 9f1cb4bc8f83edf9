package wirejson

import (
	"encoding/json"
	"net/http"

	code "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is the JSON of an error, {"error": {"code", "message", "status"}}, and its status of HTTP. Clients read all three.
func Error(err error) (httpStatus int, body []byte) {
	s := status.Convert(err)
	httpStatus = HTTPStatus(s.Code())
	return httpStatus, ErrorAs(httpStatus, s.Code(), s.Message())
}

// ErrorAs is the JSON of an error with a given status of HTTP.
func ErrorAs(httpStatus int, c codes.Code, message string) []byte {
	var e struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
			Status  string `json:"status"`
		} `json:"error"`
	}
	e.Error.Code, e.Error.Message, e.Error.Status = httpStatus, message, code.Code(c).String()
	if message == "" { // without one, clients report an unknown error
		e.Error.Message = e.Error.Status
	}
	body, err := json.Marshal(e)
	if err != nil { // strings and a number cannot fail
		panic(err)
	}
	return body
}

// HTTPStatus is how Google's APIs map a canonical code.
// Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
func HTTPStatus(c codes.Code) int {
	switch c {
	case codes.OK:
		return http.StatusOK
	case codes.Canceled:
		return 499 // client closed request; it has no name in net/http
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
