package firebasejson

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

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

// explain describes an error of package json by the key that has a value of the wrong kind.
func explain(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) || wrong.Field == "" {
		return err
	}
	return fmt.Errorf("%s: must be a %s, not a JSON %s", wrong.Field, wrong.Type, wrong.Value)
}
