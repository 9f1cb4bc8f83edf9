package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// ignored is a field of a request that the API has and this emulator does nothing with.
type ignored = json.RawMessage

// clientFields are in the requests of most clients.
type clientFields struct {
	ClientType             ignored `json:"clientType"`
	CaptchaChallenge       ignored `json:"captchaChallenge"`
	CaptchaResponse        ignored `json:"captchaResponse"`
	RecaptchaVersion       ignored `json:"recaptchaVersion"`
	InstanceID             ignored `json:"instanceId"`
	DelegatedProjectNumber ignored `json:"delegatedProjectNumber"`
	ReturnSecureToken      ignored `json:"returnSecureToken"` // tokens come in any case, as from the official emulator
}

// object reads a JSON object. Field names may be in camelCase or snake_case, as in every Google API.
func object(text []byte) (map[string]json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	if len(bytes.TrimSpace(text)) == 0 {
		return fields, nil
	}
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, &apiError{400, "INVALID_ARGUMENT", "parseError", "Invalid JSON payload received. " + err.Error()}
	}
	for name, value := range fields {
		if camel := camelCase(name); camel != name {
			delete(fields, name)
			fields[camel] = value
		}
	}
	return fields, nil
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

// take reads one field and removes it.
func (c *call) take(name string, into any) error {
	value, ok := c.body[name]
	if !ok {
		return nil
	}
	delete(c.body, name)
	return badField(json.Unmarshal(value, into), name)
}

// decode reads the body's fields into a struct. Fields that it does not have are an error, as with the real API.
func (c *call) decode(into any) error {
	text, err := json.Marshal(c.body)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return badField(d.Decode(into), "")
}

// badField puts the real API's words on a decoder's error. It leaves the value out, which can be a password.
func badField(err error, name string) error {
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if wrong.Field != "" {
			name = wrong.Field
		}
		return invalidArgument("Invalid value at '" + name + "': it can't be a " + wrong.Value + ".")
	}
	if unknown, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return invalidArgument("Invalid JSON payload received. Unknown name " + unknown + ": Cannot find field.")
	}
	return invalidArgument("Invalid JSON payload received. " + err.Error())
}
