package dispatch

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Backoff says how long to wait between attempts. Google describes it the same way for both services:
// the wait starts at Min, doubles Doublings times, then grows by the same amount each time, and stays at Max.
// With 10s, 300s and 3 that is 10, 20, 40, 80, 160, 240, 300, 300 … seconds.
// https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#retryconfig
type Backoff struct {
	Min, Max  time.Duration
	Doublings int
}

// Wait is the time before the next attempt after failed ones, 1 or more of them.
func (b Backoff) Wait(failed int) time.Duration {
	retry := max(failed-1, 0)
	doublings := min(retry, b.Doublings)
	wait := math.Ldexp(float64(b.Min), doublings) * float64(1+retry-doublings)
	if wait >= float64(b.Max) { // compared as floats, which don't overflow
		return b.Max
	}
	return time.Duration(wait)
}

// maxRetryAfter bounds what a target may ask for: a task lives no longer anyway.
const maxRetryAfter = 30 * 24 * time.Hour

// retryAfter reads the header Retry-After: seconds or a date. What can't be read asks for nothing.
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
