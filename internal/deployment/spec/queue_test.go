package spec

import (
	"testing"
	"time"
)

// The example of Google's reference: retried after 10, 20, 40, 80, 160, 240, 300 and 300 seconds.
// https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#RetryConfig
func TestSpanOfTaskRetries(t *testing.T) {
	r := TaskRetry{MinBackoff: 10 * time.Second, MaxBackoff: 300 * time.Second, MaxDoublings: 3}
	for attempts, want := range map[int]time.Duration{1: 0, 2: 10, 3: 30, 4: 70, 5: 150, 6: 310, 7: 550, 8: 850, 9: 1150} {
		r.MaxAttempts = attempts
		if got := r.Span(); got != want*time.Second {
			t.Errorf("Span() of %d attempts = %v, want %v", attempts, got, want*time.Second)
		}
	}
}
