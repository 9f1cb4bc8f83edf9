package auth

import (
	"fmt"

	"firebase.google.com/go/v4/errorutils"
)

// upstream says what failed at Authentication. The Admin SDK's errors quote answers, and an answer could quote what was sent:
// so of an answer only its status is told.
func upstream(doing string, err error) error {
	if answer := errorutils.HTTPResponse(err); answer != nil {
		return fmt.Errorf("%s: Authentication answered %d", doing, answer.StatusCode)
	}
	if errorutils.IsUnavailable(err) || errorutils.IsDeadlineExceeded(err) {
		return fmt.Errorf("%s: %w", doing, err) // addresses and times
	}
	return fmt.Errorf("%s: no good answer from Authentication", doing)
}
