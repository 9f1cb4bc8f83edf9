package courses

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// maxWait is how long the service waits itself when a school asks it to come back later. The
	// instance is billed while it waits, and the caller's deadline is near.
	maxWait = 20 * time.Second
	// maxWaits bounds how often it waits for one list.
	maxWaits = 3
	// defaultRetryAfter applies to 429 Too Many Requests without Retry-After.
	defaultRetryAfter = time.Minute
	// maxRetryAfter bounds what a school can ask for: a list is refreshed at least once a day.
	maxRetryAfter = 24 * time.Hour
)

// retryAfter returns how long a response asks the client to wait before its next request (RFC 9110,
// section 10.2.3): a number of seconds, or a date. ok is false if it does not ask.
func retryAfter(res *http.Response, now time.Time) (wait time.Duration, ok bool) {
	if res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusServiceUnavailable {
		return 0, false
	}
	value := strings.TrimSpace(res.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		// Compared as seconds: as a duration, a large number would overflow.
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		// The school's clock may be wrong, but not against itself.
		if date, err := http.ParseTime(res.Header.Get("Date")); err == nil {
			now = date
		}
		return min(max(at.Sub(now), 0), maxRetryAfter), true
	}
	return defaultRetryAfter, res.StatusCode == http.StatusTooManyRequests
}

// unavailableFor is the error for a school that asked not to be asked again for a while: Unavailable,
// with the time as a RetryInfo detail for the caller.
func unavailableFor(wait time.Duration, format string, args ...any) error {
	s, _ := status.FromError(unavailable(format, args...))
	detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
	if err != nil {
		return s.Err() // never: RetryInfo is a valid detail of any error
	}
	return detailed.Err()
}

// RetryDelay returns how long a school asked to be left alone, if err of this service says so.
func RetryDelay(err error) (wait time.Duration, ok bool) {
	s, isStatus := status.FromError(err)
	if !isStatus || s.Code() != codes.Unavailable {
		return 0, false
	}
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok && info.GetRetryDelay() != nil {
			return min(max(info.GetRetryDelay().AsDuration(), 0), maxRetryAfter), true
		}
	}
	return 0, false
}
