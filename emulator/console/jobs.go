package console

import (
	"net/http"
	"time"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"

	"heek.kr/heektime/emulator/scheduler"
)

// job is a job of Cloud Scheduler.
type job struct {
	Name     string     `json:"name"`
	State    string     `json:"state"` // ENABLED, PAUSED, …
	Schedule string     `json:"schedule"`
	Zone     string     `json:"zone"` // time zone
	Method   string     `json:"method"`
	URL      string     `json:"url"`
	Account  string     `json:"account,omitempty"`
	Next     *time.Time `json:"next,omitempty"` // missing while paused
	Last     *time.Time `json:"last,omitempty"` // the last attempt
	Runs     []run      `json:"runs"`           // the last 50, newest first
}

// run is one execution of a job.
type run struct {
	Slot     time.Time  `json:"slot"` // the scheduled time
	Forced   bool       `json:"forced,omitempty"`
	Attempts []attempt  `json:"attempts"`
	Next     *time.Time `json:"next,omitempty"` // the next retry
	Ended    *time.Time `json:"ended,omitempty"`
}

func newJob(i scheduler.JobInfo) job {
	target := i.Job.GetHttpTarget()
	j := job{
		Name: i.Job.Name, State: i.Job.State.String(), Schedule: i.Job.Schedule, Zone: i.Job.TimeZone, Method: target.GetHttpMethod().String(),
		URL: target.GetUri(), Account: target.GetOidcToken().GetServiceAccountEmail(), Next: optionalTimestamp(i.Job.ScheduleTime),
		Last: optionalTimestamp(i.Job.LastAttemptTime), Runs: []run{},
	}
	for _, r := range i.Runs {
		j.Runs = append(j.Runs, run{r.Slot, r.Forced, newAttempts(r.Attempts), optionalTime(r.Next), optionalTime(r.Ended)})
	}
	return j
}

// jobs lists the jobs of Cloud Scheduler.
func (c *Console) jobs(*http.Request) (any, error) {
	out := []job{}
	for _, i := range c.Scheduler.Jobs() {
		out = append(out, newJob(i))
	}
	return map[string]any{"jobs": out}, nil
}

// changeJob runs, pauses or resumes a job.
func (c *Console) changeJob(r *http.Request) (any, error) {
	name, err := parameter(r, "name")
	if err != nil {
		return nil, err
	}
	switch action := r.URL.Query().Get("action"); action {
	case "run":
		_, err = c.Scheduler.RunJob(r.Context(), &schedulerpb.RunJobRequest{Name: name})
	case "pause":
		_, err = c.Scheduler.PauseJob(r.Context(), &schedulerpb.PauseJobRequest{Name: name})
	case "resume":
		_, err = c.Scheduler.ResumeJob(r.Context(), &schedulerpb.ResumeJobRequest{Name: name})
	default:
		err = unknownAction(action)
	}
	return struct{}{}, err
}
