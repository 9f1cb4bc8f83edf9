// Package errwrap adds to an error what was being done when it happened.
package errwrap

import "fmt"

// Wrap returns nil if err is nil. Otherwise the error it returns wraps err and begins with the formatted
// text, which says what was being done: "delete the account of u1: permission denied".
func Wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}
