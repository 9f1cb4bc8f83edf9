package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/objects"
)

// maxBodyBytes is the largest request: a document of 1 MiB whose every character is escaped.
const maxBodyBytes = 8 << 20

// answer makes an HTTP handler of one of this package's.
func (c *Console) answer(handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
		result, err := handle(r)
		if err != nil {
			code, message := explain(err)
			if code == http.StatusInternalServerError {
				c.Logger.ErrorContext(r.Context(), "console", "method", r.Method, "path", r.URL.Path, "error", err)
			}
			writeError(w, code, message)
			return
		}
		writeJSON(w, http.StatusOK, result)
	}
}

func writeError(w http.ResponseWriter, code int, message string) {
	writeJSON(w, code, map[string]string{"error": message})
}

func writeJSON(w http.ResponseWriter, code int, answer any) {
	text, err := json.Marshal(answer)
	if err != nil {
		code, text = http.StatusInternalServerError, []byte(`{"error":"The answer cannot be written as JSON."}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	w.Write(text)
}

// failure is an error of this package itself.
type failure struct {
	code    int // of HTTP
	message string
}

func (f *failure) Error() string { return f.message }

func invalid(format string, args ...any) error {
	return &failure{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &failure{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

// codesOfHTTP are the statuses of what the emulators answer; what is not here is 500.
var codesOfHTTP = map[codes.Code]int{
	codes.InvalidArgument: http.StatusBadRequest, codes.NotFound: http.StatusNotFound, codes.AlreadyExists: http.StatusConflict,
	codes.FailedPrecondition: http.StatusConflict, codes.Aborted: http.StatusConflict, codes.Unimplemented: http.StatusNotImplemented,
	codes.Unavailable: http.StatusServiceUnavailable, codes.Canceled: 499, codes.OutOfRange: http.StatusBadRequest,
}

var kindsOfHTTP = map[objects.Kind]int{
	objects.Invalid: http.StatusBadRequest, objects.BucketNotFound: http.StatusNotFound, objects.ObjectNotFound: http.StatusNotFound,
	objects.Conflict: http.StatusConflict, objects.ConditionNotMet: http.StatusConflict,
}

// explain is the HTTP status of an error and what to tell people.
func explain(err error) (code int, message string) {
	var own *failure
	var object *objects.Error
	var large *http.MaxBytesError
	switch s, isStatus := status.FromError(err); {
	case errors.As(err, &own):
		return own.code, own.message
	case errors.As(err, &object):
		code, message = kindsOfHTTP[object.Kind], object.Message
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, fmt.Sprintf("The request has more than %d bytes.", large.Limit)
	case isStatus:
		code, message = codesOfHTTP[s.Code()], s.Message()
	default:
		message = err.Error()
	}
	if code == 0 {
		code = http.StatusInternalServerError
	}
	return code, message
}

// decode reads a request's JSON. Numbers within any are [json.Number].
func decode(r *http.Request, to any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(to); err != nil {
		return invalidJSON(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return invalid("There is more after the request's JSON.")
	}
	return nil
}

func invalidJSON(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return invalid("This is no JSON as it is expected: %v", err)
}

// parameter is a value of the query, which must be there.
func parameter(r *http.Request, name string) (string, error) {
	if v := r.URL.Query().Get(name); v != "" {
		return v, nil
	}
	return "", invalid("The parameter %s is missing.", name)
}
