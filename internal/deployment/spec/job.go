package spec

import (
	"regexp"
	"time"

	"github.com/adhocore/gronx"
)

// Job is a job of Cloud Scheduler.
type Job struct {
	ID      string
	Purpose string
	// Schedule is a cron expression with five fields, in TimeZone.
	Schedule, TimeZone string
	Target             Target
	// AttemptDeadline is how long Cloud Scheduler waits for a response.
	AttemptDeadline time.Duration
	Retry           JobRetry
}

// JobRetry says when a failed run is tried again before its next regular time.
//
// Source: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#RetryConfig
type JobRetry struct {
	// Count of retries; 0 waits for the next regular time.
	Count                  int
	MinBackoff, MaxBackoff time.Duration
	MaxDoublings           int
}

// jobID: up to 500 letters, digits, dashes and underscores.
//
// Source: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#Job
var jobID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,500}$`)

// fiveFields is the unix-cron format: names and numbers, *, ranges, steps and lists.
//
// Source: https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules
var fiveFields = regexp.MustCompile(`^[A-Za-z0-9*,/-]+(?: [A-Za-z0-9*,/-]+){4}$`)

const (
	// Deadlines of a job that calls an HTTP handler.
	//
	// Source: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#Job
	minAttemptDeadline = 15 * time.Second
	maxAttemptDeadline = 30 * time.Minute
	// maxJobRetries is the most retries of a run.
	maxJobRetries = 5
)

func (d *Deployment) checkJobs(f *faults) {
	seen := map[string]bool{}
	for _, j := range d.Jobs {
		f := f.in("job", j.ID)
		if !jobID.MatchString(j.ID) {
			f.addf("an id has up to 500 letters, digits, dashes and underscores")
		}
		f.unique(seen, j.ID)
		if !fiveFields.MatchString(j.Schedule) || !gronx.IsValid(j.Schedule) {
			f.addf("schedule %q is not a cron expression with five fields", j.Schedule)
		}
		if _, err := time.LoadLocation(j.TimeZone); err != nil || j.TimeZone == "" || j.TimeZone == "Local" {
			f.addf("time zone %q is not in the tz database", j.TimeZone)
		}
		if j.AttemptDeadline < minAttemptDeadline || j.AttemptDeadline > maxAttemptDeadline {
			f.addf("attempt deadline %v: Cloud Scheduler allows %v to %v", j.AttemptDeadline, minAttemptDeadline, maxAttemptDeadline)
		}
		checkJobRetry(f, j.Retry)
		d.checkTarget(f, j.Target)
		d.checkDeadline(f, "attempt deadline", j.Target.Service, j.AttemptDeadline)
	}
}

func checkJobRetry(f *faults, r JobRetry) {
	if r.Count < 0 || r.Count > maxJobRetries {
		f.addf("%d retries: Cloud Scheduler allows 0 to %d", r.Count, maxJobRetries)
	}
	if r.Count > 0 && (r.MinBackoff <= 0 || r.MaxBackoff < r.MinBackoff) {
		f.addf("backoff from %v to %v: want more than 0, and the second at least the first", r.MinBackoff, r.MaxBackoff)
	}
	if r.MaxDoublings < 0 {
		f.addf("%d doublings: want 0 or more", r.MaxDoublings)
	}
}
