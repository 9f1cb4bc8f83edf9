package dispatch

import "time"

// Attempt records one request for inspection.
type Attempt struct {
	Dispatched time.Time // when the request started
	Answered   time.Time // when the response or failure arrived; zero while in flight
	Status     int       // HTTP status; 0 without a response
	TimedOut   bool      // there was no response within the deadline
	Text       string    // if it failed: the beginning of the response, or the error
}

// End records the response.
func (a *Attempt) End(now time.Time, answer Answer) {
	a.Answered, a.Status, a.TimedOut, a.Text = now, answer.Status, answer.TimedOut, answer.Text
}
