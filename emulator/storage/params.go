package storage

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"heek.kr/heektime/emulator/internal/objects"
)

// maxJSONBytes limits the JSON of a request, far above what names and metadata need.
const maxJSONBytes = 1 << 20

// number returns an integer from the query, or nil if it is missing.
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

// conditions returns the preconditions in the query: ifGenerationMatch and so on, or
// ifSourceGenerationMatch and so on with prefix "Source".
func (c call) conditions(prefix string) (objects.Conditions, error) {
	var cond objects.Conditions
	var errs [4]error
	cond.GenerationMatch, errs[0] = c.number("if" + prefix + "GenerationMatch")
	cond.GenerationNotMatch, errs[1] = c.number("if" + prefix + "GenerationNotMatch")
	cond.MetagenerationMatch, errs[2] = c.number("if" + prefix + "MetagenerationMatch")
	cond.MetagenerationNotMatch, errs[3] = c.number("if" + prefix + "MetagenerationNotMatch")
	return cond, errors.Join(errs[:]...)
}

// ref returns the first object in the path, at the generation in the named query parameter.
func (c call) ref(generation string) (objects.Ref, error) {
	ref := objects.Ref{Bucket: c.names[0], Name: c.names[1]}
	n, err := c.number(generation)
	if n != nil {
		ref.Generation = *n
	}
	return ref, err
}

// refAndConditions returns the first object in the path and the preconditions on it.
func (c call) refAndConditions() (objects.Ref, objects.Conditions, error) {
	ref, err := c.ref("generation")
	if err != nil {
		return ref, objects.Conditions{}, err
	}
	cond, err := c.conditions("")
	return ref, cond, err
}

// fields are the fields of a resource that a client sent, by JSON name.
type fields map[string]json.RawMessage

// readFields parses a JSON object. An empty body has no fields.
func readFields(body io.Reader) (fields, error) {
	raw, err := io.ReadAll(io.LimitReader(body, maxJSONBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(raw) > maxJSONBytes:
		return nil, &httpError{http.StatusRequestEntityTooLarge, "uploadTooLarge", "The JSON in the request is larger than 1 MiB."}
	case len(raw) == 0:
		return fields{}, nil
	}
	f := fields{}
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, &httpError{http.StatusBadRequest, "parseError", "The request body is not a JSON object: " + err.Error()}
	}
	return f, nil
}

// into decodes a field into v. If the field is missing, v is unchanged.
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

// text returns a string field, or "" if it is missing or null.
func (f fields) text(name string) (string, error) {
	var s string
	err := f.into(name, &s)
	return s, err
}

// isSet reports whether a field is present and not null, false, or empty.
func (f fields) isSet(name string) bool {
	switch string(f[name]) {
	case "", "null", "false", `""`, "{}", "[]":
		return false
	}
	return true
}

// putRequest returns a request to write the named object, with the resource and preconditions that
// the client sent.
func (c call) putRequest(bucket, name string, f fields) (objects.PutRequest, error) {
	p := objects.PutRequest{Bucket: bucket, Name: name}
	var err error
	if p.Conditions, err = c.conditions(""); err != nil {
		return p, err
	}
	for _, key := range []string{"X-Goog-Encryption-Algorithm", "X-Goog-Copy-Source-Encryption-Algorithm"} {
		if c.Header.Get(key) != "" {
			return p, notEmulated("customer-supplied encryption keys")
		}
	}
	if err := f.apply(&p.Metadata); err != nil {
		return p, err
	}
	for field, to := range map[string]*string{"storageClass": &p.StorageClass, "crc32c": &p.Checksums.CRC32C, "md5Hash": &p.Checksums.MD5} {
		if *to, err = f.text(field); err != nil {
			return p, err
		}
	}
	return p, nil
}
