package messaging

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"heek.kr/heektime/emulator/internal/httpjson"
)

// ErrorCode is why a message was not sent.
// Source: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
type ErrorCode string

// The error codes.
const (
	Unregistered        ErrorCode = "UNREGISTERED"
	InvalidArgument     ErrorCode = "INVALID_ARGUMENT"
	SenderIDMismatch    ErrorCode = "SENDER_ID_MISMATCH"
	QuotaExceeded       ErrorCode = "QUOTA_EXCEEDED"
	ThirdPartyAuthError ErrorCode = "THIRD_PARTY_AUTH_ERROR"
	Unavailable         ErrorCode = "UNAVAILABLE"
	Internal            ErrorCode = "INTERNAL"
)

// failures are the HTTP status, the canonical code and the text of each error code. The texts of INTERNAL,
// UNAVAILABLE and QUOTA_EXCEEDED are ours; clients read the codes.
var failures = map[ErrorCode]httpjson.Error{
	Unregistered:     {Code: http.StatusNotFound, Status: "NOT_FOUND", Message: "Requested entity was not found."},
	InvalidArgument:  {Code: http.StatusBadRequest, Status: "INVALID_ARGUMENT", Message: "Request contains an invalid argument."},
	SenderIDMismatch: {Code: http.StatusForbidden, Status: "PERMISSION_DENIED", Message: "SenderId mismatch"},
	QuotaExceeded:    {Code: http.StatusTooManyRequests, Status: "RESOURCE_EXHAUSTED", Message: "Quota exceeded for sending messages."},
	ThirdPartyAuthError: {Code: http.StatusUnauthorized, Status: "UNAUTHENTICATED", Message: "Request is missing required authentication " +
		"credential. Expected OAuth 2 access token, login cookie or other valid authentication credential. " +
		"See https://developers.google.com/identity/sign-in/web/devconsole-project."},
	Unavailable: {Code: http.StatusServiceUnavailable, Status: "UNAVAILABLE", Message: "The service is currently unavailable."},
	Internal:    {Code: http.StatusInternalServerError, Status: "INTERNAL", Message: "Internal error encountered."},
}

// apiError is an error response: a google.rpc.Status.
type apiError struct {
	body       httpjson.Error
	retryAfter time.Duration // in the header; none when 0
}

func (e *apiError) Error() string { return e.body.Message }

// fcmError is the detail by which clients tell errors apart.
type fcmError struct {
	Type      string    `json:"@type"`
	ErrorCode ErrorCode `json:"errorCode"`
}

// badRequest is the detail that names the invalid fields.
type badRequest struct {
	Type            string      `json:"@type"`
	FieldViolations []violation `json:"fieldViolations"`
}

// violation says what is wrong with a field.
type violation struct {
	Field       string `json:"field"`
	Description string `json:"description"`
}

func newFCMError(code ErrorCode) fcmError {
	return fcmError{"type.googleapis.com/google.firebase.fcm.v1.FcmError", code}
}

// failure returns the error of a code.
func failure(code ErrorCode) *apiError {
	e := failures[code]
	e.Details = []any{newFCMError(code)}
	return &apiError{body: e}
}

// invalidField is an argument that Cloud Messaging itself rejects.
func invalidField(field, format string, args ...any) *apiError {
	e := failures[InvalidArgument]
	e.Message = fmt.Sprintf(format, args...)
	e.Details = []any{newFCMError(InvalidArgument), newBadRequest(violation{field, e.Message})}
	return &apiError{body: e}
}

// invalidToken has no field violation.
// Source: https://firebase.google.com/docs/cloud-messaging/error-codes
func invalidToken() *apiError {
	e := failure(InvalidArgument)
	e.body.Message = "The registration token is not a valid FCM registration token"
	return e
}

// malformed is a request that Google's front end cannot decode, so that Cloud Messaging never sees it: it has
// no FcmError.
// Source: https://firebase.google.com/docs/cloud-messaging/error-codes
func malformed(violations ...violation) *apiError {
	e := failures[InvalidArgument]
	texts := make([]string, len(violations))
	for i, v := range violations {
		texts[i] = v.Description
	}
	e.Message = strings.Join(texts, "\n")
	e.Details = []any{newBadRequest(violations...)}
	return &apiError{body: e}
}

func newBadRequest(violations ...violation) badRequest {
	return badRequest{"type.googleapis.com/google.rpc.BadRequest", violations}
}

// platformError is an error of Google's front end, without details.
func platformError(httpStatus int, status, format string, args ...any) *apiError {
	return &apiError{body: httpjson.Error{Code: httpStatus, Status: status, Message: fmt.Sprintf(format, args...)}}
}

// notEmulated is a request that no client of today needs.
func notEmulated(format string, args ...any) *apiError {
	return platformError(http.StatusNotImplemented, "UNIMPLEMENTED", format, args...)
}

// write sends the error.
func (e *apiError) write(w http.ResponseWriter) {
	e.setRetryAfter(w)
	httpjson.WriteError(w, e.body)
}

func (e *apiError) setRetryAfter(w http.ResponseWriter) {
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.retryAfter.Seconds()))))
	}
}
