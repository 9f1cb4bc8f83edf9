package tfvars

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// alert is a policy of Cloud Monitoring; deploy/alerts.tf makes it, and the log-based metric that it may
// need.
type alert struct {
	Title           string    `json:"title"`
	Severity        string    `json:"severity"`
	Documentation   string    `json:"documentation"` // Markdown; a link to docs/alerts.md is added
	RenotifySeconds int       `json:"renotify_seconds"`
	AutoClose       string    `json:"auto_close"`
	Condition       condition `json:"condition"`
}

// condition matches log lines, or is about a metric: one of lines, or one of Google's.
type condition struct {
	Name string `json:"name"`
	// Kind is "line", "absence" or "metric".
	Kind string `json:"kind"`
	// Filter finds the lines of the first two kinds. Labels of a matched line, with the expressions that
	// extract them.
	Filter string            `json:"filter"`
	Labels map[string]string `json:"labels"`
	// Metric and Resource are the types of the metric, log-based or not, and of its resource.
	Metric        string `json:"metric"`
	Resource      string `json:"resource"`
	AtLeast       int    `json:"at_least"`
	WindowSeconds int    `json:"window_seconds"`
}

func alertsOf(d *spec.Deployment) map[string]alert {
	all := map[string]alert{}
	for _, a := range d.Alerts {
		all[a.ID] = alert{
			Title: a.Title, Severity: string(a.Severity),
			Documentation:   a.Means + "\n\n**What to do.** " + a.Do,
			RenotifySeconds: int(a.Renotify / time.Second), AutoClose: seconds(a.AutoClose()),
			Condition: conditionOf(&a),
		}
	}
	return all
}

func conditionOf(a *spec.Alert) condition {
	c := &a.Condition
	out := condition{
		Name: a.ID + ": " + a.Describe(), Kind: string(c.Kind), Labels: c.Labels(), Metric: a.MetricType(), Resource: c.Resource,
		AtLeast: c.AtLeast, WindowSeconds: int(c.Window / time.Second),
	}
	if c.Kind != spec.SumOfMetric {
		out.Filter = c.Filter()
	}
	if c.Kind == spec.LinesAbsent {
		out.Resource = "cloud_run_revision"
	}
	return out
}
