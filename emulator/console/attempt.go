package console

import (
	"time"

	"heek.kr/heektime/emulator/internal/dispatch"
)

// attempt is one HTTP request that dispatched a task, a job's run or a trigger's event.
type attempt struct {
	Dispatched time.Time  `json:"dispatched"`
	Answered   *time.Time `json:"answered,omitempty"` // missing while in flight
	Status     int        `json:"status,omitempty"`   // HTTP status; missing if there was no response
	TimedOut   bool       `json:"timedOut,omitempty"`
	Text       string     `json:"text,omitempty"` // the error or the beginning of the response, if it failed
}

func newAttempt(a dispatch.Attempt) attempt {
	return attempt{a.Dispatched, optionalTime(a.Answered), a.Status, a.TimedOut, a.Text}
}

func newAttempts(list []dispatch.Attempt) []attempt {
	out := make([]attempt, len(list))
	for i, a := range list {
		out[i] = newAttempt(a)
	}
	return out
}

// optionalTime returns nil for the zero time, which JSON then omits.
func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
