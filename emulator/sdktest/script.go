package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Script is a running client script: a JavaScript module whose default export takes Firebase's SDK, as the object {app, auth,
// firestore, lite, storage} of its modules, and returns an object of functions. It runs in a page or in Node.
type Script interface {
	// Call calls a function with arguments that JSON can say, waits for what it promises, and decodes that into result,
	// unless it is nil. What the function throws is a *[ScriptError]. Calls may run at once.
	Call(ctx context.Context, function string, result any, args ...any) error
}

// ScriptError is what a script's function threw.
type ScriptError struct {
	// Code of a FirebaseError, such as "permission-denied"; empty for other errors.
	Code string `json:"code"`
	// Message of the error, with the stack where it is no FirebaseError.
	Message string `json:"message"`
}

func (e *ScriptError) Error() string {
	if e.Code == "" || strings.Contains(e.Message, e.Code) {
		return e.Message
	}
	return e.Code + ": " + e.Message
}

// Code is that of a *[ScriptError], "" when err is none.
func Code(err error) string {
	var thrown *ScriptError
	if errors.As(err, &thrown) {
		return thrown.Code
	}
	return ""
}

// answer is what both hosts answer to a call.
type answer struct {
	Error  *ScriptError    `json:"error"`
	Result json.RawMessage `json:"result"`
}

func (a answer) decode(function string, result any) error {
	if a.Error != nil {
		return fmt.Errorf("%s: %w", function, a.Error)
	}
	if result == nil || len(a.Result) == 0 {
		return nil
	}
	if err := json.Unmarshal(a.Result, result); err != nil {
		return fmt.Errorf("%s: decode its result: %w", function, err)
	}
	return nil
}
