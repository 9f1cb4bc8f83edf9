package opentofu

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

// alertPolicy is google_monitoring_alert_policy.
type alertPolicy struct {
	Title         string `json:"display_name"`
	Severity      string
	Combiner      string
	Labels        map[string]string `json:"user_labels"`
	Documentation []struct{ Content string }
	Conditions    []struct {
		Matched []struct {
			Filter string
			Labels map[string]string `json:"label_extractors"`
		} `json:"condition_matched_log"`
		Threshold []struct {
			Filter, Comparison, Duration string
			Value                        float64 `json:"threshold_value"`
			MissingData                  string  `json:"evaluation_missing_data"`
			Aggregations                 []struct {
				Period string `json:"alignment_period"`
			}
		} `json:"condition_threshold"`
		Absent []any `json:"condition_absent"`
	}
	Strategy []struct {
		AutoClose string                    `json:"auto_close"`
		Prompts   []string                  `json:"notification_prompts"`
		RateLimit []struct{ Period string } `json:"notification_rate_limit"`
		Channels  []struct {
			Renotify string `json:"renotify_interval"`
		} `json:"notification_channel_strategy"`
	} `json:"alert_strategy"`
}

func secondsOf(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }

// Every alert has one policy with one condition. One that matches lines has a limit of notifications, and
// only such a policy has.
func testAlerts(t *testing.T, p *plan, table *spec.Deployment) {
	planned := all[alertPolicy](t, p, "google_monitoring_alert_policy")
	if len(planned) != len(table.Alerts) {
		t.Errorf("%d policies, want %d", len(planned), len(table.Alerts))
	}
	for i := range table.Alerts {
		a := &table.Alerts[i]
		got, ok := planned[a.ID]
		if !ok || len(got.Conditions) != 1 || len(got.Strategy) != 1 {
			t.Errorf("alert %s has %d conditions, want one", a.ID, len(got.Conditions))
			continue
		}
		if got.Title != a.Title || got.Severity != string(a.Severity) || got.Combiner != "OR" || got.Labels["alert"] != a.ID ||
			!strings.HasSuffix(got.Documentation[0].Content, "docs/alerts.md#"+a.ID) {
			t.Errorf("alert %s: %+v", a.ID, got)
		}
		if s := got.Strategy[0]; s.AutoClose != secondsOf(a.AutoClose()) {
			t.Errorf("alert %s closes after %s, want %v", a.ID, s.AutoClose, a.AutoClose())
		}
		if a.Condition.Kind == spec.LineMatched {
			testLinePolicy(t, a, got)
		} else {
			testMetricPolicy(t, a, got)
		}
	}
}

// The API rejects a policy about lines that has no rate limit, or notifies when it closes.
//
// Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#AlertStrategy
func testLinePolicy(t *testing.T, a *spec.Alert, got alertPolicy) {
	c, s := got.Conditions[0], got.Strategy[0]
	if len(c.Matched) != 1 || len(c.Threshold)+len(c.Absent) != 0 {
		t.Fatalf("alert %s does not match lines alone: %+v", a.ID, c)
	}
	if c.Matched[0].Filter != a.Condition.Filter() || !maps.Equal(c.Matched[0].Labels, a.Condition.Labels()) {
		t.Errorf("alert %s matches %s with the labels %v", a.ID, c.Matched[0].Filter, c.Matched[0].Labels)
	}
	if len(s.RateLimit) != 1 || s.RateLimit[0].Period != secondsOf(a.Renotify) || len(s.Channels) != 0 || !slices.Equal(s.Prompts, []string{"OPENED"}) {
		t.Errorf("alert %s notifies as %+v", a.ID, s)
	}
}

func testMetricPolicy(t *testing.T, a *spec.Alert, got alertPolicy) {
	c, s := got.Conditions[0], got.Strategy[0]
	if len(c.Threshold) != 1 || len(c.Matched)+len(c.Absent) != 0 {
		t.Fatalf("alert %s has no threshold: %+v", a.ID, c)
	}
	th := c.Threshold[0]
	want := []any{"COMPARISON_GT", float64(a.Condition.AtLeast - 1), "", "0s"}
	if a.Condition.Kind == spec.LinesAbsent {
		want = []any{"COMPARISON_LT", float64(1), "EVALUATION_MISSING_DATA_ACTIVE", "60s"} // at least 60 s with this setting
	}
	if have := []any{th.Comparison, th.Value, th.MissingData, th.Duration}; !slices.Equal(have, want) {
		t.Errorf("alert %s: %v, want %v", a.ID, have, want)
	}
	if !strings.Contains(th.Filter, `metric.type="`+a.MetricType()+`" AND resource.type="`) || th.Aggregations[0].Period != secondsOf(a.Condition.Window) {
		t.Errorf("alert %s: filter %s over %v", a.ID, th.Filter, th.Aggregations)
	}
	if len(s.RateLimit) != 0 || !slices.Equal(s.Prompts, []string{"OPENED", "CLOSED"}) || (len(s.Channels) == 1) != (a.Renotify > 0) {
		t.Errorf("alert %s notifies as %+v", a.ID, s)
	}
}

// By default, no policy has a price, and no metric is made for one.
func TestAlertsAreFreeByDefault(t *testing.T) {
	p, table := newWorkspace(t).plan(t, "-var=project="+project), deployment.Table()
	policies := all[alertPolicy](t, p, "google_monitoring_alert_policy")
	for _, a := range table.Alerts {
		if _, ok := policies[a.ID]; ok != a.Condition.IsFree() {
			t.Errorf("alert %s: it is free: %v, and has a policy: %v", a.ID, a.Condition.IsFree(), ok)
		}
	}
	for _, r := range p.Planned.Root.Resources {
		if r.Type == "google_logging_metric" {
			t.Errorf("a metric: %s", r.Address)
		}
	}
}
