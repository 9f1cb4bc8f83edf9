package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Script is a running client script, in a page or in Node: a JavaScript module whose default export
// takes the modules of Firebase's SDK, {app, auth, firestore, lite, storage}, and returns an object of
// functions.
type Script interface {
	// Call calls a function with arguments that JSON can represent, awaits its result, and decodes that
	// into result, unless it is nil. If the function throws, the error is a *[ScriptError]. Calls may
	// run concurrently.
	Call(ctx context.Context, function string, result any, args ...any) error
}

// ScriptError is an error that a script threw.
type ScriptError struct {
	// Code of a FirebaseError, such as "permission-denied"; empty for other errors.
	Code string `json:"code"`
	// Message of the error, with the stack unless it is a FirebaseError.
	Message string `json:"message"`
}

func (e *ScriptError) Error() string {
	if e.Code == "" || strings.Contains(e.Message, e.Code) {
		return e.Message
	}
	return e.Code + ": " + e.Message
}

// Code returns the code of a *[ScriptError], and "" for any other error.
func Code(err error) string {
	var thrown *ScriptError
	if errors.As(err, &thrown) {
		return thrown.Code
	}
	return ""
}

// answer is the response to a call.
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
