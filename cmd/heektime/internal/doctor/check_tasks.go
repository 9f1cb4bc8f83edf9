package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/cloudscheduler/v1"

	"heek.kr/heektime/internal/deployment/spec"
)

// differences lists settings that differ as "NAME is GOT; the table says WANT".
type differences []string

func (d *differences) compare(what string, got, want any) {
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		*d = append(*d, fmt.Sprintf("%s is %s, the table says %s", what, g, w))
	}
}

// duration reads a duration of an API, such as 3.5s; an unset one is 0.
func duration(text string) time.Duration {
	d, _ := time.ParseDuration(text)
	return d
}

func checkQueueSettings(e *examination) {
	for _, want := range e.Table.Queues {
		got := e.State.Queues[want.ID]
		if got == nil {
			e.errorf("queue "+want.ID, "does not exist").because("it holds "+want.Purpose, "%s", e.apply())
			continue
		}
		var d differences
		if l := got.RateLimits; l != nil {
			d.compare("the rate", l.MaxDispatchesPerSecond, want.MaxDispatchesPerSecond)
			d.compare("the concurrency", l.MaxConcurrentDispatches, want.MaxConcurrentDispatches)
		}
		if r := got.RetryConfig; r != nil {
			d.compare("the number of attempts", r.MaxAttempts, want.Retry.MaxAttempts)
			d.compare("the least backoff", duration(r.MinBackoff), want.Retry.MinBackoff)
			d.compare("the longest backoff", duration(r.MaxBackoff), want.Retry.MaxBackoff)
			d.compare("the number of doublings", r.MaxDoublings, want.Retry.MaxDoublings)
			d.compare("the limit on the time of retries", duration(r.MaxRetryDuration), time.Duration(0))
		}
		if len(d) > 0 {
			e.errorf("queue "+want.ID, "%s", strings.Join(d, "; ")).because("a list is given up too early, or a school is called too often", "%s", e.apply())
		}
	}
}

func checkQueueRunning(e *examination) {
	for _, want := range e.Table.Queues {
		if got := e.State.Queues[want.ID]; got != nil && got.State != "RUNNING" && got.State != "" {
			e.errorf("queue "+want.ID, "is %s", got.State).because("tasks wait and nothing is refreshed", "%s",
				e.operate("gcloud tasks queues resume "+want.ID, tasksAPI, "v2", e.Table.QueueName(e.Options.Project, want.ID), "resume"))
		}
	}
}

// eachJob calls check for every job of the table that exists.
func (e *examination) eachJob(check func(want *spec.Job, got *cloudscheduler.Job)) {
	for i := range e.Table.Jobs {
		want := &e.Table.Jobs[i]
		if got := e.State.Jobs[want.ID]; got != nil {
			check(want, got)
		}
	}
}

func checkJobSettings(e *examination) {
	for _, want := range e.Table.Jobs {
		if e.State.Jobs[want.ID] == nil {
			e.errorf("job "+want.ID, "does not exist").because("nothing "+want.Purpose, "%s", e.apply())
		}
	}
	e.eachJob(func(want *spec.Job, got *cloudscheduler.Job) {
		var d differences
		url := serviceURL(e.Options, e.State, want.Target.Service)
		d.compare("the schedule", got.Schedule, want.Schedule)
		d.compare("the time zone", got.TimeZone, want.TimeZone)
		d.compare("the deadline of an attempt", duration(got.AttemptDeadline), want.AttemptDeadline)
		target := got.HttpTarget
		if target == nil {
			target = &cloudscheduler.HttpTarget{}
		}
		token := target.OidcToken
		if token == nil {
			token = &cloudscheduler.OidcToken{}
		}
		d.compare("the URL", target.Uri, url+want.Target.Path)
		d.compare("the method", target.HttpMethod, "POST")
		d.compare("the tokens' account", token.ServiceAccountEmail, spec.Email(e.Options.Project, want.Target.Account))
		d.compare("the tokens' audience", token.Audience, url)
		retry := got.RetryConfig
		if retry == nil {
			retry = &cloudscheduler.RetryConfig{}
		}
		d.compare("the number of retries", retry.RetryCount, want.Retry.Count)
		if want.Retry.Count > 0 {
			d.compare("the least backoff", duration(retry.MinBackoffDuration), want.Retry.MinBackoff)
			d.compare("the longest backoff", duration(retry.MaxBackoffDuration), want.Retry.MaxBackoff)
			d.compare("the number of doublings", retry.MaxDoublings, want.Retry.MaxDoublings)
		}
		if len(d) > 0 {
			e.errorf("job "+want.ID, "%s", strings.Join(d, "; ")).because("it runs at another time, or the service rejects it", "%s", e.apply())
		}
	})
	for _, id := range slices.Sorted(maps.Keys(e.State.Jobs)) {
		if _, known := e.Table.Job(id); !known {
			e.warnf("job "+id, "is not in the table").because("each job beyond three is billed, and nothing says what this one does",
				"gcloud scheduler jobs delete %s --location=%s --project=%s", id, e.Table.Region, e.Options.Project)
		}
	}
}

func checkJobEnabled(e *examination) {
	e.eachJob(func(want *spec.Job, got *cloudscheduler.Job) {
		if got.State != "ENABLED" && got.State != "" {
			e.errorf("job "+want.ID, "is %s", got.State).because("nothing "+want.Purpose, "%s",
				e.operate("gcloud scheduler jobs resume "+want.ID, schedulerAPI, "v1", e.Table.JobName(e.Options.Project, want.ID), "resume"))
		}
	})
}

func checkJobSuccess(e *examination) {
	e.eachJob(func(want *spec.Job, got *cloudscheduler.Job) {
		again := e.operate("gcloud scheduler jobs run "+want.ID, schedulerAPI, "v1", e.Table.JobName(e.Options.Project, want.ID), "run")
		switch {
		case got.Status != nil && got.Status.Code != 0:
			e.errorf("job "+want.ID, "its last run failed with code %d %s", got.Status.Code, firstLine(got.Status.Message)).because(
				"nothing "+want.Purpose+" until it succeeds", "%s", again)
		case got.LastAttemptTime == "" && !e.Local:
			e.warnf("job "+want.ID, "has never run").because("nothing has shown yet that it can", "%s", again)
		}
	})
}
