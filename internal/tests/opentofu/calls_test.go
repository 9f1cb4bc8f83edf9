package opentofu

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/deployment/spec"
)

type job struct {
	Region, Schedule string
	TimeZone         string `json:"time_zone"`
	AttemptDeadline  string `json:"attempt_deadline"`
	HTTPTarget       []struct {
		Method    string `json:"http_method"`
		URI       string
		OIDCToken []struct {
			Account  string `json:"service_account_email"`
			Audience string
		} `json:"oidc_token"`
	} `json:"http_target"`
	Retry []struct {
		Count        int    `json:"retry_count"`
		MinBackoff   string `json:"min_backoff_duration"`
		MaxBackoff   string `json:"max_backoff_duration"`
		MaxDoublings int    `json:"max_doublings"`
	} `json:"retry_config"`
}

func testJobs(t *testing.T, p *plan, table *spec.Deployment) {
	planned := all[job](t, p, "google_cloud_scheduler_job")
	if len(planned) != len(table.Jobs) {
		t.Errorf("%d jobs, want %d", len(planned), len(table.Jobs))
	}
	for _, want := range table.Jobs {
		got := planned[want.ID]
		if len(got.HTTPTarget) == 0 {
			t.Errorf("job %s is missing", want.ID)
			continue
		}
		target, retry, url := got.HTTPTarget[0], got.Retry[0], table.RunURL(want.Target.Service, projectNumber)
		for what, pair := range map[string][2]any{
			"schedule": {got.Schedule, want.Schedule},
			"zone":     {got.TimeZone, want.TimeZone},
			"region":   {got.Region, table.Region},
			"deadline": {got.AttemptDeadline, fmt.Sprintf("%ds", int(want.AttemptDeadline.Seconds()))},
			"method":   {target.Method, "POST"},
			"URI":      {target.URI, url + want.Target.Path},
			"audience": {target.OIDCToken[0].Audience, url},
			"account":  {target.OIDCToken[0].Account, spec.Email(project, want.Target.Account)},
			"retries":  {retry.Count, want.Retry.Count},
		} {
			if pair[0] != pair[1] {
				t.Errorf("job %s: %s %v, want %v", want.ID, what, pair[0], pair[1])
			}
		}
		if want.Retry.Count > 0 && retry.MinBackoff != fmt.Sprintf("%ds", int(want.Retry.MinBackoff.Seconds())) {
			t.Errorf("job %s: backoff from %s, want %v", want.ID, retry.MinBackoff, want.Retry.MinBackoff)
		}
	}
}

func testQueues(t *testing.T, p *plan, table *spec.Deployment) {
	planned := all[struct {
		Name, Location string
		Limits         []struct {
			PerSecond  float64 `json:"max_dispatches_per_second"`
			Concurrent int     `json:"max_concurrent_dispatches"`
		} `json:"rate_limits"`
		Retry []struct {
			MaxAttempts  int    `json:"max_attempts"`
			MinBackoff   string `json:"min_backoff"`
			MaxBackoff   string `json:"max_backoff"`
			MaxDoublings int    `json:"max_doublings"`
			MaxDuration  string `json:"max_retry_duration"`
		} `json:"retry_config"`
	}](t, p, "google_cloud_tasks_queue")
	for _, want := range table.Queues {
		got := planned[want.ID]
		if len(got.Retry) == 0 || len(got.Limits) == 0 {
			t.Errorf("queue %s is missing", want.ID)
			continue
		}
		retry := fmt.Sprintf("%v %v %s %s", got.Limits[0], got.Retry[0], got.Location, got.Name)
		if want := fmt.Sprintf("{%v %d} {%d %ds %ds %d } %s %s", want.MaxDispatchesPerSecond, want.MaxConcurrentDispatches,
			want.Retry.MaxAttempts, int(want.Retry.MinBackoff.Seconds()), int(want.Retry.MaxBackoff.Seconds()), want.Retry.MaxDoublings,
			table.Region, want.ID); retry != want {
			t.Errorf("queue: limits, retries, region and name %s, want %s", retry, want)
		}
	}
}

func testTriggers(t *testing.T, p *plan, table *spec.Deployment) {
	planned := all[struct {
		Location    string
		Account     string `json:"service_account"`
		ContentType string `json:"event_data_content_type"`
		Criteria    []struct {
			Attribute, Operator, Value string
		} `json:"matching_criteria"`
		Destination []struct {
			Service []struct{ Service, Region, Path string } `json:"cloud_run_service"`
		}
	}](t, p, "google_eventarc_trigger")
	if len(planned) != len(table.Triggers) {
		t.Errorf("%d triggers, want %d", len(planned), len(table.Triggers))
	}
	paths := map[string]bool{}
	for _, want := range table.Triggers {
		got := planned[want.ID]
		var criteria []string
		for _, c := range got.Criteria {
			criteria = append(criteria, strings.Join(strings.Fields(c.Attribute+" "+c.Operator+" "+c.Value), " "))
		}
		slices.Sort(criteria)
		if want := []string{"database " + want.Database, "document match-path-pattern " + want.Document, "type " + want.Event}; !slices.Equal(criteria, want) {
			t.Errorf("criteria %q, want %q", criteria, want)
		}
		if got.ContentType != "application/protobuf" || got.Location != table.Region || got.Account != spec.Email(project, want.Target.Account) {
			t.Errorf("trigger %s: %+v", want.ID, got)
		}
		target := got.Destination[0].Service[0]
		if target.Service != want.Target.Service || target.Region != table.Region || target.Path != want.Target.Path || paths[target.Path] {
			t.Errorf("trigger %s calls %+v, want %+v, on a path of its own", want.ID, target, want.Target)
		}
		paths[target.Path] = true
	}
}
