package storage

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"

	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/internal/objects"
)

// httpError is an error response in the terms of the JSON API.
type httpError struct {
	status  int
	reason  string // machine-readable: "notFound", "conditionNotMet", …
	message string
}

func (e *httpError) Error() string { return e.message }

func badRequest(message string) error {
	return &httpError{http.StatusBadRequest, "invalid", message}
}

// notEmulated returns an error for a feature that is missing. Its status is 400 instead of 501,
// because clients retry 5xx errors for minutes.
func notEmulated(feature string) error {
	return &httpError{http.StatusBadRequest, "notImplemented",
		"This emulator does not support " + feature + "; omit it, or use Cloud Storage."}
}

// isKind reports whether err is an [objects.Error] of one of these kinds.
func isKind(err error, kinds ...objects.Kind) bool {
	var e *objects.Error
	return errors.As(err, &e) && slices.Contains(kinds, e.Kind)
}

// isNotFound reports whether err says that an object or bucket does not exist.
func isNotFound(err error) bool { return isKind(err, objects.ObjectNotFound, objects.BucketNotFound) }

// asHTTP translates an error to a response.
// Source of the reasons: https://cloud.google.com/storage/docs/json_api/v1/status-codes.
func asHTTP(r *http.Request, err error) *httpError {
	var known *httpError
	if errors.As(err, &known) {
		return known
	}
	var e *objects.Error
	if !errors.As(err, &e) {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return &httpError{http.StatusRequestTimeout, "requestTimeout", "Timed out waiting for the request body."}
		}
		if errors.Is(err, io.ErrUnexpectedEOF) || r.Context().Err() != nil {
			return &httpError{http.StatusBadRequest, "invalid", "The request body is incomplete: " + err.Error()}
		}
		return &httpError{http.StatusInternalServerError, "backendError", err.Error()}
	}
	switch e.Kind {
	case objects.BucketNotFound, objects.ObjectNotFound, objects.UploadNotFound:
		return &httpError{http.StatusNotFound, "notFound", e.Message}
	case objects.Conflict:
		return &httpError{http.StatusConflict, "conflict", e.Message}
	case objects.NotModified:
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			return &httpError{http.StatusNotModified, "notModified", e.Message}
		}
		return &httpError{http.StatusPreconditionFailed, "conditionNotMet", e.Message}
	case objects.ConditionNotMet:
		return &httpError{http.StatusPreconditionFailed, "conditionNotMet", e.Message}
	case objects.TooLarge:
		return &httpError{http.StatusRequestEntityTooLarge, "uploadTooLarge", e.Message}
	case objects.Busy:
		return &httpError{http.StatusServiceUnavailable, "backendError", e.Message}
	}
	return &httpError{http.StatusBadRequest, "invalid", e.Message}
}

type errorItem struct {
	Message      string `json:"message"`
	Domain       string `json:"domain"`
	Reason       string `json:"reason"`
	LocationType string `json:"locationType,omitempty"`
	Location     string `json:"location,omitempty"`
}

// xmlCodes are the error codes of the XML API.
// Source: https://cloud.google.com/storage/docs/xml-api/reference-status.
var xmlCodes = map[int]string{
	http.StatusBadRequest:                   "InvalidArgument",
	http.StatusNotFound:                     "NoSuchKey",
	http.StatusMethodNotAllowed:             "MethodNotAllowed",
	http.StatusPreconditionFailed:           "PreconditionFailed",
	http.StatusRequestTimeout:               "RequestTimeout",
	http.StatusRequestEntityTooLarge:        "EntityTooLarge",
	http.StatusRequestedRangeNotSatisfiable: "InvalidRange",
	http.StatusServiceUnavailable:           "ServiceUnavailable",
}

// fail responds with an error in the format of the requested API.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := asHTTP(r, err)
	if e.status == http.StatusInternalServerError {
		s.log.ErrorContext(r.Context(), "storage request failed", "method", r.Method, "url", r.URL.String(), "error", err)
	}
	h := w.Header()
	if e.status == http.StatusNotModified {
		w.WriteHeader(e.status)
		return
	}
	h.Set("Cache-Control", "private, max-age=0")
	if r.Method == http.MethodHead {
		w.WriteHeader(e.status)
		return
	}
	if isXML(r) {
		code := xmlCodes[e.status]
		if isKind(err, objects.BucketNotFound) {
			code = "NoSuchBucket"
		}
		if code == "" {
			code = "InternalError"
		}
		h.Set("Content-Type", "application/xml; charset=UTF-8")
		w.WriteHeader(e.status)
		io.WriteString(w, xml.Header)
		xml.NewEncoder(w).Encode(struct {
			XMLName xml.Name `xml:"Error"`
			Code    string
			Message string
		}{Code: code, Message: e.message})
		return
	}
	item := errorItem{Message: e.message, Domain: "global", Reason: e.reason}
	if e.reason == "conditionNotMet" {
		item.LocationType, item.Location = "header", "If-Match"
	}
	httpjson.Write(w, e.status, map[string]any{"error": map[string]any{"code": e.status, "message": e.message, "errors": []errorItem{item}}})
}
