package courses

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// decodeJSON decodes the whole response into v.
func (res response) decodeJSON(v any) error {
	body := bytes.TrimLeft(bytes.TrimPrefix(res.data, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(body) == 0 || body[0] != '{' && body[0] != '[' {
		return res.formatError("JSON")
	}
	if err := checkJSON(body); err != nil {
		return tooLarge("%s sent %v", res.origin, err)
	}
	err := json.Unmarshal(body, v)
	var syntaxErr *json.SyntaxError
	var typeErr *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &typeErr):
		return unexpected("%s sent JSON with an unexpected type: %s is %s",
			res.origin, truncate(typeErr.Field, 100), truncate(typeErr.Value, 50))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntaxErr) && syntaxErr.Offset >= int64(len(body)):
		return damaged("%s sent JSON that is cut off after %d bytes", res.origin, len(res.data))
	}
	return damaged("%s sent invalid JSON: %s", res.origin, truncate(err.Error(), 200))
}

// readJSONRows decodes each element of rows into a Row and passes it to add, which adds it to the
// list, rejects it or skips it. name locates the row for a person. Elements of another type are
// rejected. If the first row lacks any of fields, the response is not the expected list.
func readJSONRows[Row any](
	r *request, res response, rows []json.RawMessage, fields []string, add func(name string, row *Row) error,
) error {
	if len(rows) > 0 && !hasFields(rows[0], fields...) {
		return unexpected("%s sent rows in an unexpected format; the first row has the fields %s",
			res.origin, fieldNames(rows[0]))
	}
	for i, data := range rows {
		name := "row " + strconv.Itoa(i+1)
		var row Row
		err := json.Unmarshal(data, &row)
		if err != nil {
			err = r.list.reject(name, "not a JSON object of strings", string(data))
		} else {
			err = add(name, &row)
		}
		if err != nil {
			return err // the list is too long
		}
	}
	return nil
}

// jsonText is a JSON value that should be a string. A number or boolean becomes its literal, null "".
type jsonText string

// UnmarshalJSON accepts every scalar.
func (t *jsonText) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*t = jsonText(s)
	case '{', '[':
		return &json.UnmarshalTypeError{Value: "an object or array instead of a string"}
	case 'n':
		*t = ""
	default:
		*t = jsonText(data)
	}
	return nil
}

// clean returns the text as [cleanText] does.
func (t jsonText) clean() string { return cleanText(string(t)) }

// fieldNames lists the fields of an object for an error message.
func fieldNames(object json.RawMessage) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return truncate(string(object), 100)
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, truncate(name, 30))
	}
	slices.Sort(names)
	return truncate(strings.Join(names, ", "), 500)
}

// hasFields reports whether an object has all of the fields, which are in lower case. Like
// encoding/json, it ignores the case of the object's fields.
func hasFields(object json.RawMessage, fields ...string) bool {
	var present map[string]json.RawMessage
	if json.Unmarshal(object, &present) != nil {
		return false
	}
	lower := map[string]bool{}
	for name := range present {
		lower[strings.ToLower(name)] = true
	}
	for _, f := range fields {
		if !lower[f] {
			return false
		}
	}
	return true
}
