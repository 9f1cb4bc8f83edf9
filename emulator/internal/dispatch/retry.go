package dispatch

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Backoff is the wait between attempts. Cloud Tasks and Cloud Scheduler define it identically: it starts at
// Min, doubles Doublings times, then grows linearly up to Max. With 10s, 300s and 3, the waits are 10, 20,
// 40, 80, 160, 240, 300, 300 … seconds.
// https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#retryconfig
type Backoff struct {
	Min, Max  time.Duration
	Doublings int
}

// Wait returns the wait after a number of failed attempts, at least 1.
func (b Backoff) Wait(failed int) time.Duration {
	retry := max(failed-1, 0)
	doublings := min(retry, b.Doublings)
	wait := math.Ldexp(float64(b.Min), doublings) * float64(1+retry-doublings)
	if wait >= float64(b.Max) { // compare floats, which do not overflow
		return b.Max
	}
	return time.Duration(wait)
}

// maxRetryAfter limits Retry-After: no task exists longer anyway.
const maxRetryAfter = 30 * 24 * time.Hour

// retryAfter parses the header Retry-After, seconds or a date. It returns 0 for invalid values.
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
