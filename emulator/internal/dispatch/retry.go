package dispatch

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Backoff determines the time between attempts, as Google describes it for both services:
// the wait starts at Min, doubles Doublings times, then grows by the same amount each time, and stays at Max.
// With 10s, 300s and 3 that is 10, 20, 40, 80, 160, 240, 300, 300 … seconds.
// https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#retryconfig
type Backoff struct {
	Min, Max  time.Duration
	Doublings int
}

// Wait returns the time before the next attempt after a number of failed ones, 1 or more.
func (b Backoff) Wait(failed int) time.Duration {
	retry := max(failed-1, 0)
	doublings := min(retry, b.Doublings)
	wait := math.Ldexp(float64(b.Min), doublings) * float64(1+retry-doublings)
	if wait >= float64(b.Max) { // floats don't overflow
		return b.Max
	}
	return time.Duration(wait)
}

// maxRetryAfter bounds a target's Retry-After. No task lives longer.
const maxRetryAfter = 30 * 24 * time.Hour

// retryAfter parses the header Retry-After: seconds or a date. It returns 0 for anything else.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(now), 0), maxRetryAfter)
	}
	return 0
}
