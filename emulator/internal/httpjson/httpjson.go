// Package httpjson writes JSON responses, and errors in the format of Google's APIs.
package httpjson

import (
	"encoding/json"
	"net/http"
)

// Write writes v as JSON. It adds the Content-Type header; the caller sets all
// others before.
func Write(w http.ResponseWriter, httpStatus int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // a response type that JSON cannot encode is a bug of the caller
		httpStatus = http.StatusInternalServerError
		body = MarshalError(Error{Code: httpStatus, Status: "INTERNAL", Message: "The response cannot be encoded as JSON."})
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(httpStatus)
	w.Write(body) // ignore write errors: the client is gone
}

// Error is an error response of Google's APIs. Clients read all three fields.
// Source: https://cloud.google.com/apis/design/errors#http_mapping
type Error struct {
	Code    int    `json:"code"` // the HTTP status
	Message string `json:"message"`
	Status  string `json:"status"` // the canonical code's name, such as "NOT_FOUND"
	Details []any  `json:"details,omitempty"`
}

// MarshalError returns the JSON of an error response.
func MarshalError(e Error) []byte {
	if e.Message == "" { // clients report an error without a message as unknown
		e.Message = e.Status
	}
	body, err := json.Marshal(map[string]Error{"error": e})
	if err != nil { // details that JSON cannot encode are a bug of the caller
		panic(err)
	}
	return body
}

// WriteError writes an error response.
func WriteError(w http.ResponseWriter, e Error) {
	Write(w, e.Code, json.RawMessage(MarshalError(e)))
}
