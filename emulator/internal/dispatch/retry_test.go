package dispatch

import (
	"math"
	"net/http"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	tests := []struct {
		name    string
		backoff Backoff
		failed  int
		want    time.Duration
	}{
		{"first", Backoff{10 * time.Second, 300 * time.Second, 3}, 1, 10 * time.Second},
		{"last doubling", Backoff{10 * time.Second, 300 * time.Second, 3}, 4, 80 * time.Second},
		{"first linear", Backoff{10 * time.Second, 300 * time.Second, 3}, 5, 160 * time.Second},
		{"second linear", Backoff{10 * time.Second, 300 * time.Second, 3}, 6, 240 * time.Second},
		{"longest", Backoff{10 * time.Second, 300 * time.Second, 3}, 7, 300 * time.Second},
		{"no doublings", Backoff{time.Second, time.Hour, 0}, 5, 5 * time.Second},
		{"after very many", Backoff{100 * time.Millisecond, time.Hour, 16}, math.MaxInt32, time.Hour},
		{"very many doublings", Backoff{time.Hour, math.MaxInt64, math.MaxInt32}, math.MaxInt32, math.MaxInt64},
		{"before any", Backoff{time.Second, time.Hour, 3}, 0, time.Second},
	}
	for _, test := range tests {
		if got := test.backoff.Wait(test.failed); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                     0,
		"0":                    0,
		" 120 ":                2 * time.Minute,
		"-5":                   0,
		"1.5":                  0,
		"soon":                 0,
		"4294967295":           30 * 24 * time.Hour,
		"99999999999999999999": 0,
		now.Add(time.Hour).Format(http.TimeFormat):  time.Hour,
		now.Add(-time.Hour).Format(http.TimeFormat): 0,
		"Fri, 31 Dec 9999 23:59:59 GMT":             30 * 24 * time.Hour,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("Retry-After %q: %v, want %v", value, got, want)
		}
	}
}
