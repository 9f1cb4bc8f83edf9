package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/objects"
)

// Codes of errors. The page translates them (page/errors.js); a code of Authentication, such as
// EMAIL_EXISTS, is passed on as it is.
const (
	codeInternal         = "INTERNAL"
	codeForbidden        = "FORBIDDEN"
	codeMethodNotAllowed = "METHOD_NOT_ALLOWED"
	codeMissingParameter = "MISSING_PARAMETER"
	codeInvalidProject   = "INVALID_PROJECT"
	codeInvalidRequest   = "INVALID_REQUEST"
	codeRequestTooLarge  = "REQUEST_TOO_LARGE"
	codeUnknownAction    = "UNKNOWN_ACTION"
	codeInvalidAdvance   = "INVALID_ADVANCE"
	codeInvalidPath      = "INVALID_PATH"
	codeInvalidJSON      = "INVALID_JSON"
	codeFieldsNotObject  = "FIELDS_NOT_OBJECT"
	codeInvalidField     = "INVALID_FIELD"
	codeDocumentExists   = "DOCUMENT_EXISTS"
	codeDocumentChanged  = "DOCUMENT_CHANGED"
	codeInvalidArgument  = "INVALID_ARGUMENT"
	codeNotFound         = "NOT_FOUND"
	codeAlreadyExists    = "ALREADY_EXISTS"
	codePrecondition     = "FAILED_PRECONDITION"
	codeAborted          = "ABORTED"
	codeUnimplemented    = "UNIMPLEMENTED"
	codeUnavailable      = "UNAVAILABLE"
	codeCanceled         = "CANCELED"
)

// apiError is an error as the page receives it.
type apiError struct {
	status  int               // HTTP status
	Message string            `json:"error"` // in English
	Code    string            `json:"code"`
	Values  map[string]string `json:"values,omitempty"` // details for the translation
}

func (e *apiError) Error() string { return e.Message }

func invalid(code, format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

func notFound(err error) error {
	return &apiError{status: http.StatusNotFound, Code: codeNotFound, Message: err.Error()}
}

// with adds a detail to an error.
func (e *apiError) with(name string, value any) *apiError {
	if e.Values == nil {
		e.Values = map[string]string{}
	}
	e.Values[name] = fmt.Sprint(value)
	return e
}

// statusCode is an HTTP status and the code that goes with it.
type statusCode struct {
	status int
	code   string
}

// grpcCodes maps the gRPC codes that the emulators return. Others become an internal error.
var grpcCodes = map[codes.Code]statusCode{
	codes.InvalidArgument:    {http.StatusBadRequest, codeInvalidArgument},
	codes.OutOfRange:         {http.StatusBadRequest, codeInvalidArgument},
	codes.NotFound:           {http.StatusNotFound, codeNotFound},
	codes.AlreadyExists:      {http.StatusConflict, codeAlreadyExists},
	codes.FailedPrecondition: {http.StatusConflict, codePrecondition},
	codes.Aborted:            {http.StatusConflict, codeAborted},
	codes.Unimplemented:      {http.StatusNotImplemented, codeUnimplemented},
	codes.Unavailable:        {http.StatusServiceUnavailable, codeUnavailable},
	codes.Canceled:           {499, codeCanceled},
}

// objectCodes maps the kinds of errors of the object store. Others become an internal error.
var objectCodes = map[objects.Kind]statusCode{
	objects.Invalid:         {http.StatusBadRequest, codeInvalidArgument},
	objects.BucketNotFound:  {http.StatusNotFound, codeNotFound},
	objects.ObjectNotFound:  {http.StatusNotFound, codeNotFound},
	objects.Conflict:        {http.StatusConflict, codeAlreadyExists},
	objects.ConditionNotMet: {http.StatusConflict, codePrecondition},
}

// newAPIError converts any error to one for the page.
func newAPIError(err error) *apiError {
	if api, ok := errors.AsType[*apiError](err); ok {
		return api
	}
	if tooLong, ok := errors.AsType[*http.MaxBytesError](err); ok {
		e := invalid(codeRequestTooLarge, "The request is larger than %d bytes.", tooLong.Limit).with("limit", tooLong.Limit)
		e.status = http.StatusRequestEntityTooLarge
		return e
	}
	sc, message := statusCode{http.StatusInternalServerError, codeInternal}, err.Error()
	if object, ok := errors.AsType[*objects.Error](err); ok {
		message = object.Message
		if known, ok := objectCodes[object.Kind]; ok {
			sc = known
		}
	} else if s, ok := status.FromError(err); ok {
		message = s.Message()
		if known, ok := grpcCodes[s.Code()]; ok {
			sc = known
		}
	}
	return &apiError{status: sc.status, Code: sc.code, Message: message}
}

// newAuthError converts an error message of Authentication's REST API, a code that may be followed by
// " : " and a detail.
func newAuthError(status int, message string) error {
	code, _, _ := strings.Cut(message, " ")
	return &apiError{status: status, Code: code, Message: message}
}
