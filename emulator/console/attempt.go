package console

import (
	"time"

	"heek.kr/heektime/emulator/internal/dispatch"
)

// attempt is a request for a task, of a run of a schedule, or with an event of a trigger.
type attempt struct {
	Dispatched time.Time  `json:"dispatched"`
	Answered   *time.Time `json:"answered,omitempty"` // missing while under way
	Status     int        `json:"status,omitempty"`   // of HTTP; missing when no answer came
	TimedOut   bool       `json:"timedOut,omitempty"`
	Text       string     `json:"text,omitempty"` // of a failure
}

func newAttempt(a dispatch.Attempt) attempt {
	return attempt{a.Dispatched, known(a.Answered), a.Status, a.TimedOut, a.Text}
}

func newAttempts(list []dispatch.Attempt) []attempt {
	out := make([]attempt, len(list))
	for i, a := range list {
		out[i] = newAttempt(a)
	}
	return out
}

// known is a time for JSON, nil when it is zero.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
