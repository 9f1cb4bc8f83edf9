package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ignored is a request field that has no effect in this emulator.
type ignored = json.RawMessage

// clientFields are fields that most client requests have.
type clientFields struct {
	ClientType             enum    `json:"clientType"`
	CaptchaChallenge       ignored `json:"captchaChallenge"`
	CaptchaResponse        ignored `json:"captchaResponse"`
	RecaptchaVersion       enum    `json:"recaptchaVersion"`
	InstanceID             ignored `json:"instanceId"`
	DelegatedProjectNumber ignored `json:"delegatedProjectNumber"`
	ReturnSecureToken      ignored `json:"returnSecureToken"` // tokens are always returned, as by the official emulator
}

// enum is a field that has no effect, but must have one of its values.
type enum struct{}

// enums are the values of all fields of the type enum, each with its number.
var enums = map[string]int{
	"CLIENT_TYPE_UNSPECIFIED": 0, "CLIENT_TYPE_WEB": 1, "CLIENT_TYPE_ANDROID": 2, "CLIENT_TYPE_IOS": 3,
	"RECAPTCHA_VERSION_UNSPECIFIED": 0, "RECAPTCHA_ENTERPRISE": 1,
}

// UnmarshalJSON accepts the name of a value, or its number.
func (enum) UnmarshalJSON(text []byte) error {
	var name string
	if json.Unmarshal(text, &name) == nil { // null, too, which is no value
		if _, known := enums[name]; known || name == "" {
			return nil
		}
	}
	var number int
	if json.Unmarshal(text, &number) == nil && number >= 0 && number <= 3 {
		return nil
	}
	return errors.New("No enumeration has the value " + string(text) + ".")
}

// parseObject parses a JSON object. Field names may be in camelCase or snake_case, as in every
// Google API.
func parseObject(text []byte) (map[string]json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	if len(bytes.TrimSpace(text)) == 0 {
		return fields, nil
	}
	err := json.Unmarshal(text, &fields)
	if err == nil && fields == nil {
		err = errors.New("null is not an object")
	}
	if err != nil {
		return nil, &apiError{400, "INVALID_ARGUMENT", "parseError", "Invalid JSON payload received. " + err.Error()}
	}
	if !bytes.Contains(text, []byte("_")) {
		return fields, nil
	}
	camel := make(map[string]json.RawMessage, len(fields))
	for name, value := range fields {
		if camel[camelCase(name)], err = camelNames(value); err != nil {
			return nil, fmt.Errorf("encoding %s: %w", name, err)
		}
	}
	return camel, nil
}

// camelNames returns a value whose objects have field names in camelCase.
func camelNames(text json.RawMessage) (json.RawMessage, error) {
	if first := bytes.TrimSpace(text)[0]; first != '{' && first != '[' {
		return text, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	var rename func(any) any
	rename = func(value any) any {
		switch v := value.(type) {
		case map[string]any:
			out := make(map[string]any, len(v))
			for name, part := range v {
				out[camelCase(name)] = rename(part)
			}
			return out
		case []any:
			for i, part := range v {
				v[i] = rename(part)
			}
		}
		return value
	}
	return json.Marshal(rename(value))
}

func camelCase(name string) string {
	parts := strings.Split(name, "_")
	for i, part := range parts[1:] {
		if part != "" {
			parts[i+1] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}

// takeField decodes a field of the body and removes it.
func (c *call) takeField(name string, into any) error {
	value, ok := c.body[name]
	if !ok {
		return nil
	}
	delete(c.body, name)
	return fieldError(json.Unmarshal(value, into), name)
}

// decode decodes the body into a struct. Unknown fields are an error, as in production.
func (c *call) decode(into any) error {
	text, err := json.Marshal(c.body)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return fieldError(d.Decode(into), "")
}

// fieldError translates a decoder's error to production's. It omits the value, which may be a
// password.
func fieldError(err error, name string) error {
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if wrong.Field != "" {
			name = wrong.Field
		}
		return invalidArgument("Invalid value at '" + name + "': it cannot be a " + wrong.Value + ".")
	}
	if unknown, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return invalidArgument("Invalid JSON payload received. Unknown name " + unknown + ": Cannot find field.")
	}
	return invalidArgument("Invalid JSON payload received. " + err.Error())
}
