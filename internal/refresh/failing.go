package refresh

import (
	"context"
	"time"

	"heek.kr/heektime/internal/logline"
	"heek.kr/heektime/internal/schema"
)

// A list keeps failing when, for an hour or longer, several runs in a row have published nothing. How
// many depends on how failures are repeated. Cloud Tasks retries a school that is down after 30 s, 1, 2, 4
// and 8 minutes, then every 10 minutes: the twelfth run is more than an hour after the first. A list
// that is damaged or suspicious is not retried before its next slot, which for the rarest schedules is
// the next day.
const (
	failingFor   = time.Hour
	failingRuns  = 12
	failingSlots = 2
	// failingAgain is how long after the line the next one follows, if the list still fails. It is less
	// than a day because two runs of a daily schedule are not exactly a day apart.
	failingAgain = 23 * time.Hour
)

// count counts a run in a series of failures, or ends the series. It reports whether the service must log
// that the list keeps failing; f records that, so that other instances do not.
func count(f *schema.Failing, run *Run) (keepsFailing bool) {
	if run.Outcome != Failed && run.Outcome != Suspicious {
		*f = schema.Failing{}
		return false
	}
	if f.Runs == 0 {
		f.Since = run.Started
	}
	f.Runs++
	if !run.Retry {
		f.Slots++
	}
	switch {
	case run.Ended.Sub(f.Since) < failingFor, f.Runs < failingRuns && f.Slots < failingSlots:
		return false
	case run.Ended.Sub(f.Reported) < failingAgain:
		return false
	}
	f.Reported = run.Ended
	return true
}

// logFailing logs that the list keeps failing if the transaction has recorded that. If the process dies
// in between, the next line comes after failingAgain.
func (s *Service) logFailing(ctx context.Context, t target, st *state, run *Run) {
	if !st.keepsFailing {
		return
	}
	f := st.record.Failing
	s.log.ErrorContext(ctx, logline.RefreshKeepsFailing, logline.FieldSchool, t.school.ID, logline.FieldSemester, string(t.semester.ID),
		"runs", f.Runs, "since", f.Since, "reason", run.Reason)
}
