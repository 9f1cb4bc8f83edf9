package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxBodyBytes is the largest request: a document of 1 MiB in which every character is escaped.
const maxBodyBytes = 8 << 20

// decode decodes a request's JSON body.
func decode(r *http.Request, to any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return invalid(codeInvalidRequest, "The request's body is invalid: %v.", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return invalid(codeInvalidRequest, "The request's body has data after the JSON.")
	}
	return nil
}

// parameter returns a required query parameter.
func parameter(r *http.Request, name string) (string, error) {
	if v := r.URL.Query().Get(name); v != "" {
		return v, nil
	}
	return "", invalid(codeMissingParameter, "The parameter %s is missing.", name).with("name", name)
}

// projectID matches the project IDs that may occur in a path.
var projectID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,127}$`)

func projectParameter(r *http.Request) (string, error) {
	project, err := parameter(r, "project")
	if err == nil && !projectID.MatchString(project) {
		err = invalid(codeInvalidProject, "%q is not a valid project ID.", project)
	}
	return project, err
}

func unknownAction(action string) error {
	return invalid(codeUnknownAction, "There is no action %q.", action)
}

// parseObject parses a JSON object that a person typed. Its numbers are [json.Number]. The error says
// at which line and column the JSON is invalid.
func parseObject(text string) (map[string]any, error) {
	if err := json.Unmarshal([]byte(text), new(json.RawMessage)); err != nil {
		offset := len(text)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && syntax.Error() != "unexpected end of JSON input" {
			offset = int(syntax.Offset) - 1
		}
		return nil, invalidJSON(text, offset)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil || object == nil {
		return nil, invalid(codeFieldsNotObject, "The fields must be one JSON object.")
	}
	return object, nil
}

// invalidJSON reports a syntax error at an offset of the text.
func invalidJSON(text string, offset int) error {
	before := []byte(text)[:max(0, min(offset, len(text)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return invalid(codeInvalidJSON, "This is not valid JSON; see line %d, column %d.", line, column).with("line", line).with("column", column)
}
