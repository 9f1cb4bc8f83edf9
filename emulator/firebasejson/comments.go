package firebasejson

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/tailscale/hujson"
)

// readJSON returns the content of a file of the Firebase CLI as plain JSON. Like the CLI, it accepts comments,
// which the CLI's own templates have. An error names the file, and the line of what is not JSON.
func readJSON(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	plain, err := hujson.Standardize(text) // comments become spaces, so positions stay
	if err != nil {
		return nil, fmt.Errorf("%s: is not JSON: %w", path, err)
	}
	return plain, nil
}

// Explain describes an error of package json by the key that has a value of the wrong kind. at is the key of what was
// decoded, "" for a whole file.
func Explain(at string, err error) error {
	var wrong *json.UnmarshalTypeError
	isWrong := errors.As(err, &wrong)
	key := at
	if isWrong && wrong.Field != "" {
		key = strings.TrimPrefix(at+"."+wrong.Field, ".")
	}
	if key != "" {
		key += ": "
	}
	if !isWrong {
		return fmt.Errorf("%s%w", key, err)
	}
	return fmt.Errorf("%smust be %s, not a JSON %s", key, inWords(wrong.Type), wrong.Value)
}

// inWords says what JSON has for a type.
func inWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Pointer:
		return inWords(t.Elem())
	default:
		return "a number"
	}
}
