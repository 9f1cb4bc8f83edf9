package messaging

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// object is a JSON object with its members in order: errors about a map's entry name its position.
type object []member

type member struct {
	name  string
	value any // object, []any, string, json.Number, bool or nil
}

// maxDepth is how deep a request may nest: a limit of protocol buffers' decoders.
const maxDepth = 100

// parseObject reads a request's body. An empty one is an empty object.
func parseObject(body []byte) (object, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if !utf8.Valid(body) {
		return nil, errSyntax
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	value, err := parseValue(decoder, maxDepth)
	if err != nil {
		return nil, errSyntax
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errSyntax
	}
	o, ok := value.(object)
	if !ok {
		return nil, malformed(violation{"", "Invalid JSON payload received. Root element must be a message."})
	}
	return o, nil
}

// errSyntax is the response to a body that is not JSON.
var errSyntax = platformError(400, "INVALID_ARGUMENT", "Invalid JSON payload received. Unexpected token.")

var errTooDeep = errors.New("too deep")

func parseValue(decoder *json.Decoder, depth int) (any, error) {
	if depth == 0 {
		return nil, errTooDeep
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return parseMembers(decoder, depth)
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			value, err := parseValue(decoder, depth-1)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = decoder.Token()
		return list, err
	}
	return token, nil
}

// parseMembers reads the rest of an object.
func parseMembers(decoder *json.Decoder, depth int) (any, error) {
	o := object{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		value, err := parseValue(decoder, depth-1)
		if err != nil {
			return nil, err
		}
		o = append(o, member{name.(string), value})
	}
	_, err := decoder.Token()
	return o, err
}

// plain returns a value as encoding/json decodes it into an any.
func plain(value any) any {
	switch value := value.(type) {
	case object:
		m := map[string]any{}
		for _, x := range value {
			m[x.name] = plain(x.value)
		}
		return m
	case []any:
		list := make([]any, len(value))
		for i, x := range value {
			list[i] = plain(x)
		}
		return list
	case json.Number:
		f, err := value.Float64()
		if err != nil {
			return value.String() // out of range
		}
		return f
	}
	return value
}
