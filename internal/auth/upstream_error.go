package auth

import (
	"fmt"
	"net/http"

	"firebase.google.com/go/v4/errorutils"
)

// upstreamError wraps an error from Authentication with the operation that failed. The Admin SDK's
// errors quote responses, and a response may quote the password in the request, so only the status of
// a response is kept.
func upstreamError(operation string, err error) error {
	if response := errorutils.HTTPResponse(err); response != nil {
		if response.StatusCode == http.StatusTooManyRequests {
			return fmt.Errorf("%s: Authentication returned 429: quota exceeded", operation)
		}
		return fmt.Errorf("%s: Authentication returned %d", operation, response.StatusCode)
	}
	if errorutils.IsUnavailable(err) || errorutils.IsDeadlineExceeded(err) {
		return fmt.Errorf("%s: %w", operation, err) // contains addresses and durations only
	}
	return fmt.Errorf("%s: Authentication returned no usable response", operation)
}
