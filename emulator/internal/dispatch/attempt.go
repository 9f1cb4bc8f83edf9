package dispatch

import "time"

// Attempt is one request, as it is kept to be shown.
type Attempt struct {
	Dispatched time.Time // when the request was begun
	Answered   time.Time // when the answer, or the failure to get one, was there; zero while under way
	Status     int       // HTTP status, 0 when no answer came
	TimedOut   bool      // there was no answer within the deadline
	Text       string    // of a failure: the first bytes of the answer, or why none came
}

// End notes the answer.
func (a *Attempt) End(now time.Time, answer Answer) {
	a.Answered, a.Status, a.TimedOut, a.Text = now, answer.Status, answer.TimedOut, answer.Text
}
