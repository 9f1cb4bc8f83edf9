package dispatch

import "time"

// Attempt is the record of one request.
type Attempt struct {
	Dispatched time.Time // when the request began
	Answered   time.Time // when the response arrived or the request failed; zero while it is running
	Status     int       // HTTP status, 0 without a response
	TimedOut   bool      // there was no response within the deadline
	Text       string    // of a failure: the first bytes of the response, or the error
}

// End records the response.
func (a *Attempt) End(now time.Time, answer Answer) {
	a.Answered, a.Status, a.TimedOut, a.Text = now, answer.Status, answer.TimedOut, answer.Text
}
