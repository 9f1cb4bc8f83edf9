package storage

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"heek.kr/heektime/emulator/internal/objects"
)

// maxJSONBytes bounds the JSON of a request: far above what names and metadata can need.
const maxJSONBytes = 1 << 20

// number reads a whole number from the query; nil if it is not there.
func (c call) number(name string) (*int64, error) {
	text := c.URL.Query().Get(name)
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, badRequest("Invalid value for " + name + ": " + strconv.Quote(text) + " is not a whole number.")
	}
	return &n, nil
}

// conditions reads ifGenerationMatch and its like; with prefix "Source" ifSourceGenerationMatch and its like.
func (c call) conditions(prefix string) (objects.Conditions, error) {
	var cond objects.Conditions
	var errs [4]error
	cond.GenerationMatch, errs[0] = c.number("if" + prefix + "GenerationMatch")
	cond.GenerationNotMatch, errs[1] = c.number("if" + prefix + "GenerationNotMatch")
	cond.MetagenerationMatch, errs[2] = c.number("if" + prefix + "MetagenerationMatch")
	cond.MetagenerationNotMatch, errs[3] = c.number("if" + prefix + "MetagenerationNotMatch")
	return cond, errors.Join(errs[:]...)
}

// ref reads the object that the path names first, at the generation that the query has under the given name.
func (c call) ref(generation string) (objects.Ref, error) {
	ref := objects.Ref{Bucket: c.names[0], Name: c.names[1]}
	n, err := c.number(generation)
	if n != nil {
		ref.Generation = *n
	}
	return ref, err
}

// guarded reads the object that the path names with the conditions on it.
func (c call) guarded() (objects.Ref, objects.Conditions, error) {
	ref, err := c.ref("generation")
	if err != nil {
		return ref, objects.Conditions{}, err
	}
	cond, err := c.conditions("")
	return ref, cond, err
}

// fields are the members of a resource that a client sent, by their JSON name.
type fields map[string]json.RawMessage

// readFields reads a JSON object; an empty body gives no fields.
func readFields(body io.Reader) (fields, error) {
	raw, err := io.ReadAll(io.LimitReader(body, maxJSONBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(raw) > maxJSONBytes:
		return nil, &httpError{http.StatusRequestEntityTooLarge, "uploadTooLarge", "The JSON of the request is larger than 1 MiB."}
	case len(raw) == 0:
		return fields{}, nil
	}
	f := fields{}
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, &httpError{http.StatusBadRequest, "parseError", "The request's body is not a JSON object: " + err.Error()}
	}
	return f, nil
}

// into decodes a field, and leaves v alone if it is missing.
func (f fields) into(name string, v any) error {
	raw, ok := f[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return badRequest("Invalid value for " + name + ": " + string(raw))
	}
	return nil
}

// text returns a string field; empty if it is missing or null.
func (f fields) text(name string) (string, error) {
	var s string
	err := f.into(name, &s)
	return s, err
}

// given reports whether a field is there and is more than null, false, or empty.
func (f fields) given(name string) bool {
	switch string(f[name]) {
	case "", "null", "false", `""`, "{}", "[]":
		return false
	}
	return true
}
